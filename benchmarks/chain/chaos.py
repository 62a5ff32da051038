"""Tuning on a cluster whose parts are killed at random moments. Writes docs/chaos.md.

    python -m benchmarks.chain.chaos digit-recognizer.zip --minutes 30

The grids of some pipelines are worked off, seed after seed, by `pipelines tune` on a Dask cluster
and a PostgreSQL of their own, while workers, scheduler, database and coordinator are killed and
started again. Then the same is done undisturbed, by local processes on SQLite. Every trial must
have ended the same way, and the store must hold no partial file.
"""

import argparse
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from benchmarks.chain.chaos_parts import Parts
from competition.spec import load_competition
from competition.workspace import Workspace
from pipelines.base import load_pipeline
from pipelines.search.plan import make_plan
from pipelines.search.studies.owners import reason_of
from pipelines.search.studies.study import open_storage, study_name

ROOT = Path(__file__).parents[2]
PIPELINES = ("logistic", "svm")
ROWS = 20_000  # so that the undisturbed run over the same points stays short
PAUSES = (5.0, 25.0)  # seconds between two kills
Ended = list[tuple[FrozenTrial, str | None]]  # each trial, and why it has no score


@dataclass
class Run:
    """One run over some seeds: its folders, and what came of it."""

    root: Path
    database: str
    scheduler: str = ""
    seeds: list[int] = field(default_factory=list)
    seconds: float = 0.0

    def environment(self, seed: int) -> dict[str, str]:
        """Return what tells `pipelines tune` of all this."""
        return os.environ | {
            "DATA_DIR": str(self.root.parent / "data"),
            "RUNS_DIR": str(self.root),
            "DATABASE_URL": self.database,
            "SCHEDULER": self.scheduler,
            "SEED": str(seed),
            "SAMPLER": "grid",
            "ROWS": str(ROWS),
        }

    def start(self, seed: int) -> "subprocess.Popen[bytes]":
        """Start the coordinator; a grid ends by itself, long before its budget."""
        command = [sys.executable, "-m", "pipelines", "tune", "-p", " ".join(PIPELINES)]
        with (self.root / "log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--budget", "24h"],
                cwd=ROOT,
                env=self.environment(seed),
                stdout=log,
                stderr=log,
            )

    def trials(self, seed: int) -> dict[str, Ended]:
        """Return each pipeline's trials of a seed."""
        workspace = Workspace.in_folders(
            load_competition("digit-recognizer"),
            self.root.parent / "data",
            self.root,
            self.database,
        )
        plan = make_plan(workspace, seed, rows=ROWS)
        storage = open_storage(workspace.database)
        found = {}
        for name in PIPELINES:
            title = study_name(plan, load_pipeline(name))
            study = optuna.load_study(study_name=title, storage=storage)
            found[name] = [(trial, reason_of(study, trial)) for trial in study.get_trials()]
        return found


def disturbed(run: Run, parts: Parts, minutes: float, seed: int) -> Counter[str]:
    """Work off grid after grid for some time while parts are killed; return how often which was."""
    kills: Counter[str] = Counter()
    chance = random.Random(seed)
    began = time.monotonic()
    while time.monotonic() - began < 60 * minutes:
        run.seeds.append(len(run.seeds))
        process = run.start(run.seeds[-1])
        while process.poll() is None or process.returncode != 0:
            if process.poll() is not None:  # killed, or ended with a sentence: the next goes on
                process = run.start(run.seeds[-1])
            pause = chance.uniform(*PAUSES)
            try:
                process.wait(pause)
                continue
            except subprocess.TimeoutExpired:
                pass
            if time.monotonic() - began < 60 * minutes:
                what = chance.choice([*parts.kinds, "coordinator"])
                kills[what] += 1
                if what == "coordinator":
                    process.kill()
                    process.wait()
                else:
                    parts.kill_and_restart(what)
    run.seconds = time.monotonic() - began
    return kills


def undisturbed(run: Run, seeds: list[int]) -> None:
    """Work off the same grids with local processes and nothing in the way."""
    began = time.monotonic()
    for seed in seeds:
        run.seeds.append(seed)
        if run.start(seed).wait() != 0:
            raise SystemExit(f"the undisturbed run failed; see {run.root / 'log'}")
    run.seconds = time.monotonic() - began


def faults(run: Run, calm: Run) -> tuple[list[str], Counter[str], Counter[str]]:
    """Return what is not as it should be, how the disturbed trials ended, and why some failed."""
    wrong: list[str] = []
    ends: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for seed in run.seeds:
        before, after = run.trials(seed), calm.trials(seed)
        for name in PIPELINES:
            where = f"seed {seed}, {name}"
            for trial, reason in before[name]:
                ends[trial.state.name.lower()] += 1
                failed = trial.state == TrialState.FAIL
                if not trial.state.is_finished():
                    wrong.append(f"{where}: trial {trial.number} is {trial.state.name}")
                elif failed and "failure" in trial.user_attrs:
                    wrong.append(f"{where}: trial {trial.number}: {reason}")
                elif failed:
                    reasons[reason or ""] += 1
                    if not reason:
                        wrong.append(f"{where}: trial {trial.number} failed without a reason")
            wrong += [f"{where}: {line}" for line in differences(before[name], after[name])]
    wrong += [f"partial file {path.name}" for path in partial_files(run.root)]
    return wrong, ends, reasons


def differences(disturbed: Ended, calm: Ended) -> list[str]:
    """Return where the scores of two runs over the same points differ."""
    scores = [
        {
            trial.user_attrs["key"]: trial.value
            for trial, _ in trials
            if trial.state == TrialState.COMPLETE
        }
        for trials in (disturbed, calm)
    ]
    lines = [
        f"{key} scored {scores[0][key]} and {scores[1][key]}"
        for key in scores[0].keys() & scores[1].keys()
        if scores[0][key] != scores[1][key]
    ]
    best = [max(value or 0.0 for value in one.values()) for one in scores]
    if best[0] != best[1]:
        lines.append(f"best {best[0]}, undisturbed {best[1]}")
    points = [
        {trial.user_attrs.get("point") for trial, _ in trials if trial.state != TrialState.FAIL}
        for trials in (disturbed, calm)
    ]
    if points[0] != points[1]:
        lines.append(f"points tried in one run alone: {points[0] ^ points[1]}")
    return lines


def partial_files(root: Path) -> list[Path]:
    """Return the files of a store that cannot be read whole, and forgotten temporary ones."""
    found = []
    for path in root.rglob("*.np[yz]"):
        try:
            with path.open("rb") as file:
                loaded = np.load(file)
                if path.suffix == ".npz":
                    _ = [loaded[name] for name in loaded.files]
        except (OSError, ValueError, EOFError):
            found.append(path)
    return [*found, *root.rglob(".*.part")]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("zip", type=Path, help="the competition's zip")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0, help="of the random moments")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)  # PostgreSQL's own user has to reach its folder
        with ZipFile(given.zip) as packed:
            packed.extractall(root / "data" / "digit-recognizer")
        (root / "stormy").mkdir()
        (root / "calm").mkdir()
        with Parts(root) as parts:
            stormy = Run(root / "stormy", parts.database, parts.scheduler)
            kills = disturbed(stormy, parts, given.minutes, given.seed)
            calm = Run(root / "calm", f"sqlite:///{root / 'calm' / 'podium.db'}")
            undisturbed(calm, stormy.seeds)
            wrong, *counted = faults(stormy, calm)
    report = written(given.minutes, stormy, calm, wrong, kills, *counted)
    (ROOT / "docs" / "chaos.md").write_text(report, encoding="utf-8")
    print(report)
    sys.exit(bool(wrong))


def written(
    minutes: float,
    stormy: Run,
    calm: Run,
    wrong: list[str],
    kills: Counter[str],
    ends: Counter[str],
    reasons: Counter[str],
) -> str:
    """Return the report as Markdown."""
    killed, ended, why = (
        ", ".join(f"{what} {count}" for what, count in counted.most_common())
        for counted in (kills, ends, reasons)
    )
    return f"""# Tuning while everything is killed

`python -m benchmarks.chain.chaos digit-recognizer.zip --minutes {minutes:g}` on \
{datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, Python {platform.python_version()}.

The grids of {" and ".join(PIPELINES)} on {ROWS:,} of the real rows, for {len(stormy.seeds)} seeds,
on a cluster of two workers and a PostgreSQL: {stormy.seconds / 60:.0f} minutes, with kills every
{PAUSES[0]:.0f} to {PAUSES[1]:.0f} seconds. Then the same undisturbed, by local processes on
SQLite: {calm.seconds / 60:.0f} minutes.

- Killed and started again: {killed}.
- How the trials ended: {ended}.
- The reasons that the failed ones bear: {why}.
- Not as it should be: {len(wrong)}{"".join(f"{chr(10)}  - {line}" for line in wrong)}

Compared: every trial has ended, each failed one with its reason, and none because a fit failed;
each point of the grids was tried in both runs; every score that both have is the same to the last
digit, as is the best; every file of the store can be read whole.
"""


if __name__ == "__main__":
    main()
