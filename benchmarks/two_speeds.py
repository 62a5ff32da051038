"""Two-speed tuning against tuning on all rows from the start, at an equal time budget.

    python -m benchmarks.two_speeds digit-recognizer.zip [--pipeline svm] [--seconds 240]

Both sides tune the same pipeline with the same sampler, seeds and folds on the 42,000 real rows;
neither is given a shipped point: the first trial, the one that is always completed, is the cheapest
of ten that are drawn at random from the search space, the same for both. What counts is the
out-of-fold accuracy, on all rows, of the best trial that each has when its time is up. The sides
take turns; the medians over the seeds are printed, with the trials that each got through.
"""

import argparse
import os
import statistics
import tempfile
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import optuna
from optuna.trial import TrialState

from competition.data.dataset import Dataset, load_dataset
from competition.spec import load_competition
from pipelines.base import Pipeline, ShippedPoint, load_pipeline
from pipelines.execution.threads import cores
from pipelines.search.coordinator import tune
from pipelines.search.folds import Folds
from pipelines.search.plan import Plan
from pipelines.search.run import FOLDS
from pipelines.search.storage import open_storage
from pipelines.search.store import Store
from pipelines.search.study import open_study

DRAWN = 10  # random points, of which the cheapest is the first trial


def without_shipped_points(pipeline: Pipeline, seed: int) -> Pipeline:
    """Return the pipeline with one random point in place of its shipped ones: a cheap one."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    points = []
    for _ in range(DRAWN):
        trial = study.ask()
        cost = pipeline.cost(pipeline.suggest(trial))
        points.append(ShippedPoint("random", dict(trial.params), cost))
    cheapest = min(points, key=lambda point: point.cost)
    pipeline.shipped = lambda: [cheapest]  # type: ignore[method-assign]
    return pipeline


def best_after(
    name: str, data: Dataset, folder: Path, seconds: float, seed: int, *, two_speeds: bool
) -> tuple[float, int, int]:
    """Return the best full-data accuracy, and how many trials were completed and pruned."""
    with tempfile.TemporaryDirectory() as scratch:
        runs = Path(scratch)
        competition = load_competition("digit-recognizer")
        plan = Plan(
            competition,
            folder,
            data,
            Folds(FOLDS, 0),
            seed,
            cores(),
            Store(runs / "predictions", data.fingerprint),
            two_speeds=two_speeds,
        )
        study = open_study(
            open_storage(f"sqlite:///{runs}/studies.db"), "study", "tpe", seed, plan.owner
        )
        pipeline = without_shipped_points(load_pipeline(name), seed)
        columns = tune(pipeline, study, plan, seconds, lambda progress: None)
        states = [trial.state for trial in study.get_trials(deepcopy=False)]
        return (
            columns[0].score.accuracy,
            states.count(TrialState.COMPLETE),
            states.count(TrialState.PRUNED),
        )


def main() -> None:
    """Print each run, then the medians of both sides."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zip", type=Path, help="Kaggle's digit-recognizer.zip")
    parser.add_argument("--pipeline", default="svm")
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with zipfile.ZipFile(given.zip) as packed:
            packed.extractall(folder)
        data = load_dataset(load_competition("digit-recognizer"), folder)
        found: dict[bool, list[float]] = {True: [], False: []}
        for seed in range(given.seeds):
            for two_speeds in (True, False) if seed % 2 == 0 else (False, True):
                began = time.monotonic()
                accuracy, complete, pruned = best_after(
                    given.pipeline, data, folder, given.seconds, seed, two_speeds=two_speeds
                )
                found[two_speeds].append(accuracy)
                print(
                    f"seed {seed}, {'two speeds' if two_speeds else 'all rows  '}: {accuracy:.4f}, "
                    f"{complete} trials completed, {pruned} pruned, "
                    f"{time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
    two, one = statistics.median(found[True]), statistics.median(found[False])
    print(
        f"{given.pipeline}, {given.seconds:.0f} s a run, {given.seeds} seeds, {cores()} cores, "
        f"{datetime.now(UTC).date()}: two speeds {two:.4f}, all rows from the start {one:.4f}; "
        f"{(1 - two) / (1 - one):.2f} of the errors"
    )


if __name__ == "__main__":
    main()
