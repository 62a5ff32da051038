"""Taking somebody's predictions: read, checked, and kept as a column; and giving ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from competition.data.csv_files import find_csv
from competition.data.tables.reading.cells import read_cells, read_typed
from competition.data.tables.reading.coded import texts_of
from competition.data.tables.reading.csv_shape import open_content
from competition.errors import PodiumError
from competition.problem.targets import Assigned, Kind, Predictions
from competition.verbs import step
from pipelines.columns import Column, read_columns
from pipelines.outside.checks import Reference, Verdict, verdicts
from pipelines.outside.columns import check_name, is_outside, keep_column
from pipelines.outside.files import Expected, read_predictions

if TYPE_CHECKING:
    from pipelines.search.plan import Plan

_REFERENCES = 3  # columns of our own that others are measured by, each of another pipeline
_FOLD = "fold"


@dataclass(frozen=True)
class Added:
    """Somebody's predictions, and what the checks found.

    Attributes:
        oof: (s, k) of the rows that are scored.
        test: (m, k) of the test rows.
        verdicts: What was found.
        folds: (s,) the fold of each row that is scored, where they are not ours; None: they are.
    """

    oof: Predictions
    test: Predictions
    verdicts: tuple[Verdict, ...]
    folds: Assigned | None = None

    @property
    def fine(self) -> bool:
        """Whether no check refuses them."""
        return all(verdict.fine for verdict in self.verdicts)


def judged(
    plan: "Plan",
    name: str,
    oof: Path | npt.NDArray[Any],
    test: Path | npt.NDArray[Any],
    folds: Path | npt.NDArray[Any] | None = None,
) -> Added:
    """Read somebody's predictions and check them; nothing is kept.

    Args:
        plan: The data and our folds.
        name: What to call the column.
        oof: The file, or the array, of the training rows.
        test: That of the test rows.
        folds: A CSV with an id and a fold of each training row, or an array (n,) in their order,
            where they are not ours.

    Raises:
        PodiumError: a file does not hold what it should, or there is no column to compare with.
    """
    check_name(name, plan)
    references = _references(plan, name)
    ids = training_ids(plan)
    of_oof = read_predictions(oof, _expected(plan, "out-of-fold", ids))
    of_test = read_predictions(test, _expected(plan, "test", plan.data.test_ids.tolist()))
    features = plan.data.train[plan.dealt.rows], plan.data.test
    found = verdicts(of_oof, of_test, plan.dealt.truth, plan.problem, references, features)
    theirs = None
    if folds is not None:
        theirs = (
            _folds_in_file(folds, ids) if isinstance(folds, Path) else _folds_in_array(folds, plan)
        )
        found.append(_fold_verdict(theirs, plan))
        theirs = None if _are_ours(theirs, plan) else theirs
    return Added(of_oof, of_test, tuple(found), theirs)


def keep(plan: "Plan", name: str, added: Added) -> Column:
    """Keep what was checked as a column, which the next blend takes part of.

    Raises:
        PodiumError: the disk refuses it.
    """
    said = {"checks": [verdict.text for verdict in added.verdicts]}
    return keep_column(plan, name, added.oof, added.test, "added", said, added.folds)


def training_ids(plan: "Plan") -> list[str]:
    """Return the ids of the rows that are scored: the training file's, or numbers from 0."""
    spec, folder = plan.competition, plan.workspace.data
    ids = [str(row) for row in range(len(plan.data.truth))]
    if spec.rows_kind == "tables":
        path = find_csv(folder, spec.train_file)
        with open_content(path) as content:
            has_ids = spec.id_column in content.names
        if has_ids:
            cells = read_typed(path, (spec.id_column,), only=(spec.id_column,))
            ids = texts_of(cells[spec.id_column]).fillna("").tolist()
    return [ids[row] for row in plan.dealt.rows]


def _expected(plan: "Plan", what: str, ids: Sequence[str]) -> Expected:
    spec, problem = plan.competition, plan.problem
    names = tuple(name for name in (spec.id_column, spec.test_id) if name is not None)
    least = -np.inf
    if problem.kind == Kind.NUMBERS:
        least = float(np.min(plan.dealt.truth))
    return Expected(what, ids, names, problem, least)


def _references(plan: "Plan", name: str) -> list[Reference]:
    """Return the best columns that are known to be honest, each of another pipeline.

    Raises:
        PodiumError: there is none.
    """
    found: dict[str, Column] = {}
    columns = read_columns(
        plan.workspace.predictions, plan.data.fingerprint, plan.problem.metric.name
    )
    for column in columns:
        if not is_outside(column) and column.manifest["folds"] == plan.folds.facts():
            found.setdefault(column.pipeline, column)
    found.pop("baseline", None)
    if not found:
        raise PodiumError(
            f"There is nothing to compare {name} with: no pipeline has finished here. Next: "
            f"{step('tune')}"
        )
    best = list(found.values())[:_REFERENCES]
    return [Reference(column.pipeline, column.oof(), column.test()) for column in best]


def _fold_verdict(theirs: Assigned, plan: "Plan") -> Verdict:
    """Tell how somebody's folds differ from ours, and whether they part what belongs together."""
    units = plan.dealt.units
    if units is not None:
        pairs = np.unique(np.column_stack([units, theirs]), axis=0)
        parted = len(pairs) - len(np.unique(units))
        if parted:
            return Verdict(
                False, f"their folds part {parted} of the groups that the test set keeps together"
            )
    if _are_ours(theirs, plan):
        return Verdict(True, "their folds are ours")
    count = len(np.unique(theirs))
    return Verdict(
        True, f"{count} folds of their own: weights will be learnt on rows outside of both folds"
    )


def _are_ours(theirs: Assigned, plan: "Plan") -> bool:
    pairs = len(np.unique(np.column_stack([theirs, plan.dealt.assigned]), axis=0))
    return pairs == len(np.unique(theirs)) == plan.folds.count


def _folds_in_array(folds: npt.NDArray[Any], plan: "Plan") -> Assigned:
    """Return the fold (s,) of each row that is scored by those of all training rows."""
    rows = len(plan.data.truth)
    if np.shape(folds) != (rows,):
        raise PodiumError(f"The folds have the shape {np.shape(folds)} where ({rows},) is wanted.")
    numbered: Assigned = np.unique(np.asarray(folds), return_inverse=True)[1]
    return numbered[plan.dealt.rows]


def _folds_in_file(path: Path, ids: Sequence[str]) -> Assigned:
    """Return the fold (s,) of each row by a CSV of ids and folds."""
    if not path.is_file():
        raise PodiumError(f"There is no file {path}. Give a CSV with an id and a fold of each row.")
    frame = read_cells(path)
    names = [str(name) for name in frame]
    column = _FOLD if _FOLD in names else names[-1]
    others = [name for name in names if name != column]
    if not others:
        raise PodiumError(f"{path.name} has one column; an id and a fold are wanted.")
    known = dict(zip(texts_of(frame[others[0]]), texts_of(frame[column]), strict=True))
    lost = next((one for one in ids if one not in known), None)
    if lost is not None:
        raise PodiumError(f"{path.name} has no fold of the row {lost!a}.")
    places: dict[str, int] = {}
    return np.array([places.setdefault(known[one], len(places)) for one in ids])
