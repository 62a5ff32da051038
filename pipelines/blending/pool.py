"""The out-of-fold predictions of all trials, of which the columns of a blend were chosen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import optuna
from optuna.trial import TrialState

from competition.errors import PodiumError
from pipelines.base import Pipeline
from pipelines.blending.candidates import predictions_of
from pipelines.blending.mixture import Stack
from pipelines.outside.columns import outside_columns
from pipelines.search.studies.study import open_storage, study_name
from pipelines.search.trial import join_folds

if TYPE_CHECKING:
    from pipelines.search.plan import Plan


def trials_of(plan: "Plan", pipelines: Sequence[Pipeline]) -> list[tuple[Stack, int]]:
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
