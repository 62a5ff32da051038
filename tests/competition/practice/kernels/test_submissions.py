"""A competition that takes notebooks alone: a version is run again, on a test file nobody saw."""

import csv
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from competition.errors import PodiumError
from competition.practice.running import PracticeServer
from competition.practice.serving.state import State
from competition.spec import load_competition
from tests.competition.conftest import Cli
from tests.competition.practice.kernels.test_calls import SLUG, call, ended, push
from tests.serving import Served

WINE = replace(load_competition("wine"), notebooks_only=True, test_rows=None)
SEEN, HIDDEN = 12, 59  # test rows
SCRIPT = """
import shutil
from pathlib import Path
(sample,) = Path("../input").rglob("sample_submission.csv")
shutil.copyfile(sample, "submission.csv")
"""
AGAIN = "import os\nif 'KAGGLE_IS_COMPETITION_RERUN' in os.environ:\n    "
Opened = Callable[[], Served]


@pytest.fixture
def open_wine(tmp_path: Path) -> Iterator[Opened]:
    """Start the practice Kaggle, or start it again."""
    opened: list[Served] = []

    def open_it() -> Served:
        opened.append(Served(tmp_path / "wine", WINE, kernels=True, delay=0))
        return opened[-1]

    yield open_it
    for served in opened:
        served.end()


def competitions(served: Served, method: str, **fields: Any) -> requests.Response:
    return requests.post(
        f"{served.url}/api/v1/competitions.CompetitionApiService/{method}",
        json={"competitionName": "wine"} | fields,
        auth=(served.username, served.key),
        timeout=10,
    )


def submit(served: Served, **changes: Any) -> requests.Response:
    fields = {"kernelOwner": "you", "kernelSlug": SLUG, "kernelVersion": 1}
    named = fields | {"fileName": "submission.csv", "submissionDescription": "mine"}
    return competitions(served, "CreateCodeSubmission", **(named | changes))


def pushed(served: Served, source: str, **fields: Any) -> str:
    """Push a script and return how its run ended."""
    push(served, source, competitionDataSources=["wine"], **fields)
    return ended(served)


def scored(served: Served) -> dict[str, Any]:
    """Return the newest submission when it is no longer pending."""
    while True:  # the test's time-out tells when it never ends
        item: dict[str, Any] = competitions(served, "ListSubmissions").json()["submissions"][0]
        if item["status"] != "PENDING":
            return item
        time.sleep(0.05)


@pytest.mark.long
def test_the_official_client_submits_a_version_and_no_file(
    open_wine: Opened, cli_of: Callable[[Any], Cli], tmp_path: Path
) -> None:
    served = open_wine()
    kaggle = cli_of(served)
    assert pushed(served, SCRIPT) == "COMPLETE"
    words = ("-f", "submission.csv", "-k", f"you/{SLUG}", "-v", "1", "-m", "of a version")
    sent = kaggle("competitions", "submit", "wine", *words)
    assert "Successfully submitted to Wine" in sent.stdout, sent.stderr
    assert scored(served)["publicScore"] == "1.09861"
    listed = csv.DictReader(io.StringIO(kaggle("competitions", "submissions", "wine", "-v").stdout))
    assert [row["description"] for row in listed] == ["of a version"]
    public = tmp_path / "wine" / "public"
    assert len((public / "test.csv").read_text().splitlines()) == SEEN + 1
    answered = State(tmp_path / "wine").submitted_path(1)
    assert answered is not None
    assert len(answered.read_text().splitlines()) == HIDDEN + 1
    file = public / "sample_submission.csv"
    sent = kaggle("competitions", "submit", "wine", "-f", file, "-m", "a file")
    assert "Successfully" not in sent.stdout
    assert competitions(served, "GetCompetition").json()["isKernelsSubmissionsOnly"] is True


def test_what_cannot_be_submitted_is_refused(open_wine: Opened) -> None:
    served = open_wine()
    assert submit(served).status_code == 404
    assert pushed(served, SCRIPT) == "COMPLETE"
    assert submit(served, kernelVersion=2).status_code == 404
    assert submit(served, kernelOwner="another").status_code == 404
    refused = submit(served, fileName="other.csv")
    assert refused.status_code == 400 and "output a file" in refused.text
    push(served, "raise ValueError", slug="wrong")
    while call(served, "GetKernelSessionStatus", kernelSlug="wrong").json()["status"] != "ERROR":
        time.sleep(0.05)
    assert "not run successfully" in submit(served, kernelSlug="wrong").text
    assert pushed(served, SCRIPT, enableInternet=True) == "COMPLETE"
    assert "internet" in submit(served, kernelVersion=2).text
    assert not competitions(served, "ListSubmissions").json()["submissions"]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (f"{SCRIPT}\n{AGAIN}raise ValueError", "Notebook Threw Exception"),
        (f"{SCRIPT}\n{AGAIN}Path('submission.csv').unlink()", "Submission File Not Found"),
        (f"{SCRIPT}\n{AGAIN}Path('submission.csv').write_text('x')", "Evaluation Exception"),
    ],
)
def test_a_rerun_that_goes_wrong_is_an_error(source: str, error: str, open_wine: Opened) -> None:
    served = open_wine()
    assert pushed(served, source) == "COMPLETE"
    assert submit(served).status_code == 200
    item = scored(served)
    assert item["status"] == "ERROR" and item["errorDescription"].startswith(error)
    assert competitions(served, "GetSubmissionLimits").json()["numToday"] == 0


def test_a_rerun_that_ended_with_the_server_is_an_error_afterwards(open_wine: Opened) -> None:
    served = open_wine()
    assert pushed(served, f"{SCRIPT}\n{AGAIN}import time; time.sleep(60)") == "COMPLETE"
    assert submit(served).status_code == 200
    assert competitions(served, "ListSubmissions").json()["submissions"][0]["status"] == "PENDING"
    served.stop()
    item = scored(open_wine())
    assert item["status"] == "ERROR" and "ended with the server" in item["errorDescription"]


def test_it_runs_what_is_pushed_only_where_that_was_asked(tmp_path: Path) -> None:
    with pytest.raises(PodiumError, match=r"from notebooks alone\. Add --kernels"):
        PracticeServer(tmp_path / "wine", WINE)
    assert not (tmp_path / "wine").exists()
