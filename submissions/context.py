"""A check with all that is known: the training shares, and what was scored before."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from competition.settings import data_folder, database_url
from numpy.typing import NDArray

from competition.data.dataset import load_dataset
from competition.database import missing_file
from competition.errors import PodiumError
from competition.files import sha256_of
from competition.problem.checks import CheckReport, check
from competition.problem.sample import SampleSubmission
from competition.spec import Competition
from submissions.ledger.ledger import Ledger


def checked(
    path: Path, competition: Competition, sample: SampleSubmission, ledger: Ledger | None
) -> CheckReport:
    """Check a file, and compare it with the training data and the last scored file, where there.

    Args:
        path: The file.
        competition: Its rules.
        sample: Its ids.
        ledger: Where earlier submissions are; None for no comparison.
    """
    return check(
        path,
        competition,
        sample,
        training_counts=_training_counts(competition),
        previous=_last_scored(competition, sample, ledger) if ledger else None,
    )


def present_ledger(competition: Competition) -> Ledger | None:
    """Return the ledger, or None (and make nothing) where there is no database yet."""
    if missing_file(database_url(competition)):
        return None
    return Ledger.open(competition)


def _training_counts(competition: Competition) -> Sequence[int] | None:
    """Return the rows of each class, or None where the training data is not here or not whole."""
    try:
        labels = load_dataset(competition, data_folder(competition)).train_labels
    except PodiumError:
        return None
    counts: list[int] = np.bincount(labels, minlength=len(competition.classes)).tolist()
    return counts


def _last_scored(
    competition: Competition, sample: SampleSubmission, ledger: Ledger
) -> NDArray[np.intp] | None:
    """Return the labels of the last scored file that is still as it was submitted."""
    for submission in ledger.submissions():
        file = Path(submission.file)
        if submission.status == "complete" and submission.sha256 and file.is_file():
            if sha256_of(file) == submission.sha256:
                return check(file, competition, sample).labels
            return None
    return None
