"""What a notebook shows of columns and blends."""

from html import escape

import pandas as pd

from competition.problem.scores import Score
from competition.problem.targets import Predictions
from pipelines.blending.stored import StoredBlend
from pipelines.columns import Column


class ColumnView:
    """A column: out-of-fold and test predictions, and what they are worth.

    Args:
        column: As it is stored.
    """

    def __init__(self, column: Column) -> None:
        self.column = column

    @property
    def name(self) -> str:
        """What it is called."""
        return self.column.pipeline

    @property
    def score(self) -> Score:
        """Out-of-fold score with its standard error."""
        return self.column.score

    @property
    def oof(self) -> Predictions:
        """(s, k) predictions of the rows that are scored, each by models that did not see it."""
        return self.column.oof()

    @property
    def test(self) -> Predictions:
        """(m, k) predictions of the test rows, in the sample's order."""
        return self.column.test()

    def __repr__(self) -> str:
        """Return name and score."""
        return f"{self.name}: {self.score}"

    def _repr_html_(self) -> str:
        return f"<b>{escape(self.name)}</b>: {escape(str(self.score))}"


class BlendView:
    """A blend: its members' weights, what it is worth, and its predictions.

    Args:
        blend: As it is stored.
    """

    def __init__(self, blend: StoredBlend) -> None:
        self.stored = blend

    @property
    def score(self) -> Score:
        """Cross-fitted score with its standard error."""
        return self.stored.score

    @property
    def as_sent(self) -> float | None:
        """The score by the mean of all folds' models, which is sent; None where one is sent."""
        return self.stored.as_sent

    @property
    def weights(self) -> pd.Series:
        """The weight of each member, by pipeline and key, the heaviest first."""
        members = self.stored.members
        index = pd.MultiIndex.from_tuples(
            [(member.pipeline, member.key[:8]) for member in members], names=["pipeline", "key"]
        )
        return pd.Series([member.weight for member in members], index=index, name="weight")

    @property
    def oof(self) -> Predictions:
        """(s, k) cross-fitted predictions of the rows that are scored."""
        return self.stored.oof()

    @property
    def test(self) -> Predictions:
        """(m, k) predictions of the test rows, in the sample's order."""
        return self.stored.test()

    def __repr__(self) -> str:
        """Return what it is made of, and what it is worth."""
        from pipelines.display import blend_line

        return blend_line(self.stored)

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.weights.to_frame().to_html()}"
