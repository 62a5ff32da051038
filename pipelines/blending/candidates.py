"""The columns that a blend may be made of, and whether they are still the same."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from competition.errors import PodiumError
from competition.problem.targets import Assigned, Predictions
from pipelines.base import Pipeline, chosen_pipelines
from pipelines.columns import Column, read_columns
from pipelines.outside.columns import is_outside, outside_columns

if TYPE_CHECKING:
    from pipelines.search.plan import Plan

log = logging.getLogger(__name__)


def candidates(plan: "Plan", pipelines: Sequence[Pipeline]) -> list[Column]:
    """Return the columns that are there of the plan's data and folds, the best of each pipeline.

    Those from outside are always among them.
    Those of a floor are among them only where there are no others. A constant has no effect on the
    order of rows, so a ranking metric would let it into a blend by chance.
    """
    floors = [pipeline for pipeline in pipelines if pipeline.floor]
    others = [pipeline for pipeline in pipelines if not pipeline.floor]
    return _best(plan, others) + outside_columns(plan) or _best(plan, floors)


def floor_of(plan: "Plan") -> Column | None:
    """Return the best column of what a blend has to beat; None where there is none."""
    every = chosen_pipelines(None, plan.competition).pipelines
    found = _best(plan, [pipeline for pipeline in every if pipeline.floor])
    return max(found, key=lambda column: column.score.rank, default=None)


def _best(plan: "Plan", pipelines: Sequence[Pipeline]) -> list[Column]:
    there = read_columns(
        plan.workspace.predictions, plan.data.fingerprint, plan.problem.metric.name
    )
    comparable = [column for column in there if column.manifest["folds"] == folds_of(plan)]
    return [
        column
        for pipeline in pipelines
        for column in [each for each in comparable if each.pipeline == pipeline.name][
            : pipeline.columns
        ]
    ]


def folds_of(plan: "Plan") -> dict[str, Any]:
    """Return a plan's folds as manifests write them."""
    return plan.folds.facts()


def predictions_of(column: Column, plan: "Plan") -> tuple[Predictions, Predictions] | None:
    """Return a column's predictions (n, k) and (m, k).

    Returns:
        None, with a line in the log, where they are damaged or are of other rows.
    """
    try:
        oof, test = column.oof(), column.test()
    except PodiumError as error:
        log.warning("A column of %s is left out: %s", column.pipeline, error)
        return None
    outputs = plan.problem.outputs
    shapes = (len(plan.dealt.rows), outputs), (len(plan.data.test), outputs)
    if (oof.shape, test.shape) != shapes or not (
        np.isfinite(oof).all() and np.isfinite(test).all()
    ):
        log.warning("A column of %s is left out: %s is damaged.", column.pipeline, column.folder)
        return None
    return oof, test


def fits_of(column: Column, plan: "Plan") -> Predictions | None:
    """Return the test predictions (fits, m, k) of each fold's model; None where they are not known.

    They are not for a column from outside, nor where one model of all rows predicts the test set.
    """
    if plan.folds.whole is not None or is_outside(column):
        return None
    shape = (plan.folds.fits, len(plan.data.test), plan.problem.outputs)
    found = plan.store.tests_of(column.pipeline, column.key, plan.folds.fits)
    return found if found is not None and found.shape == shape else None


def own_folds_of(column: Column, plan: "Plan") -> Assigned | None:
    """Return the fold (n,) of each row where a column was made on other folds than ours.

    Returns:
        None where they are ours, or, with a line in the log, damaged.
    """
    try:
        folds = column.folds()
    except PodiumError as error:
        log.warning("%s is blended as if its folds were ours: %s", column.pipeline, error)
        return None
    if folds is not None and folds.shape != plan.dealt.assigned.shape:
        log.warning("%s is blended as if its folds were ours: they are damaged.", column.pipeline)
        return None
    return folds


def stamps(columns: Sequence[Column]) -> dict[str, str]:
    """Return when each column was written, by pipeline and key."""
    return {f"{column.pipeline}/{column.key}": column.created for column in columns}


def changes_since(before: object, columns: Sequence[Column]) -> str:
    """Return what has changed about columns, as a clause; empty for nothing.

    Where all of them were deleted, that is nothing: no other blend can be made.

    Args:
        before: What `stamps` returned of them then.
        columns: Those that are there now.
    """
    if not isinstance(before, dict):
        return "the old one does not say what it was made of"
    now = stamps(columns) or before
    changes = {
        "has a new column": now.keys() - before.keys(),
        "has lost a column": before.keys() - now.keys(),
        "was tuned again": {
            name for name in now.keys() & before.keys() if now[name] != before[name]
        },
    }
    for what, changed in changes.items():
        if changed:
            return f"{min(changed).split('/')[0]} {what}"
    return ""
