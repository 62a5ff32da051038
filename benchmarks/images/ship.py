"""Write what a tuning run found into `pipelines/models/shipped/images/`.

    DATA_DIR=… RUNS_DIR=… python -m benchmarks.images.ship --pipelines "knn svm"

Reads the studies that `make tune` left in this runs folder on all of digit-recognizer's rows. The
best trial of each takes the place of the most expensive shipped point, or joins it where it takes
more than twice the time, unless it is a shipped point itself or that one is known to be better. The
summary of the study is written above them.
"""

import argparse
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from competition.terminal.console import workspace_of
from pipelines.base import Pipeline, chosen_pipelines, suggested
from pipelines.search.plan import Plan, make_plan
from pipelines.search.studies.study import best_trials, open_storage, score_of, study_name

SHIPPED = Path(__file__).parents[2] / "pipelines" / "models" / "shipped" / "images"
_ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


def trials_of(pipeline: Pipeline, plan: Plan) -> list[FrozenTrial]:
    """Return the trials of a pipeline's study that were fitted."""
    storage = open_storage(plan.workspace.database)
    study = optuna.load_study(study_name=study_name(plan, pipeline), storage=storage)
    return [trial for trial in study.get_trials() if trial.state in _ENDED]


def shipped_file(pipeline: Pipeline, trials: list[FrozenTrial], plan: Plan) -> str:
    """Return the new content of a pipeline's file."""
    path = SHIPPED / f"{pipeline.name}.toml"
    points = tomllib.loads(path.read_text(encoding="utf-8"))["point"]
    completed = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    best = best_trials(completed, plan)[0]
    params, score = suggested(pipeline, best.params), score_of(best, plan)
    reached = {
        "score": round(score.value, 5),
        "standard_error": round(score.standard_error, 5),
    }
    same = [point for point in points if suggested(pipeline, point["params"]) == params]
    if same:
        same[0] |= reached
    elif score.value > points[-1].get("score", 0.0):
        if pipeline.cost(params) <= 2 * pipeline.cost(suggested(pipeline, points[-1]["params"])):
            points.pop()
        points.append({"name": "tuned", **reached, "params": best.params})
    summary = {
        "trials": len(trials),
        "hours": round(_hours(trials), 3),
        "rows": score.rows,
        **reached,
        "log_loss": round(score.loss, 5),
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
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--pipelines", default="")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    plan = make_plan(workspace_of("digit-recognizer"), given.seed)
    for pipeline in chosen_pipelines(given.pipelines, plan.competition).pipelines:
        trials = trials_of(pipeline, plan)
        text = shipped_file(pipeline, trials, plan)
        (SHIPPED / f"{pipeline.name}.toml").write_text(text, encoding="utf-8")
        print(f"{pipeline.name}: {len(trials)} trials")


if __name__ == "__main__":
    main()
