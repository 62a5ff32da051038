"""Giving a column away: its predictions as CSV files by ids, and the folds they are of."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.errors import PodiumError
from competition.files import atomic_path
from competition.problem.targets import Kind, Predictions
from pipelines.blending.blend import read_blend
from pipelines.columns import read_columns
from pipelines.outside.adding import training_ids

if TYPE_CHECKING:
    from pipelines.search.plan import Plan

Floats = npt.NDArray[np.float64]

_BLEND = "blend"


def export(plan: "Plan", name: str, folder: Path) -> list[Path]:
    """Write `<name>-oof.csv`, `<name>-test.csv` and `folds.csv`.

    The first two have an id and a column for each class or target: probabilities, or values as they
    would be submitted. `podium add` reads them.

    Args:
        plan: The data and the folds.
        name: Of a pipeline, whose best column is meant, of a column from outside, or `blend`.
        folder: Where they go; made where it is missing.

    Raises:
        PodiumError: there is no such column, or the disk refuses a file.
    """
    oof, test = _predictions(plan, name)
    spec, ids = plan.competition, training_ids(plan)
    of_test = plan.data.test_ids.tolist()
    frames = {
        f"{name}-oof.csv": _frame(plan, spec.id_column, ids, oof),
        f"{name}-test.csv": _frame(plan, spec.test_id or spec.id_column, of_test, test),
        "folds.csv": pd.DataFrame({spec.id_column: ids, "fold": plan.dealt.assigned}),
    }
    written = []
    for file, frame in frames.items():
        with atomic_path(folder / file) as path:
            frame.to_csv(path, index=False)
        written.append(folder / file)
    return written


def _predictions(plan: "Plan", name: str) -> tuple[Predictions, Predictions]:
    """Return what the best column of a name, or the blend, predicts."""
    if name == _BLEND:
        blend = read_blend(plan.workspace)
        if blend is None or blend.manifest["data"] != plan.data.fingerprint:
            raise PodiumError("There is no blend of this data.")
        return blend.oof(), blend.test()
    columns = read_columns(
        plan.workspace.predictions, plan.data.fingerprint, plan.problem.metric.name
    )
    found = [each for each in columns if each.manifest["folds"] == plan.folds.facts()]
    for column in found:
        if column.pipeline == name:
            return column.oof(), column.test()
    known = ", ".join(sorted({column.pipeline for column in found})) or "none"
    raise PodiumError(f"There is no column {name!a} to export. Finished are: {known}.")


def _frame(
    plan: "Plan", id_column: str, ids: Sequence[str], predictions: Predictions
) -> pd.DataFrame:
    problem = plan.problem
    values: Floats = np.asarray(predictions, np.float64)
    if problem.kind == Kind.NUMBERS:
        values = np.asarray(problem.metric.scale.inverse(values))
    elif problem.kind == Kind.ORDERED:
        values = _labels_of(values, problem.classes)
    names = list(problem.classes if problem.kind == Kind.CLASSES else problem.targets)
    frame = pd.DataFrame(values, columns=names)
    frame.insert(0, id_column, list(ids))
    return frame


def _labels_of(values: Floats, classes: Sequence[str]) -> Floats:
    """Return expected labels of expected class numbers, such as 5.3 for classes from 3 to 8."""
    try:
        known = np.array([float(text) for text in classes])
    except ValueError:
        return values
    return np.asarray(np.interp(values, np.arange(len(known)), known))
