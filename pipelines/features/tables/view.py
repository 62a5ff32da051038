"""What a model is to see of a table: which parts of its features."""

from typing import Any, ClassVar, Self

import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin

from competition.errors import PodiumError
from pipelines.features.tables.columns import Columns
from pipelines.features.tables.store import BASE, looked_up
from pipelines.parameters import SWITCH, Constraints, check_parameters


class View(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The cells of a table, and what else of them is wanted; it learns nothing.

    Args:
        trends: How far on dates are, which a test set from a later time may make worse.
        cycles: Sine and cosine of the parts of dates, for models without cuts.
        topics: Components of the words of texts.
        codes: Whole numbers as categories too.
        counts: How often a cell comes in training and test set together.
        groups: Numbers beside their mean within categories, and what rows of a group share.
        pairs: Differences, ratios and products of two numbers.
        crossings: Categories of the levels of two categories.
    """

    constraints: ClassVar[Constraints] = dict.fromkeys(
        ("trends", "cycles", "topics", "codes", "counts", "groups", "pairs", "crossings"), SWITCH
    )

    def __init__(
        self,
        *,
        trends: bool = True,
        cycles: bool = False,
        topics: bool = True,
        codes: bool = False,
        counts: bool = False,
        groups: bool = False,
        pairs: bool = False,
        crossings: bool = False,
    ) -> None:
        self.trends = trends
        self.cycles = cycles
        self.topics = topics
        self.codes = codes
        self.counts = counts
        self.groups = groups
        self.pairs = pairs
        self.crossings = crossings

    def fit(self, rows: npt.NDArray[Any], truth: Any = None) -> Self:
        """Check the parameters; there is nothing to learn.

        Raises:
            PodiumError: a parameter is out of its range.
        """
        check_parameters(self)
        return self

    def transform(self, rows: npt.NDArray[Any]) -> Columns:
        """Return the features of rows (n, columns) of a table.

        Raises:
            PodiumError: the folder that keeps them cannot be written.
        """
        wanted = tuple(name for name, value in self.get_params().items() if value)
        return looked_up(rows, (BASE, *wanted))

    def fit_transform(self, rows: npt.NDArray[Any], truth: Any = None) -> Columns:
        """Return the features of rows (n, columns) that are to be learnt from.

        Raises:
            PodiumError: there is none, or the folder that keeps them cannot be written.
        """
        found = self.fit(rows).transform(rows)
        if not found.names:
            raise PodiumError(
                "No column tells rows apart: each is empty, constant, or another word in every "
                "row. Give one another role in [roles] of the competition's TOML file."
            )
        return found

    def __sklearn_is_fitted__(self) -> bool:
        """Return True: there is nothing to learn."""
        return True
