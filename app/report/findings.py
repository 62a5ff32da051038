"""What the chain has stored so far, read for the report; nothing is trained or written."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from competition.data.dataset import Dataset, load_dataset
from competition.errors import PodiumError
from competition.problem.problem import Problem
from competition.problem.targets import Answers, Assigned, Truth
from competition.spec import Competition
from competition.verbs import step
from competition.workspace import Workspace
from pipelines.blending.blend import StoredBlend, read_blend
from pipelines.columns import Column, read_columns
from pipelines.search.folds import Dealt, Folds, Indices, folds_in


@dataclass(frozen=True)
class Findings:
    """All that a report can show of one competition's data.

    Attributes:
        workspace: Where it was found.
        data: The rows and their truth.
        columns: Every finished column of this data, best first.
        blend: None where there is none of this data.
    """

    workspace: Workspace
    data: Dataset
    columns: tuple[Column, ...]
    blend: StoredBlend | None

    @property
    def competition(self) -> Competition:
        """Names the classes or targets."""
        return self.workspace.competition

    @cached_property
    def problem(self) -> Problem:
        """What is asked."""
        return self.competition.problem

    @cached_property
    def truth(self) -> Truth:
        """Class indices (s,), or values (s, t), of the rows that folds score."""
        return np.asarray(self.data.truth[self.scored_rows])

    @cached_property
    def scored_rows(self) -> Indices:
        """(s,) the numbers of the rows that folds score: all, but the later ones by time."""
        blends: list[Column | StoredBlend] = [self.blend] if self.blend else []
        stored = [*self.columns, *blends]
        return self._dealt(stored[0]).rows if stored else np.arange(len(self.data.truth))

    def row(self, place: int) -> int:
        """Return the number in train, from 0, of the row at a place of `truth`."""
        return int(self.scored_rows[place])

    @property
    def noun(self) -> str:
        """What rows are called: `images` or `rows`."""
        return "images" if self.data.schema is None else "rows"

    @property
    def best_columns(self) -> list[Column]:
        """The best column of each pipeline, best first."""
        best: dict[str, Column] = {}
        for column in self.columns:
            best.setdefault(column.pipeline, column)
        return list(best.values())

    def assigned(self, stored: Column | StoredBlend) -> Assigned:
        """Return the fold (n,) in which each row of a column or of the blend was scored."""
        return self._dealt(stored).assigned

    def _dealt(self, stored: Column | StoredBlend) -> Dealt:
        folds = folds_in(stored.manifest["folds"])
        if folds not in self._dealings:  # dealing out many groups takes seconds
            truth = np.asarray(self.data.truth)
            self._dealings[folds] = folds.deal(truth, self.problem, self.data.units)
        return self._dealings[folds]

    @cached_property
    def _dealings(self) -> dict[Folds, Dealt]:
        return {}

    def answers(self, column: Column) -> Answers:
        """Return a column's out-of-fold answers, its decision learnt on other folds."""
        return self.problem.answers(self.truth, column.oof(), self.assigned(column))


def gather(workspace: Workspace) -> Findings:
    """Read the data, the finished columns and the blend.

    Raises:
        PodiumError: the data is missing or broken, or a file of the blend is.
    """
    competition = workspace.competition
    data = load_dataset(competition, workspace.data)
    metric = competition.problem.metric.name
    columns = read_columns(workspace.predictions, data.fingerprint, metric)
    return Findings(workspace, data, tuple(columns), _blend(workspace, data))


def _blend(workspace: Workspace, data: Dataset) -> StoredBlend | None:
    """Read the blend; None where there is none, or one of other data."""
    blend = read_blend(workspace)
    if blend is None or blend.manifest["data"] != data.fingerprint:
        return None
    dealt = folds_in(blend.manifest["folds"]).deal(
        data.truth, workspace.competition.problem, data.units
    )
    if (len(blend.oof()), len(blend.test())) != (len(dealt.rows), len(data.test)):
        raise PodiumError(
            f"The blend in {blend.folder} has other rows than the data. Blend again: "
            f"{step('blend')}."
        )
    return blend
