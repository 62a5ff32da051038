"""Write what a tuning run found into `pipelines/models/shipped/`.

    DATA_DIR=… RUNS_DIR=… python -m benchmarks.ship --pipelines "knn svm"

Reads the studies that `make tune` left in this runs folder on all of digit-recognizer's rows. The
best trial of each takes the place of the dearest shipped point, or joins it where it takes more
than twice the time, unless it is a shipped point itself or that one is known to be better. The
summary of the study is written above them.
"""

import argparse
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import optuna
from competition.settings import database_url
from optuna.trial import FrozenTrial, TrialState

from competition.spec import load_competition
from pipelines.base import Pipeline, chosen_pipelines, suggested
from pipelines.metrics import Score
from pipelines.search.run import make_plan
from pipelines.search.storage import open_storage
from pipelines.search.study import best_trials, study_name

SHIPPED = Path(__file__).parents[1] / "pipelines" / "models" / "shipped"
_ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


def trials_of(pipeline: Pipeline, seed: int) -> tuple[list[FrozenTrial], int]:
    """Return the trials of a pipeline's study that were fitted, and the number of rows."""
    competition = load_competition("digit-recognizer")
    plan = make_plan(competition, seed)
    name = study_name(competition.slug, pipeline, plan.data.fingerprint, plan.folds, seed)
    study = optuna.load_study(study_name=name, storage=open_storage(database_url(competition)))
    trials = [trial for trial in study.get_trials() if trial.state in _ENDED]
    return trials, len(plan.data.train_labels)


def shipped_file(pipeline: Pipeline, trials: list[FrozenTrial], rows: int) -> str:
    """Return the new content of a pipeline's file."""
    path = SHIPPED / f"{pipeline.name}.toml"
    points = tomllib.loads(path.read_text(encoding="utf-8"))["point"]
    best = best_trials([trial for trial in trials if trial.state == TrialState.COMPLETE])[0]
    params = suggested(pipeline, best.params)
    score = Score(best.value or 0.0, -best.user_attrs["log_loss"], rows)
    reached = {
        "accuracy": round(score.accuracy, 5),
        "standard_error": round(score.standard_error, 5),
    }
    same = [point for point in points if suggested(pipeline, point["params"]) == params]
    if same:
        same[0] |= reached
    elif score.accuracy > points[-1].get("accuracy", 0.0):
        if pipeline.cost(params) <= 2 * pipeline.cost(suggested(pipeline, points[-1]["params"])):
            points.pop()
        points.append({"name": "tuned", **reached, "params": best.params})
    summary = {
        "trials": len(trials),
        "hours": round(_hours(trials), 3),
        "rows": rows,
        **reached,
        "log_loss": round(score.log_loss, 5),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    about = "# the best of these trials, on five folds of digit-recognizer's labelled rows"
    return "\n".join([f"[study] {about}", *_lines(summary), *map(_point, points), ""])


def _hours(trials: list[FrozenTrial]) -> float:
    """Return how long any of the trials ran; pauses between two runs do not count."""
    spans = sorted(
        (trial.datetime_start, trial.datetime_complete)
        for trial in trials
        if trial.datetime_start and trial.datetime_complete
    )
    until, seconds = datetime.min, 0.0
    for start, end in spans:
        seconds += max(0.0, (end - max(start, until)).total_seconds())
        until = max(until, end)
    return seconds / 3600


def _point(point: dict[str, Any]) -> str:
    own = {name: value for name, value in point.items() if name != "params"}
    return "\n".join(["", "[[point]]", *_lines(own), "[point.params]", *_lines(point["params"])])


def _lines(table: dict[str, Any]) -> list[str]:
    return [f"{name} = {_toml(value)}" for name, value in table.items()]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)


def main() -> None:
    """Rewrite the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pipelines", default="")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for pipeline in chosen_pipelines(given.pipelines):
        trials, rows = trials_of(pipeline, given.seed)
        text = shipped_file(pipeline, trials, rows)
        (SHIPPED / f"{pipeline.name}.toml").write_text(text, encoding="utf-8")
        print(f"{pipeline.name}: {len(trials)} trials")


if __name__ == "__main__":
    main()
