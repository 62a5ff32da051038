"""Seconds to write and check a submission, and to show the scores: medians, and what was promised.

    python -m benchmarks.chain.submission_speed

Writing and checking are timed as `submit` does them, without starting Python: reading the sample
submission, writing the file to disk (flushed), then the whole check with its warnings. `scores` is
timed as a person runs it, from the start of Python to the last line, with a thousand submissions of
different blends in the ledger, none of them pending, and a leaderboard of 1,500 teams.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from competition.kaggle.client import LeaderboardRow  # noqa: E402
from competition.problem.checking.checks import check  # noqa: E402
from competition.problem.form import Form  # noqa: E402
from competition.problem.sample import read_sample  # noqa: E402
from competition.spec import load_competition  # noqa: E402
from competition.workspace import Workspace  # noqa: E402
from pipelines.blending.history import keep_answers  # noqa: E402
from submissions.checking import write_submission  # noqa: E402
from submissions.ledger.ledger import Ledger  # noqa: E402
from submissions.ledger.tables import State  # noqa: E402
from submissions.tracking.leaderboard import keep, seen_leaderboard  # noqa: E402

Seconds = tuple[float, float]  # by the clock, and of processor time

ROUNDS = 7
LEDGER_ROWS = 1000


def seconds(run: Callable[[], object]) -> Seconds:
    """Return the medians of some rounds, after one to warm up."""
    run()
    rounds = []
    for _ in range(ROUNDS):
        begun, before = time.perf_counter(), sum(os.times()[:4])
        run()
        rounds.append((time.perf_counter() - begun, sum(os.times()[:4]) - before))
    wall, cpu = (statistics.median(each) for each in zip(*rounds, strict=True))
    return wall, cpu


def written_and_checked(rows: int, folder: Path) -> Seconds:
    competition = replace(load_competition("digit-recognizer"), test_rows=rows)
    path = folder / "sample_submission.csv"
    path.write_text("ImageId,Label\n" + "".join(f"{name},0\n" for name in range(1, rows + 1)))
    random = np.random.default_rng(0)
    previous = random.integers(0, 10, rows)
    truth = np.repeat(np.arange(10), 4200)

    def once() -> None:
        labels = random.integers(0, 10, rows)  # other content, so that a file is written each time
        sample = read_sample(competition, folder)
        text = Form.of(competition).render(labels, sample)
        written = write_submission(text, folder / "submissions")
        report = check(written, competition, sample, truth=truth, previous=previous)
        assert report.valid and np.array_equal(report.answers, labels)

    return seconds(once)


def fill_ledger(workspace: Workspace) -> None:
    """Record submissions that get better, each of a blend of its own, two of them comparable."""
    ledger, random, now = Ledger.open(workspace), np.random.default_rng(0), datetime.now(UTC)
    for number in range(LEDGER_ROWS):
        accuracy = 0.97 + 0.025 * number / LEDGER_ROWS
        row = ledger.intend(f"{number:012x}", 1, message="a try", file=f"{number}.csv", rows=28_000)
        ledger.change(
            row.id,
            state=State.SUBMITTED,
            status="complete",
            ref=number + 1,
            created=now - timedelta(hours=LEDGER_ROWS - number),
            public_score=round(float(accuracy + random.normal(0, 0.001)), 5),
            cv_score=float(accuracy + random.normal(0, 0.0003)),
            cv_se=0.0004,
            blend_key=f"key{number}",
            blend_name="80% cnn + 20% knn",
        )
    labels = random.integers(0, 10, 42_000)
    for number in (LEDGER_ROWS - 2, LEDGER_ROWS - 1):
        answers = np.where(random.random(42_000) < 0.995, labels, 0)
        keep_answers(workspace.runs / "blend", f"key{number}", answers, labels)
    teams = [
        LeaderboardRow(rank, f"team {rank}", round(1 - rank / 30_000, 5), now)
        for rank in range(1, 1501)
    ]
    keep(seen_leaderboard(teams, ledger.endpoint, None, []), workspace)


def scores_shown() -> Seconds:
    competition = load_competition("digit-recognizer")
    fill_ledger(Workspace.in_folders(competition, Path("data"), Path("runs")))
    command = [sys.executable, "-m", "submissions", "scores"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def once() -> None:
        said = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout
        assert said.count("± 0.0004") == LEDGER_ROWS + 1 and "McNemar" in said

    return seconds(once)


def main() -> None:
    for name in ("RUNS_DIR", "DATABASE_URL", "KAGGLE_ENDPOINT"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        measures = (
            ("write and check 28,000 rows", 0.3, written_and_checked(28_000, Path(folder))),
            ("write and check 1,000,000 rows", 3.0, written_and_checked(1_000_000, Path(folder))),
            (f"scores, {LEDGER_ROWS:,} submissions", 1.5, scores_shown()),
        )
        os.chdir(ROOT)
    print(f"Medians of {ROUNDS} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name, promised, (wall, cpu) in measures:
        print(f"{name:<32} {wall:6.3f} s   (promised {promised:g} s; {cpu:.3f} s of processor)")


if __name__ == "__main__":
    main()
