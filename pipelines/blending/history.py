"""What past blends answered out of fold, kept so that two of them can be compared row by row."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.files import atomic_path
from competition.problem.problem import Problem
from competition.problem.scores import Comparison
from competition.problem.targets import Answers, Kind, Truth


def keep_answers(folder: Path, key: str, answers: Answers, truth: Truth) -> None:
    """Write `<folder>/history/<key>.npz`: labels a byte each up to 256 of them, numbers as float32.

    Args:
        folder: `runs/<slug>/blend`.
        key: The blend's.
        answers: (n, …) out-of-fold answers, their decisions learnt on other folds.
        truth: Of the same rows; kept too, so that other data is never compared.

    Raises:
        PodiumError: the disk refuses the file.
    """
    arrays = {"answers": _small(answers), "truth": _small(truth)}
    with atomic_path(_file(folder, key)) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def change(folder: Path, earlier: str, later: str, problem: Problem) -> Comparison | None:
    """Compare two blends, whenever they were made: the later one less the earlier.

    Args:
        folder: `runs/<slug>/blend`.
        earlier: One blend's key.
        later: The other's.
        problem: Whose metric they are compared by.

    Returns:
        None where the answers of either were not kept, are of another form or about other data.
    """
    try:
        before, known = _kept(folder, earlier)
        after, truth = _kept(folder, later)
    except (OSError, ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile):
        return None
    if not np.array_equal(known, truth) or not _is_truth(truth, problem):
        return None
    if not all(fits(answers, len(truth), problem) for answers in (before, after)):
        return None
    return problem.compare(truth, after, before)


def fits(answers: npt.NDArray[Any], rows: int, problem: Problem) -> bool:
    """Tell whether an array can be the answers to a problem for so many rows."""
    like = problem.decision().answers(np.zeros((1, problem.outputs), np.float32))
    if answers.shape != (rows, *like.shape[1:]) or (answers.dtype.kind == "f") != (
        like.dtype.kind == "f"
    ):
        return False
    if answers.dtype.kind == "f":
        return bool(np.isfinite(answers).all())
    return _are_classes(answers, problem)


def _is_truth(truth: npt.NDArray[Any], problem: Problem) -> bool:
    if problem.kind == Kind.NUMBERS:
        return truth.ndim == 2 and truth.shape[1] == problem.outputs and len(truth) > 0
    return truth.ndim == 1 and len(truth) > 0 and _are_classes(truth, problem)


def _are_classes(numbers: npt.NDArray[Any], problem: Problem) -> bool:
    if numbers.dtype.kind not in "iu":
        return False
    return not numbers.size or bool(numbers.min() >= 0 and numbers.max() < len(problem.classes))


def _kept(folder: Path, key: str) -> tuple[Answers, Truth]:
    with np.load(_file(folder, key), allow_pickle=False) as kept:
        return _wide(kept["answers"]), _wide(kept["truth"])


def _small(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    return array.astype(np.min_scalar_type(int(array.max(initial=0))))


def _wide(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return array.astype(np.float64 if array.dtype.kind == "f" else np.int64)


def _file(folder: Path, key: str) -> Path:
    return folder / "history" / f"{key}.npz"
