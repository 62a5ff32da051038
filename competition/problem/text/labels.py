"""Cells that hold one class, or several in the order of their probability."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.problem.targets import Answers
from competition.problem.text.cells import BLANK, Wrong, described, number_in
from competition.problem.text.lines import quoted, shown


@dataclass(frozen=True)
class Labels:
    """One class in each row, (n,) class indices.

    Attributes:
        target: The column's name.
        classes: Their names as the files write them.
    """

    target: str
    classes: tuple[str, ...]

    kind = "label"

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each class."""
        return {name: number for number, name in enumerate(self.classes)}

    @property
    def widest(self) -> int:
        """The longest name, in quotes."""
        return max(len(quoted(name).encode()) for name in self.classes)

    def read(self, columns: list[list[str]]) -> tuple[Answers, Wrong]:
        """Return (n,) class indices."""
        (texts,) = columns
        known = self.numbers
        if known.keys() >= set(texts):
            return np.array([known[text] for text in texts], dtype=np.int64), []
        meant = {text: self.meant(text) for text in set(texts) - known.keys()}
        wrong = [
            (row, f"{self.target} {meant[text][1]}", meant[text][0] is not None)
            for row, text in enumerate(texts)
            if text in meant
        ]
        numbers = known | {text: known.get(name or "", -1) for text, (name, _) in meant.items()}
        return np.array([numbers[text] for text in texts], dtype=np.int64), wrong

    def meant(self, text: str) -> tuple[str | None, str]:
        """Return the class that a text surely means, if any, and what is wrong with the text."""
        if text.strip().lower() in BLANK:
            return None, f"is blank ({shown(text)})"
        if text.strip() in self.numbers:
            return text.strip(), f"{shown(text)} has blanks around it"
        for said in _spellings(text):
            if names := self._by_meaning.get(said):
                cure = f"{names[0]}{_pandas_cure(names[0], text)}"
                sure = names[0] if len(names) == 1 else None
                return sure, f"{shown(text)} must be written as {cure}"
        return None, f"{shown(text)} is not one of the {len(self.classes)} classes"

    @cached_property
    def _by_meaning(self) -> dict[str | float, list[str]]:
        found: dict[str | float, list[str]] = {}
        for name in self.classes:
            for said in _spellings(name):
                found.setdefault(said, []).append(name)
        return found

    def write(self, answers: Answers) -> list[list[str]]:
        """Return one column of class names."""
        if answers.ndim != 1 or not np.issubdtype(answers.dtype, np.integer):
            raise PodiumError(f"Labels must be (rows,) class indices, not {described(answers)}.")
        _require_classes(answers, len(self.classes))
        names = [quoted(name) for name in self.classes]
        return [[names[number] for number in answers.tolist()]]


@dataclass(frozen=True)
class RankedLabels:
    """Up to `top` classes in each row, parted by blanks, best first: (n, top), -1 for none.

    Attributes:
        target: The column's name.
        classes: Their names as the files write them; none holds a blank.
        top: How many count.
    """

    target: str
    classes: tuple[str, ...]
    top: int

    kind = "label"

    @cached_property
    def _labels(self) -> Labels:
        return Labels(self.target, self.classes)

    @property
    def widest(self) -> int:
        """The longest name, as often as there may be names."""
        return self.top * (self._labels.widest + 1)

    def read(self, columns: list[list[str]]) -> tuple[Answers, Wrong]:
        """Return (n, top) class indices, and -1 after the last one."""
        (texts,) = columns
        known = self._labels.numbers
        wrong: Wrong = []
        ranked: dict[str, list[int]] = {}  # many rows say the same
        answers = np.full((len(texts), self.top), -1, dtype=np.int64)
        for row, text in enumerate(texts):
            numbers = ranked.get(text)
            if numbers is None:
                numbers = [known.get(name, -1) for name in text.split(" ")]
                if -1 in numbers or not len(set(numbers)) == len(numbers) <= self.top:
                    wrong.append((row, f"{self.target} {self._message(text)}", False))
                    continue
                ranked[text] = numbers
            answers[row, : len(numbers)] = numbers
        return answers, wrong

    def _message(self, text: str) -> str:
        names = text.split(" ")
        if text.strip().lower() in BLANK:
            return f"is blank ({shown(text)})"
        if "" in names:
            return f"{shown(text)} must have one blank between labels, and none around them"
        for name in names:
            if name not in self._labels.numbers:
                return self._labels.meant(name)[1]
        if len(set(names)) < len(names):
            return f"{shown(text)} names a label twice"
        return f"{shown(text)} has {len(names)} labels; {self.top} count"

    def write(self, answers: Answers) -> list[list[str]]:
        """Return one column of class names, parted by blanks."""
        if answers.ndim != 2 or not np.issubdtype(answers.dtype, np.integer):
            raise PodiumError(
                f"Ranked labels must be (rows, {self.top}) class indices, not {described(answers)}."
            )
        ended = answers < 0
        _require_classes(np.where(ended, 0, answers), len(self.classes))
        if answers.shape[1] > self.top or ended[:, 0].any() or _comes_twice(answers, ended):
            raise PodiumError(f"Ranked labels must be 1 to {self.top} different classes a row.")
        names = self.classes
        rows = answers.tolist()
        return [[quoted(" ".join(names[each] for each in row if each >= 0)) for row in rows]]


def _spellings(text: str) -> Iterator[str | float]:
    """Yield what a text may stand for: itself whatever its capitals, a number, a truth value."""
    plain = text.strip().casefold()
    yield plain
    value = number_in(plain)
    if not np.isnan(value):
        yield value
    truth = {"0": "false", "0.0": "false", "1": "true", "1.0": "true"}.get(plain)
    if truth is not None:
        yield truth
    elif plain in ("false", "true"):
        yield float(plain == "true")


def _pandas_cure(name: str, text: str) -> str:
    if number_in(text) == number_in(name) and str(number_in(name)).removesuffix(".0") == name:
        return " (astype(int))"
    is_truth = name in ("True", "False") and not np.isnan(number_in(text))
    return " (astype(bool))" if is_truth else ""


def _require_classes(numbers: Answers, classes: int) -> None:
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < classes:
        raise PodiumError(
            f"Class indices must lie in 0…{classes - 1}, not {numbers.min()}…{numbers.max()}."
        )


def _comes_twice(ranked: Answers, ended: npt.NDArray[np.bool_]) -> bool:
    # Gaps get numbers of their own, so that they are not taken for one class.
    gaps = -1 - np.arange(ranked.shape[1])
    ordered = np.sort(np.where(ended, gaps, ranked), axis=1)
    return bool((ordered[:, 1:] == ordered[:, :-1]).any())
