"""What each pipeline's shipped point reaches on the real digits, and what it takes.

    python -m benchmarks.images.families digit-recognizer.zip [--pipelines "svm knn"] [--workers 2]

All five folds of the 42,000 labelled rows are fitted as tuning fits them: side by side, one core
each. Prints for each pipeline the
out-of-fold accuracy and its standard error, the wall time of the five folds, the time of a fit, the
peak memory of all its workers together, and the size of the saved model. The results are kept in
`docs/families.jsonl`, from which `--table` prints the table of docs/performance.md.
"""

import argparse
import json
import os
import resource
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.images.digits import real_digits
from competition.spec import load_competition
from pipelines.base import Pipeline, chosen_pipelines, suggested
from pipelines.execution.threads import cores
from pipelines.search.fit import FitRequest, FitResult, fit_fold, requests_of
from pipelines.search.plan import Plan, make_plan
from pipelines.search.trial import join_folds

RESULTS = Path(__file__).parents[2] / "docs" / "families.jsonl"
_MIB = 1 << 20


def fit_and_weigh(request: FitRequest) -> tuple[FitResult, int, int]:
    """Return a fit's result, the process, and its peak memory so far in bytes."""
    result = fit_fold(request)
    return result, os.getpid(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(pipeline: Pipeline, plan: Plan, point_name: str | None) -> dict[str, Any]:
    """Fit the five folds of a shipped point: the named one, or the best by its recorded score."""
    points = {point.name: point for point in pipeline.shipped()}
    point = (
        points[point_name]
        if point_name
        else max(points.values(), key=lambda point: (point.score or 0.0, point.cost))
    )
    task = plan.task(pipeline, suggested(pipeline, point.params))
    with plan.executor(pipeline) as executor:
        executor.submit(os.getpid).result()
        began = time.perf_counter()
        futures: list[Future[tuple[FitResult, int, int]]] = [
            executor.submit(fit_and_weigh, request) for request in requests_of(task)
        ]
        outcomes = [future.result() for future in futures]
        seconds = time.perf_counter() - began
    results = [result for result, _, _ in outcomes]
    joined = join_folds(dict(enumerate(results)), plan.dealt)
    reached = plan.problem.score(plan.data.truth, joined, plan.dealt.assigned)
    peaks: dict[int, int] = {}
    for _, process, peak in outcomes:
        peaks[process] = max(peak, peaks.get(process, 0))
    return {
        "pipeline": pipeline.name,
        "family": pipeline.family,
        "point": point.name,
        "params": point.params,
        "seed": plan.seed,
        "accuracy": round(reached.value, 5),
        "standard_error": round(reached.standard_error, 5),
        "log_loss": round(reached.loss, 5),
        "seconds": round(seconds, 1),
        "seconds_a_fit": round(sum(result.fit_seconds for result in results) / plan.folds.count, 1),
        "peak_mib": round(sum(peaks.values()) / _MIB),
        "model_mb": next(
            (round(len(r.model) / 1e6, 1) for r in results if r.model is not None), None
        ),
        "cores": cores(),
        "load": round(os.getloadavg()[0], 1),
        "date": datetime.now(UTC).date().isoformat(),
    }


def keep(result: dict[str, Any]) -> None:
    """Put a result in the place of the pipeline's earlier one."""
    others = [
        r for r in kept() if (r["pipeline"], r["point"]) != (result["pipeline"], result["point"])
    ]
    lines = sorted([*others, result], key=lambda r: r["accuracy"])
    RESULTS.write_text("".join(json.dumps(line) + "\n" for line in lines))


def kept() -> list[dict[str, Any]]:
    """Return the results of earlier runs."""
    return (
        [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []
    )


def table(results: list[dict[str, Any]]) -> str:
    """Return results as a Markdown table."""
    titles = [
        "pipeline",
        "family",
        "accuracy",
        "log loss",
        "five folds",
        "a fit",
        "memory",
        "model",
    ]
    rows = [
        [
            f"`{r['pipeline']}` ({r['point']})",
            r["family"],
            f"{r['accuracy']:.4f} ± {r['standard_error']:.4f}",
            f"{r['log_loss']:.4f}",
            f"{r['seconds']:.0f} s",
            f"{r['seconds_a_fit']:.0f} s",
            f"{r['peak_mib'] / 1024:.1f} GiB",
            f"{r['model_mb']} MB",
        ]
        for r in results
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [titles, ["---"] * 8, *rows])


def main() -> None:
    """Measure the chosen pipelines and print the table of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zip", type=Path, nargs="?", help="Kaggle's digit-recognizer.zip")
    parser.add_argument("--pipelines", default="")
    parser.add_argument("--point", help="of the shipped points")
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument("--table", action="store_true", help="print what was measured before")
    given = parser.parse_args()
    if given.table or given.zip is None:
        print(table(kept()))
        return
    chosen = chosen_pipelines(given.pipelines, load_competition("digit-recognizer"))
    with real_digits(given.zip) as workspace:
        plan = make_plan(workspace, 0, given.workers)
        for pipeline in chosen.pipelines:
            result = measure(pipeline, plan, given.point)
            print(table([result]).splitlines()[-1], flush=True)
            keep(result)


if __name__ == "__main__":
    main()
