"""Columns from outside as they are kept: beside the pipelines' own, and blended with them."""

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from competition.errors import PodiumError
from competition.files import explained_os_errors
from competition.problem.targets import Assigned, Predictions
from pipelines.base import available_pipelines
from pipelines.columns import Column, read_columns, write_column

if TYPE_CHECKING:
    from pipelines.search.plan import Plan

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_TAKEN = ("blend", "folds")  # by what is exported
_ORIGIN = "origin"  # the entry of a manifest that pipelines' own columns lack


def check_name(name: str, plan: "Plan") -> None:
    """Check that a column may be called so.

    Raises:
        PodiumError: it is not a plain word, or a pipeline's name.
    """
    if not _NAME.fullmatch(name):
        raise PodiumError(
            f"{name!a} cannot name a column. Use up to 40 letters, digits, dots and dashes."
        )
    # Some disks tell no small letters from capitals.
    if name.casefold() in (*available_pipelines(plan.competition.rows_kind), *_TAKEN):
        raise PodiumError(f"{name} is a name of Podium's own. Choose another one.")


def is_outside(column: Column) -> bool:
    """Tell whether no pipeline made a column."""
    return _ORIGIN in column.manifest


def keep_column(
    plan: "Plan",
    name: str,
    oof: Predictions,
    test: Predictions,
    origin: str,
    facts: dict[str, Any] | None = None,
    folds: Assigned | None = None,
) -> Column:
    """Score a column and write it; an older one of this name ends.

    Args:
        plan: The data, and the folds that the out-of-fold predictions are of.
        name: What to call it.
        oof: (s, k) predictions of the rows that are scored, as `Problem` wants them.
        test: (m, k) of the test rows, in the sample's order.
        origin: Where it comes from, for people.
        facts: What else the manifest says.
        folds: (s,) the fold of each row that is scored, where these are not ours.

    Raises:
        PodiumError: the name cannot be used, the shapes are not those of the data, or the disk
            refuses a file.
    """
    check_name(name, plan)
    _check_shapes(plan, name, oof, test)
    oof, test = np.asarray(oof, np.float32), np.asarray(test, np.float32)
    dealt, problem = plan.dealt, plan.problem
    score = asdict(problem.score(dealt.truth, oof, dealt.assigned, dealt.units))
    better = score.pop("greater_is_better")
    key = _key(plan, name, oof, test)
    manifest = {
        "pipeline": name,
        "key": key,
        "params": {},
        "seed": plan.seed,
        "folds": plan.folds.facts(),
        "competition": plan.competition.slug,
        "data": plan.data.fingerprint,
        "metric": problem.metric.name,
        "greater_is_better": better,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        _ORIGIN: origin,
        "score": score,
    } | (facts or {})
    column = write_column(plan.workspace.predictions / name / key, manifest, oof, test, folds)
    for other in outside_columns(plan, every=True):
        if other.pipeline == name and other.key != key:
            _delete(other)
    return column


def outside_columns(plan: "Plan", *, every: bool = False) -> list[Column]:
    """Return the columns from outside that are of a plan's data and folds, the best first.

    Args:
        plan: The data and the folds.
        every: Those of other folds too.
    """
    found = read_columns(
        plan.workspace.predictions, plan.data.fingerprint, plan.problem.metric.name
    )
    folds = plan.folds.facts()
    return [
        column
        for column in found
        if is_outside(column) and (every or column.manifest["folds"] == folds)
    ]


def drop_column(plan: "Plan", name: str) -> None:
    """Delete a column from outside.

    Raises:
        PodiumError: there is none of this name.
    """
    found = [column for column in outside_columns(plan, every=True) if column.pipeline == name]
    if not found:
        known = sorted({column.pipeline for column in outside_columns(plan, every=True)})
        raise PodiumError(
            f"There is no added column {name!a}: {', '.join(known) or 'none is'} there."
        )
    for column in found:
        _delete(column)


def _delete(column: Column) -> None:
    with explained_os_errors(column.folder):
        (column.folder / "manifest.json").unlink(missing_ok=True)  # what is left is no column
        shutil.rmtree(column.folder)


def _check_shapes(plan: "Plan", name: str, oof: Predictions, test: Predictions) -> None:
    k = plan.problem.outputs
    wanted: Sequence[tuple[str, Predictions, int]] = (
        ("out-of-fold", oof, len(plan.dealt.rows)),
        ("test", test, len(plan.data.test)),
    )
    for what, array, rows in wanted:
        if array.shape != (rows, k):
            raise PodiumError(
                f"The {what} predictions of {name} have the shape {array.shape} where ({rows}, {k})"
                " is wanted: a row each, and a column for each class or target."
            )
        if not np.isfinite(array).all():
            row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
            raise PodiumError(
                f"The {what} predictions of {name} hold no number in row {row}. Fill the gaps."
            )


def _key(plan: "Plan", name: str, oof: Predictions, test: Predictions) -> str:
    digest = hashlib.sha256(f"{name}\n{plan.data.fingerprint}\n{plan.folds.facts()}".encode())
    digest.update(np.ascontiguousarray(oof).tobytes())
    digest.update(np.ascontiguousarray(test).tobytes())
    return digest.hexdigest()[:16]
