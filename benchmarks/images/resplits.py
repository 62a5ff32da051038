"""What a blend is worth where it counts: on rows that are hidden, over many ways to hide them.

    python -m benchmarks.images.resplits digit-recognizer.zip FOLDER [--splits 10]

For each split 14,000 of the labelled digits are hidden, six cheap columns are fitted to the others
in five folds as tuning fits them, and three answers are scored on the hidden rows: the column that
is best out of fold, the blend whose weights know training rows alone, and the blend as it is made,
which knows how the test rows that are sent differ from them. Prints the errors and the log loss of
each, and how much better the last is, with paired standard errors. FOLDER keeps the fits (20 MB a
split), so that the command goes on where it was stopped; a split takes four minutes on two cores.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from competition.practice.holdout import HIDDEN_FILE, PUBLIC_FOLDER, prepare
from competition.practice.scoring import Solution
from competition.problem.targets import Predictions
from competition.spec import load_competition
from competition.workspace import Workspace
from pipelines.base import Params, load_pipeline, suggested
from pipelines.blending.averaging import sent_rows
from pipelines.blending.candidates import fits_of
from pipelines.blending.cross_fitting import blend
from pipelines.columns import Column
from pipelines.search.finishing import finish_columns
from pipelines.search.plan import Plan, make_plan

HIDDEN = 14_000
_ANSWERS = ("best column", "blend of training rows", "blend")
Worth = tuple[int, float]  # errors, log loss


def columns_of(plan: Plan) -> Iterator[Column]:
    """Fit the columns of a split, as far as they are not there."""
    for name, configurations in _configurations().items():
        pipeline = load_pipeline(name)
        wanted = [suggested(pipeline, params) for params in configurations]
        with plan.executor(pipeline) as executor:
            found, failed = finish_columns(pipeline, plan, wanted, {}, executor, lambda left: None)
        assert not failed, failed
        yield from found


def _configurations() -> dict[str, list[Params]]:
    cheapest = {name: load_pipeline(name).shipped()[0].params for name in ("svm", "knn")}
    cheapest["handcrafted"] = load_pipeline("handcrafted").shipped()[0].params
    points = {point.name: point.params for point in load_pipeline("cnn").shipped()}
    networks = [
        points["quick"] | {"width": 0.75},
        points["upright"] | {"width": 0.5, "epochs": 4, "views": 4},
        points["upright"]
        | {"architecture": "pooled", "width": 0.25, "epochs": 2, "views": 0, "upright": False},
    ]
    return {name: [params] for name, params in cheapest.items()} | {"cnn": networks}


def judge(split: int, archive: Path, folder: Path) -> list[Worth]:
    """Return what each of the answers is worth on the hidden rows of a split."""
    practice = folder / "practice"
    competition = prepare(
        practice, load_competition("digit-recognizer"), archive, hidden=HIDDEN, seed=split
    )
    workspace = Workspace.in_folders(competition, folder / "data", folder / "runs")
    workspace.data.mkdir(parents=True, exist_ok=True)
    for file in (practice / PUBLIC_FOLDER).glob("*.csv"):
        link = workspace.data / file.name
        if not link.exists():
            link.symlink_to(file.resolve())
    plan = make_plan(workspace, 0)
    columns = list(columns_of(plan))
    oofs, tests = [each.oof() for each in columns], [each.test() for each in columns]
    dealt, hidden = plan.dealt, Solution.read(practice / HIDDEN_FILE, competition).truth
    sent = sent_rows(tests, (fits_of(each, plan) for each in columns), plan.folds.count)
    blends = [
        blend(oofs, dealt.truth, dealt.assigned, plan.problem, sent=each) for each in (None, sent)
    ]
    answers: list[Predictions] = [tests[blends[0].best_single]]
    answers += [each.apply(tests, plan.problem) for each in blends]
    return [
        (int(np.sum(one.argmax(axis=1) != hidden)), plan.problem.loss(hidden, one))
        for one in answers
    ]


def main() -> None:
    """Judge every split and print the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zip", type=Path, help="Kaggle's digit-recognizer.zip")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=10)
    given = parser.parse_args()
    worths = []
    for split in range(given.splits):
        worths.append(judge(split, given.zip, given.folder / f"split-{split}"))
        told = "   ".join(f"{errors} {loss:.5f}" for errors, loss in worths[-1])
        print(f"split {split}   errors and log loss of {', '.join(_ANSWERS)}: {told}", flush=True)
    table = np.array(worths)  # (splits, answers, 2)
    for place, name in enumerate(_ANSWERS):
        errors, loss = table[:, place].mean(axis=0)
        ahead = table[:, place] - table[:, -1]
        mean, error = ahead.mean(axis=0), ahead.std(axis=0, ddof=1) / np.sqrt(len(ahead))
        beside = "; ".join(
            f"{one:.{digits}f} ± {other:.{digits}f} {unit}"
            for one, other, digits, unit in zip(
                mean, error, (1, 5), ("errors", "log loss"), strict=True
            )
        )
        print(f"{name:24s} {errors:6.1f} errors, {loss:.5f}; the blend is better by {beside}")


if __name__ == "__main__":
    main()
