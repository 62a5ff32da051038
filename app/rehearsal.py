"""The whole chain against a practice Kaggle on this machine: no account, nothing leaves it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from competition.settings import data_folder
from rich.console import Console

from competition.errors import PodiumError
from competition.files import sha256_of
from competition.kaggle.client import KaggleClient, LeaderboardRow
from competition.kaggle.download import download
from competition.practice.running import OPTICAL_DIGITS, PracticeKaggle
from competition.spec import Competition, load_competition
from pipelines.base import Pipeline
from pipelines.blending.blend import make_blend
from pipelines.display import TuningDisplay, blend_line, duration
from pipelines.metrics import Score
from pipelines.search.run import make_plan, tune_all
from submissions.screen import shown_progress, verdict
from submissions.submitter import AlreadySubmitted
from submissions.tracking.scores import score_row
from submissions.uploader import submit_blend

_TOP = 10


@dataclass(frozen=True)
class Rehearsal:
    """What is rehearsed.

    Attributes:
        name: The competition whose form the data has: a slug, or the path of a TOML file.
        data: Its labelled `train.csv` or its zip; None for the optical digits.
        hidden: How many rows to hide; None for a third.
        pipelines: What to tune, in order.
        seconds: For tuning.
        sampler: Optuna's sampler.
        seed: Of folds and fits.
        workers: Cores to use; None for all.
        root: Where rehearsals are kept, each in a folder of its own.
    """

    name: str
    data: Path | None
    hidden: int | None
    pipelines: list[Pipeline]
    seconds: float
    sampler: str
    seed: int
    workers: int | None
    root: Path

    @property
    def folder(self) -> Path:
        """This rehearsal's folder: another one for other data, the same one to go on with it."""
        part = f"-{self.hidden}" if self.hidden else ""
        slug = load_competition(self.name).slug
        if self.data is None:
            return self.root / f"{slug}{part}"
        if not self.data.is_file():
            raise PodiumError(
                f"DATA={self.data} is not there; name the zip that Kaggle gave you, or its "
                "train.csv."
            )
        return self.root / f"{slug}-{sha256_of(self.data)[:8]}{part}"

    def run(self, console: Console) -> None:
        """Download, tune, blend and submit, and show the leaderboard.

        Raises:
            PodiumError: any step fails; what was finished is kept, and the next run goes on.
        """
        folder = self.folder
        with PracticeKaggle(
            folder / "kaggle", self.name, self.data, hidden=self.hidden
        ) as practice:
            variables = practice.environment | {
                "DATA_DIR": str(folder / "data"),
                "RUNS_DIR": str(folder / "runs"),
            }
            with _environment(variables):
                competition = load_competition(str(practice.spec_path))
                console.print(f"Rehearsal of {competition.slug} at {practice.url}")
                self._chain(competition, KaggleClient(competition), console)

    def _chain(self, competition: Competition, client: KaggleClient, console: Console) -> None:
        brought = download(competition, data_folder(competition), client)
        size = f"{brought.size / 1e6:.1f} MB"
        console.print(f"download   {len(brought.files)} files, {size}, checked")
        plan = make_plan(competition, self.seed, self.workers)
        began = time.monotonic()
        with TuningDisplay(console, self.seconds) as display:
            tuned = tune_all(plan, self.pipelines, self.seconds, self.sampler, display)
        columns = [found[0] for found in tuned.values()]
        standings = "   ".join(f"{column.pipeline} {column.score}" for column in columns)
        trials = sum(column.manifest["trials"] for column in columns)
        console.print(
            f"tune       {standings}   {trials} trials, {duration(time.monotonic() - began)}"
        )
        console.print(f"blend      {blend_line(make_blend(plan, self.pipelines))}")
        self._submit(competition, client, console)
        _show_leaderboard(client.leaderboard(), client.username or "you", console)
        console.print("\nNext: the real one. Accept the rules on Kaggle, then: make download")

    def _submit(self, competition: Competition, client: KaggleClient, console: Console) -> None:
        try:
            with shown_progress("submitting") as progress:
                outcome = submit_blend(competition, client, progress=progress)
        except AlreadySubmitted as known:
            console.print(f"submit     {known}")
            return
        slot = f"{outcome.allowance.slot}: " if outcome.allowance else ""
        row = score_row(outcome.submission, competition)
        console.print(f"submit     {slot}{verdict(row)}")
        public, private = outcome.submission.public_score, outcome.submission.private_score
        rows = competition.test_rows
        if public is not None and private is not None and rows and row.public_rows:
            hits = public * row.public_rows + private * (rows - row.public_rows)
            whole = Score(hits / rows, 0.0, rows)
            console.print(f"           {whole} on all {rows:,} hidden rows, which no model saw")


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set variables for a while; a token of the real Kaggle is hidden from the practice one."""
    before = dict(os.environ)
    os.environ.update(variables)
    os.environ.pop("KAGGLE_API_TOKEN", None)
    os.environ.pop("DATABASE_URL", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _show_leaderboard(rows: list[LeaderboardRow], own: str, console: Console) -> None:
    console.print()
    for row in rows[:_TOP]:
        style = "bold" if row.team == own else None
        console.print(f"{row.rank:>3}  {row.team:<20} {row.score:.4f}", style=style)


def default_budget(data: Path | None) -> str:
    """Return a budget that suits the data: the optical digits are small."""
    return "90s" if data is None else "20m"


def default_name(data: Path | None) -> str:
    """Return the competition whose form some data has where nobody names one."""
    return OPTICAL_DIGITS if data is None else "digit-recognizer"
