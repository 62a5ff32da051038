"""A small table of every kind of column, made up, that knows its origin as a data set's does."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.data.rows import Origin, Rows
from competition.data.tables.schema import Column, Role, Schema

ROWS = 420
TEST = 60
HOUR = 3600.0


class Made:
    """A table in memory: 420 training rows, 60 test rows.

    Attributes:
        matrix: (480, columns) float64, training rows first.
        schema: What its columns are.
        signal: (420,) what the truth is made of.
        units: (420,) which rows belong together.
    """

    def __init__(self, folder: Path, seed: int = 0) -> None:
        chance = np.random.default_rng(seed)
        count = ROWS + TEST
        number, tailed = chance.normal(size=count), np.exp(3 * chance.normal(size=count))
        kind = chance.integers(0, 4, count).astype(float)
        town = chance.integers(0, 60, count).astype(float)
        of_town = chance.normal(size=60)
        deck = chance.integers(0, 300, count).astype(float)
        moments = 1.3e9 + HOUR * np.arange(count)
        group = np.arange(count) // 3
        words = chance.integers(0, 200, count).astype(float)
        gaps = np.where(chance.random(count) < 0.2, np.nan, number + chance.normal(size=count))
        only_train = np.where(np.arange(count) < ROWS, tailed, np.nan)
        columns = {
            Column("number", Role.NUMBER): number,
            Column("tailed", Role.NUMBER): tailed,
            Column("gaps", Role.NUMBER): gaps,
            Column("in train only", Role.NUMBER): only_train,
            Column("code", Role.NUMBER): town * 7,
            Column("kind", Role.CATEGORY, 4): np.where(chance.random(count) < 0.1, np.nan, kind),
            Column("town", Role.CATEGORY, 60): town,
            Column("deck", Role.CATEGORY, 300): deck,
            Column("size", Role.ORDINAL, 4): chance.integers(0, 4, count).astype(float),
            Column("when", Role.DATE): moments,
            Column("said", Role.TEXT, 200): words,
            Column("family", Role.GROUP, int(group.max()) + 1): group.astype(float),
        }
        self.matrix = np.column_stack(list(columns.values()))
        self.schema = Schema(tuple(columns), folder)
        self._levels = {
            5: ["a", "b", "c", "d"],
            6: [f"town {number}" for number in range(60)],
            7: [f"{'ABCDEF'[number % 6]}/{number}/{'PS'[number % 2]}" for number in range(300)],
            8: ["s", "m", "l", "xl"],
            10: [f"Mr. Number {number} {'tall' * (number % 2)} man" for number in range(200)],
            11: [str(number) for number in range(int(group.max()) + 1)],
        }
        self.schema.write(self._levels)
        hours = np.sin(2 * np.pi * np.arange(count) / 24)
        signal = number + of_town[town.astype(int)] + (kind == 2) + hours
        self.signal: npt.NDArray[np.float64] = signal[:ROWS]
        self.units = group[:ROWS].astype(np.int64)

    def keep(self, *names: str) -> None:
        """Drop all other columns."""
        places = [k for k, column in enumerate(self.schema.columns) if column.name in names]
        self.matrix = self.matrix[:, places]
        kept = tuple(self.schema.columns[k] for k in places)
        self.schema = Schema(kept, self.schema.folder)
        of = enumerate(places)
        self._levels = {new: self._levels[old] for new, old in of if old in self._levels}
        self.schema.write(self._levels)

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """(420,) classes 0, 1 and 2 of the signal."""
        return np.digitize(self.signal, np.quantile(self.signal, (0.4, 0.7)))

    def train(
        self,
        numbers: npt.NDArray[np.int64] | None = None,
        *,
        folder: Path | None = None,
        forward: bool = False,
    ) -> Rows:
        """Return training rows, all of them or some; `forward` in time, or in groups."""
        matrices = self.matrix[:ROWS], self.matrix[ROWS:]
        return self._rows(*matrices, "train", numbers, folder, forward)

    def test(self, *, folder: Path | None = None) -> Rows:
        """Return the test rows."""
        return self._rows(self.matrix[ROWS:], self.matrix[:ROWS], "test", None, folder)

    def _rows(
        self,
        whole: npt.NDArray[Any],
        other: npt.NDArray[Any],
        name: str,
        numbers: npt.NDArray[np.int64] | None,
        folder: Path | None,
        forward: bool = False,
    ) -> Rows:
        chosen = np.arange(len(whole)) if numbers is None else numbers
        units = self.units if name == "train" else None
        of = f"{self.schema.folder}-{name}"
        origin = Origin(whole, of, folder, chosen, self.schema, units, other, forward)
        return Rows(whole[chosen], origin)
