"""The practice Kaggle, as Kaggle's unmodified official client and bare HTTP see it."""

import csv
import io
import os
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from competition.errors import PodiumError
from competition.practice import PracticeKaggle
from competition.practice.serving.state import State, Upload

Start = Callable[..., Any]
SERVICE = "competitions.CompetitionApiService"


@pytest.fixture
def practice(shared_practice: Any) -> Any:
    return shared_practice


def post(practice: Any, method: str, **fields: Any) -> requests.Response:
    fields = {"competitionName": "optical-digits"} | fields
    return requests.post(
        f"{practice.url}/api/v1/{SERVICE}/{method}",
        json=fields,
        auth=(practice.username, practice.key),
        allow_redirects=False,
        timeout=10,
    )


def test_official_client_lists_competitions_and_files(practice: Any, cli_of) -> None:
    kaggle = cli_of(practice)
    assert "optical-digits" in kaggle("competitions", "list", "-v").stdout
    listed = csv.DictReader(
        io.StringIO(kaggle("competitions", "files", "optical-digits", "-v").stdout)
    )
    sizes = {row["name"]: int(row["size"]) for row in listed}
    public = practice.spec_path.parent / "public"
    assert sizes == {
        name: (public / name).stat().st_size
        for name in ("sample_submission.csv", "test.csv", "train.csv")
    }


def test_official_client_downloads_the_zip_and_one_file(
    practice: Any, cli_of, tmp_path: Path
) -> None:
    kaggle, public = cli_of(practice), practice.spec_path.parent / "public"
    assert kaggle("competitions", "download", "optical-digits", "-p", tmp_path).returncode == 0
    with zipfile.ZipFile(tmp_path / "optical-digits.zip") as archive:
        assert archive.testzip() is None
        assert archive.read("train.csv") == (public / "train.csv").read_bytes()
        assert len(archive.namelist()) == 3
    one = kaggle("competitions", "download", "optical-digits", "-f", "test.csv", "-p", tmp_path)
    assert one.returncode == 0
    assert (tmp_path / "test.csv").read_bytes() == (public / "test.csv").read_bytes()


@pytest.mark.long
def test_official_client_submits_and_sees_score_and_leaderboard(
    start: Start, cli_of, submission_file: Path, tmp_path: Path
) -> None:
    practice = start(delay=12.0)  # longer than a slow machine takes to start the client
    kaggle = cli_of(practice)
    sent = kaggle(
        "competitions", "submit", "optical-digits", "-f", submission_file, "-m", "all zeros"
    )
    assert "Successfully submitted" in sent.stdout
    assert "4 submissions remaining" in sent.stdout
    assert "PENDING" in kaggle("competitions", "submissions", "optical-digits", "-v").stdout
    deadline = time.monotonic() + 30
    while listed(practice)[0]["status"] == "PENDING" and time.monotonic() < deadline:
        time.sleep(0.2)
    shown = kaggle("competitions", "submissions", "optical-digits", "-v").stdout
    assert "COMPLETE" in shown
    row = next(csv.DictReader(io.StringIO(shown)))
    assert row["description"] == "all zeros"
    assert float(row["publicScore"]) == pytest.approx(0.08667)
    assert float(row["privateScore"]) == pytest.approx(0.10245)
    board = kaggle("competitions", "leaderboard", "optical-digits", "-s", "-v").stdout
    rows = list(csv.DictReader(io.StringIO(board)))
    # The sample file is the same as what was sent, and was there before.
    assert [each["teamName"] for each in rows] == [
        "nearest class mean",
        "most frequent class",
        "the sample",
        "you",
    ]
    kaggle("competitions", "leaderboard", "optical-digits", "-d", "-p", tmp_path / "board")
    with zipfile.ZipFile(tmp_path / "board" / "optical-digits.zip") as archive:
        text = archive.read(archive.namelist()[0]).decode()
    assert [line.split(",")[2] for line in text.splitlines()[1:]] == [
        each["teamName"] for each in rows
    ]


def test_official_client_submits_a_zip_of_one_csv(
    start: Start, cli_of, submission_file: Path, tmp_path: Path
) -> None:
    practice = start(delay=0)
    packed = tmp_path / "submission.csv.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(submission_file, "submission.csv")
    sent = cli_of(practice)("competitions", "submit", "optical-digits", "-f", packed, "-m", "zip")
    assert "Successfully submitted" in sent.stdout
    (item,) = listed(practice)
    assert (item["fileName"], item["totalBytes"]) == (packed.name, packed.stat().st_size)
    assert (item["status"], item["publicScore"]) == ("COMPLETE", "0.08667")


def test_official_client_may_use_the_key_as_a_token(practice: Any, cli_of) -> None:
    kaggle = cli_of(practice)
    changes = {"KAGGLE_API_TOKEN": practice.key, "KAGGLE_KEY": "", "KAGGLE_USERNAME": ""}
    shown = kaggle("competitions", "submissions", "optical-digits", **changes)
    assert (shown.returncode, "No submissions" in shown.stdout) == (0, True)


def test_storage_resumes_by_range_and_tells_versions_apart(practice: Any) -> None:
    address = post(practice, "DownloadDataFiles").headers["Location"]
    whole = requests.get(address, timeout=10)
    assert "Last-Modified" in whole.headers
    ranged = {"Range": "bytes=1000-", "If-Range": whole.headers["ETag"]}
    part = requests.get(address, headers=ranged, timeout=10)
    assert (part.status_code, part.content) == (206, whole.content[1000:])
    ranged["If-Range"] = '"another version"'
    assert requests.get(address, headers=ranged, timeout=10).content == whole.content


def test_hidden_labels_are_never_served(practice: Any) -> None:
    folder = practice.spec_path.parent
    hidden = [row["label"] for row in csv.DictReader((folder / "hidden.csv").open())]
    assert len(set(hidden)) == 10
    address = post(practice, "DownloadDataFile", fileName="test.csv").headers["Location"]
    assert requests.get(address, timeout=10).text.startswith("pixel0,")
    sample = (folder / "public" / "sample_submission.csv").read_text().split()
    assert {line.split(",")[1] for line in sample} == {"Label", "0"}
    for name in ("hidden.csv", "../hidden.csv", "practice.db", "credentials.json"):
        assert post(practice, "DownloadDataFile", fileName=name).status_code == 404
        for path in (name, name.replace("/", "%2f")):
            stolen = address.replace("test.csv", path)
            assert requests.get(stolen, timeout=10).status_code in (403, 404)


@pytest.mark.parametrize(
    ("method", "fields", "status"),
    [
        ("ListDataFiles", {"competitionName": "digit-recognizer"}, 403),
        ("ListDataFiles", {"competitionName": "no-such-competition"}, 404),
        ("DownloadDataFile", {"fileName": "none.csv"}, 404),
        ("CreateSubmission", {"blobFileTokens": "none"}, 400),
        ("StartSubmissionUpload", {"fileName": "../x", "contentLength": 3}, 400),
        ("StartSubmissionUpload", {"fileName": "x", "contentLength": "3"}, 400),
        ("LaunchCompetition", {}, 501),
    ],
)
def test_refusals_come_in_kaggles_envelope(
    practice: Any, method: str, fields: dict[str, Any], status: int
) -> None:
    reply = post(practice, method, **fields)
    assert reply.status_code == status
    error = reply.json()["error"]
    assert error["code"] == status
    assert error["message"]
    assert error["status"].isupper()


def test_wrong_credentials_and_signatures_are_refused(practice: Any) -> None:
    address = f"{practice.url}/api/v1/{SERVICE}/ListSubmissions"
    for auth in (None, ("you", "wrong"), ("other", practice.key)):
        assert requests.post(address, json={}, auth=auth, timeout=10).status_code == 401
    for header in ("Bearer wrong", "Basic !!", "Nothing"):
        headers = {"Authorization": header}
        assert requests.post(address, headers=headers, timeout=10).status_code == 401
    storage = f"{practice.url}/storage/optical-digits.zip"
    assert requests.get(f"{storage}?X-Goog-Signature=0", timeout=10).status_code == 403
    assert (
        requests.post(address, data="{", auth=("you", practice.key), timeout=10).status_code == 400
    )


def test_rules_can_be_not_accepted(start: Start) -> None:
    reply = post(start(rules_accepted=False), "ListDataFiles")
    assert (reply.status_code, "rules" in reply.json()["error"]["message"]) == (403, True)


def submit(practice: Any, content: bytes, description: str = "") -> requests.Response:
    begun = post(
        practice, "StartSubmissionUpload", fileName="s.csv", contentLength=len(content)
    ).json()
    assert requests.put(begun["createUrl"], data=content, timeout=10).status_code == 200
    return post(
        practice,
        "CreateSubmission",
        blobFileTokens=begun["token"],
        submissionDescription=description,
    )


def listed(practice: Any) -> list[dict[str, Any]]:
    submissions: list[dict[str, Any]] = post(practice, "ListSubmissions").json()["submissions"]
    return submissions


def zipped(**files: str) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue().decode("latin-1")


def test_a_malformed_file_ends_in_error_with_a_reason(start: Start, submission_file: Path) -> None:
    text = submission_file.read_bytes().decode()
    malformed = {
        "header": text.replace("ImageId", "Id"),
        "rows": text.rsplit("\r\n", 2)[0] + "\r\n",
        "line 9": text.replace("\r\n7,0", "\r\n8,0"),
        "'600'": text.replace("\r\n7,0", "\r\n600,0"),
        "'ten'": text.replace("\r\n7,0", "\r\n7,ten"),
        "line 8": text.replace("\r\n7,0", "\r\n7"),
        "Evaluation Exception": "",
        "one CSV file": "PK\x03\x04",
        "and nothing else": zipped(a="", b=""),
    }
    practice = start(delay=0)
    for reason, content in malformed.items():
        assert submit(practice, content.encode("latin-1")).status_code == 200
        item = listed(practice)[0]
        assert item["status"] == "ERROR"
        assert reason in item["errorDescription"]
    assert post(practice, "GetSubmissionLimits").json()["numToday"] == 0


def test_the_allowance_is_said_and_kept(start: Start, submission_file: Path) -> None:
    practice, content = start(daily=2), submission_file.read_bytes()
    submit(practice, b"not a submission")
    assert [submit(practice, content).status_code for _ in range(3)] == [200, 200, 400]
    refused = submit(practice, content).json()["error"]["message"]
    assert "daily Submission allowance (2)" in refused
    assert post(practice, "GetSubmissionLimits").json() == {
        "numToday": 2,
        "numTotal": 2,
        "numAllowedNow": 0,
    }
    assert len(listed(practice)) == 3


def test_yesterdays_submissions_leave_today_free(practice_folder: Path, start: Start) -> None:
    import sqlite3

    State(practice_folder).submit(Upload("a", "b", "s.csv", 1), "", (0.5, 0.5), 0)
    with sqlite3.connect(practice_folder / "practice.db") as database:
        database.execute("UPDATE submissions SET created = created - 86400")
    limits = post(start(), "GetSubmissionLimits").json()
    assert limits == {"numToday": 0, "numTotal": 1, "numAllowedNow": 5}


def test_submissions_come_in_pages(practice_folder: Path, start: Start) -> None:
    state = State(practice_folder)
    for number in range(45):
        state.submit(Upload("a", "b", "s.csv", 1), str(number), (0.5, 0.5), 0)
    practice, token, seen = start(), "", []
    while True:
        reply = post(practice, "ListSubmissions", pageToken=token).json()
        seen += [int(each["description"]) for each in reply["submissions"]]
        token = reply.get("nextPageToken", "")
        if not token:
            break
    assert seen == list(range(44, -1, -1))
    second = post(practice, "ListSubmissions", page=2, pageSize=10).json()["submissions"]
    assert [int(each["description"]) for each in second] == list(range(34, 24, -1))


def test_state_key_and_pending_scores_survive_a_restart(
    start: Start, submission_file: Path
) -> None:
    first = start(delay=0.4)
    assert submit(first, submission_file.read_bytes(), "kept").json()["ref"] == 1
    first.stop()
    again = start(delay=0.4)
    assert again.key == first.key
    time.sleep(0.4)
    item = listed(again)[0]
    assert (item["description"], item["status"]) == ("kept", "COMPLETE")
    made = datetime.fromisoformat(item["date"])
    assert abs((datetime.now(UTC) - made).total_seconds()) < 60


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
def test_a_persons_kaggle_is_not_handed_to_the_child_process(
    practice_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_KEY", "KAGGLE_USERNAME", "KAGGLE_ENDPOINT"):
        monkeypatch.setenv(name, "http://of-a-person")
    with PracticeKaggle(practice_folder) as practice:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        inherited = b"".join(Path(f"/proc/{each}/environ").read_bytes() for each in children)
        assert b"PYTHONPATH=" in inherited
        assert b"of-a-person" not in inherited
        access = practice.access
    assert (access.server, access.username, access.key) == (
        practice.url,
        practice.username,
        practice.key,
    )
    assert (access.token, access.home, access.config) == (None, None, None)
    assert practice.key not in repr(access)


def test_a_port_in_use_is_a_sentence(start: Start, prepared: Path, tmp_path: Path) -> None:
    port = int(start().url.rsplit(":", 1)[1])
    with pytest.raises(PodiumError, match=f"Port {port} .*--port"):
        PracticeKaggle(tmp_path / "other", port=port).start()
    assert not (tmp_path / "other").exists()


def test_an_upload_must_have_its_announced_size(start: Start) -> None:
    practice = start()
    for announced in (3, 8):
        begun = post(
            practice, "StartSubmissionUpload", fileName="s.csv", contentLength=announced
        ).json()
        sent = requests.put(begun["createUrl"], data=b"12345", timeout=10)
        assert sent.status_code == 400
        refused = post(practice, "CreateSubmission", blobFileTokens=begun["token"])
        assert refused.status_code == 400
