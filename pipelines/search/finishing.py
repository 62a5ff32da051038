"""From a study's best trials to columns: the test predictions they lack, then the files."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pipelines.base import Params, Pipeline
from pipelines.execution.base import FitExecutor
from pipelines.metrics import Probabilities, score
from pipelines.search.fit import FitRequest, fit_fold, requests_of
from pipelines.search.plan import Plan
from pipelines.search.store import Column
from pipelines.search.trial import join_folds

_LOOK = 30.0  # seconds


def in_store(pipeline: Pipeline, plan: Plan, params: Params) -> bool:
    """Say whether all folds of a configuration were fitted here."""
    requests = requests_of(plan.task(pipeline, params))
    return all(plan.store.fit_file(request).exists() for request in requests)


def missing_fits(pipeline: Pipeline, plan: Plan, configurations: list[Params]) -> list[FitRequest]:
    """Return the fits whose test predictions are not in the store."""
    wanted = [
        request
        for params in configurations
        for request in requests_of(plan.task(pipeline, params), want_test=True)
    ]
    return [request for request in wanted if plan.store.load(request) is None]


def finishing_work(pipeline: Pipeline, plan: Plan, configurations: list[Params]) -> float:
    """Predict the seconds of work that `finish_columns` will need, from what the folds took."""
    total = 0.0
    for request in missing_fits(pipeline, plan, configurations):
        known = plan.store.load(FitRequest(request.task, request.fold))
        if known is not None:
            share = len(plan.data.test_images) / len(known.scored)
            total += known.fit_seconds + known.predict_seconds * (1 + share)
    return total


def finish_columns(
    pipeline: Pipeline,
    plan: Plan,
    configurations: list[Params],
    facts: dict[str, Any],
    executor: FitExecutor,
    report: Callable[[int], None],
) -> list[Column]:
    """Predict the test set with every fold's model where that is missing, and write the columns.

    Fitted estimators of the pipeline's other configurations are deleted.

    Args:
        pipeline: The pipeline that the configurations are of.
        plan: What the run shares.
        configurations: Parameters whose folds are in the store, best first.
        facts: What the manifests say beside the scores.
        executor: Where fits run.
        report: Called with the number of fits left.

    Returns:
        One column for each configuration, in their order.
    """
    missing = missing_fits(pipeline, plan, configurations)
    futures = {executor.submit(fit_fold, request): request for request in missing}
    while futures:
        for future in executor.wait(futures, _LOOK):
            plan.store.save(futures.pop(future), future.result())
            report(len(futures))
    columns = [_column(pipeline, plan, params, facts) for params in configurations]
    plan.store.drop_models(pipeline.name, {column.key for column in columns})
    return columns


def _column(pipeline: Pipeline, plan: Plan, params: Params, facts: dict[str, Any]) -> Column:
    task = plan.task(pipeline, params)
    results = [
        result
        for request in requests_of(task, want_test=True)
        if (result := plan.store.load(request)) is not None
    ]
    labels = plan.data.train_labels
    oof = join_folds(results, plan.folds.assign(labels))
    tests = [result.test for result in results if result.test is not None]
    test: Probabilities = np.mean(np.stack(tests), axis=0, dtype=np.float32)
    outcome = score(oof, labels)
    scores = {
        "oof_accuracy": outcome.accuracy,
        "oof_log_loss": outcome.log_loss,
        "standard_error": outcome.standard_error,
        "fit_seconds": round(sum(result.fit_seconds for result in results), 3),
        "predict_seconds": round(sum(result.predict_seconds for result in results), 3),
    }
    return plan.store.finish(task, oof, test, scores | facts)
