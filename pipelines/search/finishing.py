"""From a study's best trials to columns: the test predictions they lack, then the files."""

import logging
import platform
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from competition.errors import InfrastructureError, PodiumError
from competition.problem.targets import Predictions
from pipelines.base import Params, Pipeline
from pipelines.columns import Column, write_column
from pipelines.execution.base import FitExecutor
from pipelines.search.fit import (
    FitRequest,
    FitResult,
    Task,
    column_requests,
    failure_of,
    fit_fold,
    requests_of,
)
from pipelines.search.plan import Plan
from pipelines.search.trial import join_folds

log = logging.getLogger(__name__)

_LOOK = 30.0  # seconds
_PACKAGES = ("numpy", "scikit-learn", "keras", "tensorflow", "xgboost", "faiss-cpu", "optuna")


def in_store(pipeline: Pipeline, plan: Plan, params: Params) -> bool:
    """Say whether all folds of a configuration were fitted here, by this code."""
    return plan.store.has(requests_of(plan.task(pipeline, params)))


def missing_fits(pipeline: Pipeline, plan: Plan, configurations: list[Params]) -> list[FitRequest]:
    """Return the fits whose test predictions are not in the store."""
    wanted = [
        request
        for params in configurations
        for request in column_requests(plan.task(pipeline, params))
    ]
    return [request for request in wanted if plan.store.load(request) is None]


def finishing_work(pipeline: Pipeline, plan: Plan, configurations: list[Params]) -> float:
    """Predict the seconds of work that `finish_columns` will need, from what the folds took."""
    total = 0.0
    for request in missing_fits(pipeline, plan, configurations):
        last = min(request.fold, plan.folds.fits - 1)  # for one on all rows, the one most alike
        known = plan.store.load(FitRequest(request.task, last))
        if known is not None:
            share = len(plan.data.test) / len(known.scored)
            total += known.fit_seconds + known.predict_seconds * (1 + share)
    return total


def finish_columns(
    pipeline: Pipeline,
    plan: Plan,
    configurations: list[Params],
    facts: dict[str, Any],
    executor: FitExecutor,
    report: Callable[[int], None],
) -> tuple[list[Column], list[str]]:
    """Predict the test set with every fold's model where that is missing, and write the columns.

    A column whose fits fail is left out, and the others are made. Fitted estimators of the
    pipeline's other configurations are deleted.

    Args:
        pipeline: The pipeline that the configurations are of.
        plan: What the run shares.
        configurations: Parameters whose folds are in the store, best first.
        facts: What the manifests say beside the scores.
        executor: Where fits run.
        report: Called with the number of fits left.

    Returns:
        The columns in the order of their configurations, and why each other one is left out.

    Raises:
        InfrastructureError: the cluster or the disk failed; the columns that could be made are.
    """
    failed: dict[str, str] = {}
    broken: InfrastructureError | None = None
    try:
        _make_missing(pipeline, plan, configurations, executor, report, failed)
    except InfrastructureError as error:
        broken = error
    columns: list[Column] = []
    for params in configurations:
        task = plan.task(pipeline, params)
        key = plan.store.key(task)
        try:
            if key not in failed:
                columns.append(_column(plan, task, facts))
        except InfrastructureError as error:
            broken = broken or error
        except PodiumError as error:
            failed[key] = str(error)
    for key, reason in failed.items():
        log.warning("%s: the column %s is left out: %s", pipeline.name, key[:8], reason)
    if broken is not None:
        raise broken
    plan.store.drop_models(pipeline.name, {column.key for column in columns})
    return columns, list(failed.values())


def _make_missing(
    pipeline: Pipeline,
    plan: Plan,
    configurations: list[Params],
    executor: FitExecutor,
    report: Callable[[int], None],
    failed: dict[str, str],
) -> None:
    """Make the fits that are missing; note by its key why a configuration's failed."""
    missing = missing_fits(pipeline, plan, configurations)
    futures = {executor.submit(fit_fold, request): request for request in missing}
    while futures:
        for future in executor.wait(futures, _LOOK):
            request = futures.pop(future)
            try:
                plan.store.save(request, future.result())
            except InfrastructureError:
                raise
            except Exception as error:
                failed.setdefault(plan.store.key(request.task), failure_of(error))
            report(len(futures))


def _column(plan: Plan, task: Task, facts: dict[str, Any]) -> Column:
    found = {
        request.fold: result
        for request in column_requests(task)
        if (result := plan.store.load(request)) is not None
    }
    oof = join_folds(found, plan.dealt)
    results = [found[fold] for fold in sorted(found)]
    whole = plan.folds.whole
    of_test = results if whole is None else [found[whole]] if whole in found else []
    tests = np.stack([result.test for result in of_test if result.test is not None])
    test: Predictions = np.asarray(tests.mean(axis=0, dtype=np.float32))
    manifest = _manifest(plan, task, results) | facts
    score = plan.problem.score(plan.dealt.truth, oof, plan.dealt.assigned, plan.dealt.units)
    manifest["score"] = {
        name: value for name, value in asdict(score).items() if name != "greater_is_better"
    }
    return write_column(plan.store.folder(task), manifest, oof, test)


def _manifest(plan: Plan, task: Task, results: list[FitResult]) -> dict[str, Any]:
    """Return what a column's manifest says, but for its score."""
    return {
        "pipeline": task.pipeline,
        "key": plan.store.key(task),
        "params": task.params,
        "seed": task.seed,
        "folds": task.folds.facts(),
        "competition": task.competition.slug,
        "data": plan.data.fingerprint,
        "metric": plan.problem.metric.name,
        "greater_is_better": plan.problem.greater_is_better,
        "fit_seconds": round(sum(result.fit_seconds for result in results), 3),
        "predict_seconds": round(sum(result.predict_seconds for result in results), 3),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": _versions(),
        "maker": results[0].maker,
        "commit": _commit(),
    }


@cache
def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


@cache
def _commit() -> str | None:
    """Return the git commit of the code, or None outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
