"""Bundled competitions with a column of Podium's, which others are compared with."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipelines.outside.columns import keep_column
from podium import Run
from tests.bundled import opened, practice_of

__all__ = ["opened", "practice_of"]


def predicted(run: Run, model: Any) -> tuple[Any, Any]:
    """Return honest predictions of scikit-learn's, of the training and the test rows."""
    method = "predict_proba" if run.classes else "predict"
    model = make_pipeline(StandardScaler(), model)
    oof = cross_val_predict(model, run.train, run.target, cv=run.folds[0], method=method)
    test = getattr(model.fit(run.train, run.target), method)(run.test)
    return tuple(np.asarray(each, float).reshape(len(each), -1) for each in (oof, test))


@pytest.fixture
def tuned(opened: Callable[[str], Run]) -> Callable[[str], Run]:
    """Opens a competition in which the pipeline `linear` has finished."""

    def open_it(slug: str) -> Run:
        run = opened(slug)
        oof, test = predicted(run, LogisticRegression() if run.classes else Ridge())
        scale = run.plan.problem.metric.scale
        if not run.classes:
            oof, test = scale.forward(oof), scale.forward(test)
        column = keep_column(run.plan, "stand-in", oof, test, "nowhere")
        path = column.folder / "manifest.json"
        manifest = json.loads(path.read_text()) | {"pipeline": "linear", "trials": 1}
        del manifest["origin"]
        path.write_text(json.dumps(manifest))
        return run

    return open_it
