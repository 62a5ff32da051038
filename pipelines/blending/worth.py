"""What a blend is worth, beside its score: as it is sent, corrected for choices, above a floor."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from competition.errors import PodiumError
from competition.problem.decisions import Decision
from competition.problem.targets import Predictions
from pipelines.base import Pipeline
from pipelines.blending.averaging import MANY_ROWS, gain_of_the_mean, sent_rows
from pipelines.blending.candidates import fits_of, floor_of, predictions_of
from pipelines.blending.cross_fitting import Blend
from pipelines.blending.mixture import Stack
from pipelines.blending.optimism import MOST_ROWS, corrected_value
from pipelines.columns import Column
from pipelines.outside.columns import outside_columns
from pipelines.search.trial import join_folds

if TYPE_CHECKING:
    from pipelines.search.plan import Plan


def worth_of(
    plan: "Plan",
    pipelines: Sequence[Pipeline],
    columns: Sequence[Column],
    tests: Sequence[Predictions],
    blended: Blend,
    decision: Decision,
) -> dict[str, Any]:
    """Return what a blend's manifest says of its worth.

    Args:
        plan: What it was made on.
        pipelines: Whose trials were tuned.
        columns: What it is made of.
        tests: (m, k) their predictions of the test rows.
        blended: The blend.
        decision: What makes answers of test rows.
    """
    return {
        "as_sent": _as_sent(plan, columns, tests, blended, decision),
        "corrected": _corrected(plan, pipelines, blended.method),
        "floor": _floor(plan, blended),
    }


def _as_sent(
    plan: "Plan",
    columns: Sequence[Column],
    tests: Sequence[Predictions],
    blended: Blend,
    decision: Decision,
) -> float | None:
    """Return the estimate for the mean of all folds' models; None where one model is sent."""
    used = np.flatnonzero(blended.mixture.weights).tolist()
    fits = (fits_of(columns[place], plan) for place in used)
    sent = sent_rows([tests[place] for place in used], fits, plan.folds.count, MANY_ROWS)
    if sent is None:
        return None
    gain = gain_of_the_mean(
        sent.at_temperatures(blended.temperatures[used], plan.problem),
        blended.mixture.of_columns(used),
        plan.problem,
        decision,
        plan.dealt.truth,
        blended.oof,
    )
    value = blended.score.value + gain
    return value if math.isfinite(value) else None


def _corrected(plan: "Plan", pipelines: Sequence[Pipeline], method: str) -> dict[str, float] | None:
    """Return the estimate that the choice among trials does not flatter; None on many rows."""
    truth = plan.dealt.truth
    if plan.competition.rows_kind != "tables" or len(truth) > MOST_ROWS:
        return None
    pool = _trials_of(plan, [each for each in pipelines if not each.floor])
    trials = sum(len(stack) for stack, _ in pool)
    if trials < 2:
        return None
    value = corrected_value(pool, truth, plan.problem, method, plan.dealt.units)
    return {"value": value, "trials": trials} if math.isfinite(value) else None


def _floor(plan: "Plan", blended: Blend) -> dict[str, Any] | None:
    """Return what the blend has to beat, and by how much it does."""
    column = floor_of(plan)
    arrays = None if column is None else predictions_of(column, plan)
    if column is None or arrays is None:
        return None
    dealt = plan.dealt
    answers = plan.problem.answers(dealt.truth, arrays[0], dealt.assigned)
    found = plan.problem.compare(dealt.truth, blended.answers, answers, dealt.units)
    return {
        "pipeline": column.pipeline,
        "value": column.score.value,
        "gain": found.gain,
        "standard_error": found.standard_error,
        "p_value": found.p_value,
    }


def _trials_of(plan: "Plan", pipelines: Sequence[Pipeline]) -> list[tuple[Stack, int]]:
    """Return of each pipeline the predictions of its completed trials, (trials, s, k).

    Columns from outside follow, each a single one.

    Args:
        plan: The data, the folds and the database.
        pipelines: Whose trials.

    Returns:
        With each how many of its trials become columns; pipelines without trials are left out, and
        trials whose fits are not in the store.

    Raises:
        DatabaseFailed: the database cannot be used.
    """
    database = plan.workspace.database
    if database.missing:
        return []
    import optuna
    from optuna.trial import TrialState

    from pipelines.search.studies.study import open_storage, study_name

    storage = open_storage(database)
    pool = []
    for pipeline in pipelines:
        with database.explained():
            try:
                study = optuna.load_study(study_name=study_name(plan, pipeline), storage=storage)
            except KeyError:  # there is none
                continue
            trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        keys = sorted({str(trial.user_attrs["key"]) for trial in trials})
        found = []
        for key in keys:
            fits = plan.store.scored_of(pipeline.name, key, plan.folds.fits)
            try:
                found.append(join_folds(fits, plan.dealt))
            except PodiumError:  # cleaned away, or of several makers
                continue
        if found:
            pool.append((np.stack(found), pipeline.columns))
    if pool:
        arrays = (predictions_of(column, plan) for column in outside_columns(plan))
        pool += [(found[0][np.newaxis], 1) for found in arrays if found is not None]
    return pool
