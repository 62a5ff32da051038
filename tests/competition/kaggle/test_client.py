"""The one door to Kaggle: what it asks, what it brings back, how it complains."""

import logging
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from competition.kaggle.client import (
    AllowanceUsedUp,
    CredentialsRefused,
    KaggleClient,
    KaggleError,
    KaggleUnavailable,
    OutcomeUnknown,
    RulesNotAccepted,
    SubmissionLimits,
    TooManyRequests,
    UnknownCompetition,
)
from competition.practice.serving.state import State, Upload
from competition.spec import Competition
from competition.workspace import Access

Start = Callable[..., Any]
ClientOf = Callable[..., KaggleClient]
SECRET = "a-very-secret-key"
AT_ONCE = {"Retry-After": "0"}


def envelope(code: int, message: str = "for a reason") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": "X"}}


def test_a_submission_from_upload_to_score(
    start: Start, client_of: ClientOf, submission_file: Path, spec: Competition
) -> None:
    client = client_of(start())
    assert client.username == "you"
    assert {each.name for each in client.list_files()} == set(spec.files)
    assert client.submission_limits() is not None
    token = client.upload(submission_file)
    reference = client.create_submission(token, "mine · #1")
    pending = client.submissions()[0]
    assert (pending.ref, pending.status, pending.public_score) == (reference, "pending", None)
    time.sleep(0.3)
    done = client.submissions()[0]
    assert (done.status, done.description, done.error) == ("complete", "mine · #1", None)
    assert done.public_score == pytest.approx(0.08667)
    assert done.total_bytes == submission_file.stat().st_size
    assert abs((datetime.now(UTC) - done.created).total_seconds()) < 60
    assert client.submission_limits() == SubmissionLimits(1, 4, False)
    board = client.leaderboard()
    assert [row.rank for row in board] == list(range(1, len(board) + 1))
    assert (board[0].team, board[-1].team) == ("nearest class mean", "you")
    assert board[0].score > board[-2].score == board[-1].score == done.public_score


def test_all_pages_of_submissions_newest_first(
    practice_folder: Path, start: Start, client_of: ClientOf
) -> None:
    state = State(practice_folder)
    for number in range(105):
        state.submit(Upload("a", "b", "s.csv", 1), str(number), (0.5, 0.5), 0)
    seen = [int(each.description) for each in client_of(start()).submissions()]
    assert seen == list(range(104, -1, -1))


def test_unknown_and_missing_statuses_lose_nothing(scripted, spec: Competition) -> None:
    items = [
        {"ref": 3, "status": "RUNNING", "date": "2026-01-03T00:00:00.1234567Z", "publicScore": ""},
        {"ref": 2, "date": "2026-01-02T00:00:00"},
        {"ref": 1, "status": "Complete", "date": "2026-01-01T00:00:00Z", "publicScore": "0.99"},
        {"ref": 0, "status": None, "date": "no date", "publicScore": "none", "totalBytes": "?"},
    ]
    scripted.says("ListSubmissions", {"submissions": items})
    found = KaggleClient(spec, scripted.access).submissions()
    assert [each.status for each in found] == ["running", "pending", "complete", "pending"]
    assert [each.public_score for each in found] == [None, None, 0.99, None]
    assert found[1].created == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, envelope(401), CredentialsRefused, "KAGGLE_KEY .* of that server"),
        (403, envelope(403), RulesNotAccepted, "/optical-digits/rules.*check the .* name"),
        (404, envelope(404), UnknownCompetition, "/competitions/optical-digits"),
        (400, envelope(400), KaggleError, "Nothing was changed"),
        (400, {"code": 400, "message": "for a reason"}, KaggleError, "for a reason"),
        (400, b"<html><b>for a reason</b></html>", KaggleError, r"\(400: for a reason\)"),
    ],
)
def test_refusals_are_sentences_with_kaggles_reason_and_not_repeated(
    scripted, spec: Competition, status: int, body: Any, kind: type[KaggleError], words: str
) -> None:
    scripted.says("ListDataFiles", body, status)
    with pytest.raises(kind, match=words) as caught:
        KaggleClient(spec, scripted.access).list_files()
    assert type(caught.value) is kind
    assert "for a reason" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.status == status
    assert scripted.times("ListDataFiles") == 1


@pytest.mark.parametrize(("status", "kind"), [(429, TooManyRequests), (503, KaggleUnavailable)])
def test_reads_are_repeated_but_not_for_ever(
    scripted, spec: Competition, status: int, kind: type[KaggleError]
) -> None:
    scripted.says("ListDataFiles", envelope(status), status, AT_ONCE)
    with pytest.raises(kind):
        KaggleClient(spec, scripted.access).list_files()
    assert scripted.times("ListDataFiles") == 5


def test_retry_after_is_honoured_up_to_a_minute(scripted, spec: Competition) -> None:
    scripted.says("ListDataFiles", envelope(429), 429, {"Retry-After": "1"})
    scripted.says("ListDataFiles", {"files": [{"name": "a", "totalBytes": 3}]})
    begun = time.monotonic()
    assert KaggleClient(spec, scripted.access).list_files()[0].size == 3
    assert time.monotonic() - begun >= 1
    scripted.says("GetLeaderboard", envelope(429), 429, {"Retry-After": "3600"})
    begun = time.monotonic()
    with pytest.raises(TooManyRequests):
        KaggleClient(spec, scripted.access).leaderboard()
    assert time.monotonic() - begun < 5


def test_a_server_without_limits_does_not_tell_them(scripted, spec: Competition) -> None:
    for status in (404, 501):
        scripted.replies.clear()
        scripted.says("GetSubmissionLimits", envelope(status), status)
        assert KaggleClient(spec, scripted.access).submission_limits() is None
    scripted.replies.clear()
    scripted.says("GetSubmissionLimits", {})  # Kaggle's answer before there is a team
    assert KaggleClient(spec, scripted.access).submission_limits() is None


def test_replies_that_are_not_json_are_a_sentence(scripted, spec: Competition) -> None:
    for body in (b"<html>", b"[]", b"null", b"[" * 100_000):
        scripted.replies.clear()
        scripted.says("ListDataFiles", body)
        with pytest.raises(KaggleUnavailable, match="not the JSON"):
            KaggleClient(spec, scripted.access, first_pause=0).list_files()


def test_replies_of_another_shape_lose_only_what_is_odd(scripted, spec: Competition) -> None:
    client = KaggleClient(spec, scripted.access)
    scripted.says("ListDataFiles", {"files": [{"name": "a", "totalBytes": "many"}, None, "b"]})
    assert [(each.name, each.size) for each in client.list_files()] == [("a", 0)]
    scripted.says("ListSubmissions", {"submissions": {"ref": 1}})
    assert client.submissions() == []
    scripted.says("GetSubmissionLimits", {"numToday": "two", "numAllowedNow": "3"})
    assert client.submission_limits() == SubmissionLimits(0, 3, False)


def test_how_often_it_tries_can_be_chosen(scripted, spec: Competition) -> None:
    scripted.says("ListDataFiles", envelope(503), 503)
    with pytest.raises(KaggleUnavailable):
        KaggleClient(spec, scripted.access, attempts=2, first_pause=0.001).list_files()
    assert scripted.times("ListDataFiles") == 2


def test_no_secret_reaches_a_message_a_traceback_or_a_log(
    scripted, spec: Competition, submission_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token, signed = "blob-secret", f"{scripted.url}/put?X-Goog-Signature=signed-secret"
    told = f"bad key {SECRET} and token {token} at {signed}"
    scripted.says("ListDataFiles", envelope(400, told), 400)
    scripted.says("DownloadDataFiles", {}, 302, {"Location": signed.replace("put", "get")})
    scripted.says("get", envelope(403, told), 403)
    scripted.says("StartSubmissionUpload", {"token": token, "createUrl": signed})
    scripted.says("put", told.encode(), 403)
    scripted.says("CreateSubmission", envelope(400, told), 400)
    client = KaggleClient(spec, scripted.access)

    def opened() -> None:
        with client.open_archive():
            pass

    for call in (
        client.list_files,
        opened,
        lambda: client.upload(submission_file),
        lambda: client.create_submission(token, "x"),
    ):
        with pytest.raises(KaggleError) as caught:
            call()
        shown = "".join(traceback.format_exception(caught.value))
        for secret in (SECRET, "signed-secret"):
            assert secret not in shown
    assert token not in shown
    assert "urllib3" in caplog.text
    assert "signed-secret" not in caplog.text
    assert SECRET not in repr(vars(client))


def test_a_broken_connection_hides_the_signed_address_too(
    scripted, spec: Competition, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    signed = f"http://127.0.0.1:{port}/get?X-Goog-Signature=signed-secret"
    scripted.says("DownloadDataFiles", {}, 302, {"Location": signed})
    with (
        pytest.raises(KaggleUnavailable) as caught,
        KaggleClient(spec, scripted.access).open_archive(),
    ):
        pass
    assert "signed-secret" not in "".join(traceback.format_exception(caught.value))


def test_an_upload_is_repeated_until_it_is_whole(
    start: Start, client_of: ClientOf, submission_file: Path, practice_folder: Path
) -> None:
    practice = start(faults="cut-upload,refuse=503@upload,retry-after=0.05")
    token = client_of(practice).upload(submission_file)
    upload = State(practice_folder).upload(token=token)
    assert upload is not None
    sent = State(practice_folder).content_path(upload)
    assert sent.read_bytes() == submission_file.read_bytes()
    assert client_of(practice).submissions() == []


def test_a_refused_upload_is_a_sentence_and_not_repeated(
    start: Start, client_of: ClientOf, submission_file: Path
) -> None:
    client = client_of(start(faults="refuse=403@upload*5"))
    with pytest.raises(KaggleError, match=r"storage .* refused the upload"):
        client.upload(submission_file)


def test_a_lost_reply_leaves_the_outcome_unknown_and_one_submission(
    start: Start, client_of: ClientOf, submission_file: Path
) -> None:
    client = client_of(start(faults="lose-reply"))
    token = client.upload(submission_file)
    with pytest.raises(OutcomeUnknown, match="may have been taken"):
        client.create_submission(token, "marked")
    assert [each.description for each in client.submissions()] == ["marked"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, OutcomeUnknown),
        (503, OutcomeUnknown),
        (429, TooManyRequests),
        (403, RulesNotAccepted),
        (400, KaggleError),
    ],
)
def test_create_submission_is_never_repeated(
    scripted, spec: Competition, status: int, kind: type[KaggleError]
) -> None:
    scripted.says("CreateSubmission", envelope(status), status, AT_ONCE)
    with pytest.raises(kind) as caught:
        KaggleClient(spec, scripted.access).create_submission("token", "x")
    assert type(caught.value) is kind
    assert scripted.times("CreateSubmission") == 1


@pytest.mark.parametrize("body", [{"message": "Could not submit"}, {"ref": 0}, b"", b"[]"])
def test_a_submission_without_a_number_is_no_success(
    scripted, spec: Competition, body: Any
) -> None:
    scripted.says("CreateSubmission", body)
    with pytest.raises(OutcomeUnknown):
        KaggleClient(spec, scripted.access).create_submission("token", "x")


def test_a_submission_to_nobody_was_certainly_not_carried_out(scripted, spec: Competition) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(KaggleUnavailable) as caught:
        KaggleClient(spec, Access(address, username="me", key=SECRET)).create_submission(
            "token", "x"
        )
    assert not isinstance(caught.value, OutcomeUnknown)


def test_a_slow_submission_times_out_with_its_outcome_unknown(
    start: Start, client_of: ClientOf, submission_file: Path
) -> None:
    practice = start(faults="slow=1@CreateSubmission", delay=0)
    client = client_of(practice, timeout=(5, 0.4))
    token = client.upload(submission_file)
    with pytest.raises(OutcomeUnknown, match="did not answer in time"):
        client.create_submission(token, "late")
    while not client.submissions():  # it is carried out all the same
        time.sleep(0.1)


def test_the_allowance_used_up_is_said_with_kaggles_reason(
    start: Start, client_of: ClientOf, submission_file: Path
) -> None:
    client = client_of(start(daily=1))
    client.create_submission(client.upload(submission_file), "one")
    token = client.upload(submission_file)
    with pytest.raises(AllowanceUsedUp, match=r"daily Submission allowance .* midnight UTC"):
        client.create_submission(token, "two")
    assert len(client.submissions()) == 1


def test_other_competitions_are_refused_in_words(start: Start, client_of: ClientOf) -> None:
    practice = start()
    client = client_of(practice)
    known = KaggleClient(replace(client.competition, slug="digit-recognizer"), practice.access)
    with pytest.raises(RulesNotAccepted, match="digit-recognizer/rules"):
        known.submissions()
    unknown = KaggleClient(replace(client.competition, slug="optical-digit"), practice.access)
    with pytest.raises(UnknownCompetition, match="optical-digit"):
        unknown.submissions()
