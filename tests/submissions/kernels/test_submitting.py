"""Submitting a version of a kernel: one run and one submission, whatever goes wrong."""

from collections.abc import Callable

import numpy as np
import pytest

from competition.errors import PodiumError
from competition.kaggle.client import KaggleClient
from competition.practice.kernels.state import Versions
from pipelines.kernels.machine import SUBMISSION_FILE
from submissions.__main__ import app
from submissions.kernels.running import digest_of
from submissions.ledger.ledger import Ledger
from submissions.sending.submitter import AlreadySubmitted
from submissions.submit import submit_file
from tests.columns import made_column
from tests.submissions.kernels.conftest import Author
from tests.typed import typed

AsAuthor = Callable[..., Author]


@pytest.mark.long
@pytest.mark.parametrize(
    "faults",
    [
        "",
        "lose-reply@CreateCodeSubmission",
        "lose-reply=502@CreateCodeSubmission",
        "drop@CreateCodeSubmission",
        "lose-reply@SaveKernel,lose-reply@CreateCodeSubmission",
        "refuse=503@ListSubmissions*2,refuse=503@GetKernelSessionStatus",
    ],
)
def test_there_is_one_run_and_one_submission(faults: str, as_author: AsAuthor) -> None:
    author = as_author(faults)
    outcome = author.submit()
    (version,), (taken,) = author.pushed(), author.taken()
    assert outcome.submission.ref == taken.ref and taken.file_name == SUBMISSION_FILE
    assert outcome.submission.public_score == pytest.approx(np.log(3), abs=1e-5)
    assert outcome.submission.cv_score is not None and outcome.submission.blend_name
    assert version.sources == ("wine",) and not version.internet
    with pytest.raises(AlreadySubmitted):
        author.submit()
    assert (len(author.pushed()), len(author.taken())) == (1, 1)


def test_a_refused_submission_leaves_the_run_for_the_next_call(as_author: AsAuthor) -> None:
    author = as_author("refuse=400@CreateCodeSubmission")
    with pytest.raises(PodiumError):
        author.submit()
    assert not author.taken()
    author.submit()
    assert (len(author.pushed()), len(author.taken())) == (1, 1)


def test_a_slow_answer_is_not_asked_again(as_author: AsAuthor) -> None:
    author = as_author("slow=0.8@CreateCodeSubmission")
    author.submit(patience=0.3)
    assert (len(author.pushed()), len(author.taken())) == (1, 1)


def test_another_blend_is_another_submission_though_it_answers_alike(as_author: AsAuthor) -> None:
    author = as_author()
    first = author.submit().submission
    made_column(author.plan, author.plan.workspace.predictions, pipeline="knn", key="f" * 16)
    second = author.submit().submission
    assert first.ref != second.ref and first.fingerprint != second.fingerprint
    assert (len(author.pushed()), len(author.taken())) == (2, 2)


def test_a_kernel_that_was_deleted_is_pushed_again(as_author: AsAuthor) -> None:
    author = as_author("refuse=400@CreateCodeSubmission")
    with pytest.raises(PodiumError):
        author.submit()
    (version,) = author.pushed()
    Versions(author.folder / "kernels", begins=False).delete(version.slug)
    author.submit()
    assert (len(author.pushed()), len(author.taken())) == (1, 1)


def test_no_file_is_uploaded(as_author: AsAuthor) -> None:
    author = as_author()
    workspace = author.plan.workspace
    client = KaggleClient(workspace.competition, workspace.access)
    with pytest.raises(PodiumError, match="takes submissions from notebooks alone, so no file"):
        submit_file(workspace.data / "sample_submission.csv", workspace, client)
    assert not author.taken()


def test_gpus_are_for_scripts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPETITION", "wine")
    told = typed(app, "submissions", "submit", "--gpu")
    assert told.returncode == 2
    assert "--gpu is for competitions that take notebooks alone" in told.stderr


def test_the_ledger_knows_the_script_and_not_the_few_rows(as_author: AsAuthor) -> None:
    author = as_author()
    author.submit()
    (row,) = Ledger.open(author.plan.workspace).submissions()
    assert row.fingerprint is not None and row.sha256 is not None
    (run,) = author.pushed()
    assert row.fingerprint == digest_of(run.source)[:12]
