"""Podium beside AutoGluon and FLAML on real tables: python -m benchmarks.tables FOLDER --minutes 2.

Of each competition's zip a third of `train.csv` is hidden, as the test set is cut off, other rows
with another `--seed`; then each tool gets the same files and the same seconds on this machine, one
after the other: Podium by a whole `make rehearse`, the peers by their best documented setting, in
environments of their own (`--peer autogluon=path/to/python`). Differences are paired on the hidden
rows. A line of JSON a competition goes to `--out`, and those that stand there are not run again.
At the end all lines of the file are shown as a table, also without a folder.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.tables.summary import summary
from competition.data.tables.reading.cells import read_cells
from competition.data.tables.reading.kinds import kind_of
from competition.data.tables.schema import Role
from competition.practice.holdout import HIDDEN_FILE, PUBLIC_FOLDER, hidden_units
from competition.practice.scoring import Solution
from competition.spec import Competition, load_competition

# What no file says.
METRICS = {
    "titanic": "accuracy",
    "house-prices-advanced-regression-techniques": "rmse of logs",
    "spaceship-titanic": "accuracy",
    "bike-sharing-demand": "rmsle",
    "playground-series-s3e5": "quadratic weighted kappa",
    "playground-series-s3e7": "auc",
    "playground-series-s3e26": "log loss",
    "tabular-playground-series-jul-2021": "rmsle",
}
LOGS = {"rmsle": "log1p", "rmse of logs": "log"}


def rehearsed(archive: Path, metric: str, minutes: float, seed: int, root: Path) -> Path:
    """Let Podium rehearse; return the rehearsal's folder."""
    variables = {
        "DATA": str(archive),
        "METRIC": metric,
        "BUDGET": f"{round(60 * minutes)}s",
        "SEED": str(seed),
        "RUNS_DIR": str(root),
    }
    done = subprocess.run(
        [sys.executable, "-m", "app", "rehearse"],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{archive.name}: {done.stderr}\n{done.stdout[-2000:]}")
    (folder,) = (root / "rehearsal").iterdir()
    (folder / "output.txt").write_text(done.stdout)
    return folder


def task_of(spec: Competition, kaggle: Path, scratch: Path) -> dict[str, Any]:
    """Return what a peer is told."""
    problem, public = spec.problem, kaggle / PUBLIC_FOLDER
    name = spec.test_id or spec.id_column
    test = read_cells(public / spec.test_file)
    metric = problem.metric.name
    positive = problem.positive
    return {
        "train": str(public / spec.train_file),
        "test": str(public / spec.test_file),
        "sample": str(public / spec.sample_file),
        "id": name,
        "id_is_date": name in test and kind_of(test[name]).role == Role.DATE,
        "labels": list(spec.label_columns),
        "targets": list(spec.target_columns),
        "classes": list(spec.classes),
        "positive": None if positive is None else spec.classes[positive],
        "form": str(problem.metric.eats),
        "metric": "rmse" if metric in LOGS else metric,
        "logs": LOGS.get(metric),
        "scratch": str(scratch / "models"),
    }


def of_peer(
    peer: str, python: str, task: dict[str, Any], seconds: float, kept: Path
) -> tuple[Path, float]:
    """Let a peer answer, unless it has; return its submission, and how long that took.

    Raises:
        RuntimeError: it failed.
    """
    scratch = Path(task["scratch"]).parent
    output, timed = kept / f"{peer}.csv", kept / f"{peer}.seconds"
    if output.exists() and timed.exists():
        return output, float(timed.read_text())
    given = scratch / "task.json"
    given.write_text(json.dumps(task))
    began = time.monotonic()
    script = Path(__file__).with_name("peer.py")
    done = subprocess.run(
        [python, str(script), peer, str(given), str(seconds), str(output)],
        capture_output=True,
        text=True,
        check=False,
        cwd=scratch,
    )
    shutil.rmtree(task["scratch"], ignore_errors=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-1500:])
    timed.write_text(str(round(time.monotonic() - began, 1)))
    return output, float(timed.read_text())


def measure(
    archive: Path,
    metric: str,
    minutes: float,
    seed: int,
    peers: dict[str, str],
    keep: Path | None,
) -> dict[str, Any]:
    """Return what all reached on one competition."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        began = time.monotonic()
        folder = rehearsed(archive, metric, minutes, seed, root)
        row: dict[str, Any] = {
            "competition": archive.stem,
            "metric": metric,
            "minutes": minutes,
            "seed": seed,
            "podium_seconds": round(time.monotonic() - began, 1),
        }
        kaggle = folder / "kaggle"
        spec = load_competition(str(kaggle / "competition.toml"))
        solution = Solution.read(kaggle / HIDDEN_FILE, spec)
        (file,) = (folder / "runs" / spec.slug / "submissions").glob("*.csv")
        own = solution.form.parse(file.read_bytes(), solution.sample).answers
        assert own is not None
        problem, truth = solution.problem, solution.truth
        units = hidden_units(kaggle, spec)
        score = problem.score_answers(truth, own, units=units)
        row |= {"podium": score.value, "standard_error": score.standard_error, "rows": len(truth)}
        row |= _estimate(folder / "runs" / spec.slug)
        task = task_of(spec, kaggle, root)
        kept = (keep or root) / f"{archive.stem}-{minutes:g}-{seed}"
        kept.mkdir(parents=True, exist_ok=True)
        for peer, python in peers.items():
            try:
                theirs, seconds = of_peer(peer, python, task, 60 * minutes, kept.resolve())
            except RuntimeError as error:
                row[peer] = f"failed: {error}"
                continue
            row[f"{peer}_seconds"] = seconds
            parsed = solution.form.parse(theirs.read_bytes(), solution.sample)
            if parsed.answers is None:
                row[peer] = f"refused: {parsed.faults[0]}"
                continue
            found = problem.compare(truth, own, parsed.answers, units)
            row[peer] = problem.value(truth, parsed.answers)
            row[f"gain_on_{peer}"] = found.gain
            row[f"error_on_{peer}"] = found.standard_error
        return row


def _estimate(runs: Path) -> dict[str, Any]:
    """Return what was said of the blend before."""
    (manifest,) = (runs / "blend").glob("*/manifest.json")
    told = json.loads(manifest.read_text())
    corrected = told["corrected"]
    return {
        "greater_is_better": told["greater_is_better"],
        "estimate": told["score"]["value"] if told["as_sent"] is None else told["as_sent"],
        "estimate_error": told["score"]["standard_error"],
        "corrected": corrected and corrected["value"],
    }


def main() -> None:
    """Run what is not done yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="<slug>.zip as Kaggle zips them")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="slugs")
    parser.add_argument("--metric", nargs="*", default=[], help="of further ones: slug=auc")
    parser.add_argument("--peer", nargs="*", default=[], help="autogluon=PYTHON flaml=PYTHON")
    parser.add_argument("--keep", type=Path, help="peers' answers; those that are there are taken")
    parser.add_argument("--out", type=Path, default=Path("docs/tables.jsonl"))
    given = parser.parse_args()
    peers, more = (dict(pair.split("=", 1) for pair in each) for each in (given.peer, given.metric))
    metrics = METRICS | more
    done = []
    if given.out.exists():
        done = [json.loads(line) for line in given.out.read_text().splitlines()]
    for archive in sorted(given.folder.glob("*.zip")) if given.folder else []:
        asked = (archive.stem, given.minutes, given.seed)
        known = [(row["competition"], row["minutes"], row["seed"]) for row in done]
        if archive.stem not in metrics or asked in known:
            continue
        if given.only and archive.stem not in given.only:
            continue
        metric = metrics[archive.stem]
        row = measure(archive, metric, given.minutes, given.seed, peers, given.keep)
        done.append(row)
        print(json.dumps(row), flush=True)
        with given.out.open("a") as file:
            file.write(json.dumps(row) + "\n")
    for line in summary(done):
        print(line)


if __name__ == "__main__":
    main()
