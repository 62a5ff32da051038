"""A column as a run leaves it, without the run."""

from pathlib import Path
from typing import Any

import numpy as np

from pipelines.blending.candidates import folds_of
from pipelines.columns import Column, write_column
from pipelines.search.plan import Plan

KEY = "0123456789abcdef"


def made_column(plan: Plan, root: Path, **changes: Any) -> Column:
    """Write a column of guesses that know a little, below a folder.

    Args:
        plan: Whose data, folds and metric it has.
        root: Gets `<pipeline>/<key>/`.
        changes: Other entries of the manifest.
    """
    chance, problem = np.random.default_rng(0), plan.problem
    truth = np.asarray(plan.data.truth)[plan.dealt.rows]
    oof = chance.random((len(truth), problem.outputs))
    oof[np.arange(len(truth)), truth] += 0.4
    test = chance.random((len(plan.data.test), problem.outputs))
    oof, test = (each / each.sum(axis=1, keepdims=True) for each in (oof, test))
    score = problem.score(plan.dealt.truth, oof, plan.dealt.assigned, plan.dealt.units)
    manifest = {
        "pipeline": "logistic",
        "key": KEY,
        "params": {},
        "seed": plan.seed,
        "folds": folds_of(plan),
        "competition": plan.competition.slug,
        "data": plan.data.fingerprint,
        "metric": problem.metric.name,
        "greater_is_better": problem.greater_is_better,
        "created": "2026-01-02T03:04:05+00:00",
        "score": {
            "value": score.value,
            "standard_error": score.standard_error,
            "loss": score.loss,
            "rows": score.rows,
        },
    }
    found = manifest | changes
    return write_column(root / found["pipeline"] / found["key"], found, oof, test)
