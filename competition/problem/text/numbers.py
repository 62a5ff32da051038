"""Cells that hold numbers: probabilities, or values."""

from dataclasses import dataclass

import numpy as np

from competition.errors import PodiumError
from competition.problem.targets import Answers
from competition.problem.text.cells import BLANK, Wrong, described, floats, number_in
from competition.problem.text.lines import shown


@dataclass(frozen=True)
class Numbers:
    """A number in each cell: (n, t) floats, or (n,) where the form has one column alone.

    Attributes:
        targets: The columns' names.
        least: The smallest number that may stand there.
        most: The largest one.
        flat: Whether answers are (n,).
        shares: Whether a row holds the shares of classes, so that one of them must be above 0.
    """

    targets: tuple[str, ...]
    least: float = -np.inf
    most: float = np.inf
    flat: bool = False
    shares: bool = False

    kind = "number"

    @property
    def widest(self) -> int:
        """32 characters a cell; nobody's number has more."""
        return 32 * len(self.targets)

    def read(self, columns: list[list[str]]) -> tuple[Answers, Wrong]:
        """Return (n,) or (n, t) floats."""
        wrong: dict[int, tuple[str, bool]] = {}
        answers = np.empty((len(columns[0]), len(columns)))
        for column, texts in enumerate(columns):
            values = floats(texts)
            answers[:, column] = values
            outside = ~(np.isfinite(values) & (values >= self.least) & (values <= self.most))
            for row in np.flatnonzero(outside).tolist():
                said = f"{self.targets[column]} {self._message(texts[row], float(values[row]))}"
                meant = _pointed(texts[row])
                sure = self.least <= meant <= self.most
                if sure:
                    answers[row, column] = meant
                first, all_sure = wrong.get(row, (said, True))
                wrong[row] = first, all_sure and sure
        if self.shares:
            for row in np.flatnonzero(~answers.any(axis=1)).tolist():
                wrong.setdefault(row, ("all its probabilities are 0", False))
        rows = [(row, said, sure) for row, (said, sure) in sorted(wrong.items())]
        return answers[:, 0] if self.flat else answers, rows

    def _message(self, text: str, value: float) -> str:
        plain = text.strip().lower()
        if plain in BLANK:
            return f"is blank ({shown(text)})"
        if "inf" in plain or np.isinf(value):
            return f"{shown(text)} is not finite"
        if np.isnan(value):
            pointed = plain.replace(",", ".")
            if pointed.count(".") == 1 and "," in plain and not np.isnan(number_in(pointed)):
                return f"{shown(text)} must be written with a point: {pointed}"
            return f"{shown(text)} is not a number"
        return f"{shown(text)} {self.rule}"

    @property
    def rule(self) -> str:
        """What a number out of range breaks."""
        if np.isfinite(self.most):
            return f"must lie between {self.least:g} and {self.most:g}"
        return "must not be negative" if self.least == 0 else "must be above 0"

    def write(self, answers: Answers) -> list[list[str]]:
        """Return the columns of numbers, with nine significant digits."""
        values = np.asarray(answers, dtype=np.float64)
        shape = (len(values),) if self.flat else (len(values), len(self.targets))
        if values.shape != shape:
            wanted = "(rows,)" if self.flat else f"(rows, {len(self.targets)})"
            raise PodiumError(f"Answers must be {wanted} numbers, not {described(answers)}.")
        if not np.isfinite(values).all():
            raise PodiumError("Answers must be finite, and one of them is NaN or infinite.")
        if values.size and not self.least <= values.min() <= values.max() <= self.most:
            raise PodiumError(f"An answer cannot be sent: it {self.rule}.")
        if self.shares and not values.any(axis=1).all():
            raise PodiumError("A row of probabilities cannot be sent: all of them are 0.")
        # Adding 0 makes a plain zero of a negative one.
        columns = (values.reshape(len(values), -1) + 0.0).T.tolist()
        return [[f"{value:.9g}" for value in column] for column in columns]


def _pointed(text: str) -> float:
    """Return the number of a text with a decimal comma; NaN for any other: 1,234 may be either."""
    whole, comma, rest = text.strip().partition(",")
    return number_in(f"{whole}.{rest}") if comma and whole and len(rest) not in (0, 3) else np.nan
