"""What past blends answered out of fold, kept so that two of them can be compared row by row."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from competition.files import atomic_path
from pipelines.metrics import Labels, Probabilities, mcnemar_p_value

Answers = npt.NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class Change:
    """Two blends on the same rows.

    Attributes:
        wins: Rows on which only the later one is right.
        losses: Rows on which only the earlier one is.
        rows: All rows.
    """

    wins: int
    losses: int
    rows: int

    @property
    def gain(self) -> float:
        """Accuracy of the later one less that of the earlier."""
        return (self.wins - self.losses) / self.rows

    @property
    def p_value(self) -> float:
        """McNemar's exact test that they err equally often."""
        return mcnemar_p_value(self.wins, self.losses)


def keep_answers(folder: Path, key: str, oof: Probabilities, labels: Labels) -> None:
    """Write `<folder>/history/<key>.npz`: predicted and true classes, a byte each up to 256.

    Args:
        folder: `runs/<slug>/blend`.
        key: The blend's.
        oof: (n, n_classes) out-of-fold probabilities.
        labels: (n,) true classes; kept too, so that other data is never compared.

    Raises:
        PodiumError: the disk refuses the file.
    """
    small = np.min_scalar_type(oof.shape[1] - 1)
    arrays = {"predicted": oof.argmax(axis=1).astype(small), "labels": labels.astype(small)}
    with atomic_path(_file(folder, key)) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def change(folder: Path, earlier: str, later: str) -> Change | None:
    """Compare two blends, whenever they were made.

    Args:
        folder: `runs/<slug>/blend`.
        earlier: One blend's key.
        later: The other's.

    Returns:
        None where the answers of either were not kept, or are about other data.
    """
    try:
        (before, truth), (after, labels) = (_answers(folder, key) for key in (earlier, later))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    if not np.array_equal(truth, labels) or not len(truth) == len(before) == len(after) > 0:
        return None
    was_right, is_right = before == truth, after == truth
    return Change(
        int(np.sum(is_right & ~was_right)), int(np.sum(was_right & ~is_right)), len(truth)
    )


def _answers(folder: Path, key: str) -> tuple[Answers, Answers]:
    with np.load(_file(folder, key)) as kept:
        return kept["predicted"], kept["labels"]


def _file(folder: Path, key: str) -> Path:
    return folder / "history" / f"{key}.npz"
