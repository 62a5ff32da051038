"""The whole chain against a practice Kaggle on this machine: no account, nothing leaves it."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from app.subject import form_digest
from competition.errors import PodiumError
from competition.files import sha256_of
from competition.kaggle.client import KaggleClient, LeaderboardRow
from competition.kaggle.download import download
from competition.kaggle.kernels.client import KernelClient
from competition.practice.holdout import HIDDEN_FILE, hidden_units
from competition.practice.running import PracticeKaggle
from competition.practice.scoring import Solution, unpacked
from competition.practice.serving.state import State
from competition.problem.scores import Score, with_error
from competition.spec import Competition, load_competition
from competition.verbs import step
from competition.workspace import Workspace
from pipelines.base import Chosen
from pipelines.blending.blend import make_blend
from pipelines.display import TuningDisplay, blend_line, duration
from pipelines.kernels.machine import Asked
from pipelines.search.plan import Plan, make_plan
from pipelines.search.run import tune_all
from submissions.kernels.running import limit_of, run_on_kaggle
from submissions.screen import shown_progress, verdict
from submissions.sending.submitter import AlreadySubmitted
from submissions.submit import submit_blend
from submissions.tracking.scores import score_row

_KAGGLE = "kaggle"  # the practice Kaggle's folder, below a rehearsal's
_TOP = 10
_AFTER = 4.0  # seconds that the blend and its submission take


@dataclass(frozen=True)
class Rehearsal:
    """What is rehearsed.

    The practice Kaggle has a workspace of its own: its address and its user's key stand in there,
    so that nobody's stored credentials are looked for, and no variable changes.

    Attributes:
        name: The competition whose form the data has: a slug, or the path of a TOML file.
        data: Its labelled `train.csv` or its zip; None for the data that come with Podium.
        hidden: How many rows to hide; None for a third.
        chosen: What to tune, in order, and what is left out.
        seconds: For the whole way. Tuning gets what the other steps leave, half of it at least.
        sampler: Optuna's sampler.
        seed: Of the rows that are hidden, of folds and of fits.
        workers: Cores to use; None for all.
        root: Where rehearsals are kept, each in a folder of its own.
        kernel: Whether a script that the practice Kaggle runs does the tuning, with all seconds.
        began: When the way began, by `time.monotonic()`.
    """

    name: str
    data: Path | None
    hidden: int | None
    chosen: Chosen
    seconds: float
    sampler: str
    seed: int
    workers: int | None
    root: Path
    kernel: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def folder(self) -> Path:
        """This rehearsal's folder: other data or another form have another.

        Raises:
            PodiumError: there are no such data.
        """
        part = f"-{self.hidden}" if self.hidden else ""
        part += f"-seed{self.seed}" if self.seed else ""
        competition = load_competition(self.name)
        if self.name.endswith(".toml"):
            part = f"-{form_digest(competition)}{part}"
        if self.data is None:
            if competition.bundled is None:
                raise PodiumError(
                    f"No data of {competition.slug} come with Podium. Name the zip that Kaggle "
                    "gave you, or its train.csv, as DATA."
                )
            return self.root / f"{competition.slug}{part}"
        if not self.data.is_file():
            raise PodiumError(
                f"DATA={self.data} is not there. Name the zip that Kaggle gave you, or its "
                "train.csv."
            )
        return self.root / f"{competition.slug}-{sha256_of(self.data)[:8]}{part}"

    def run(self, console: Console) -> None:
        """Download, tune, blend and submit, and show the leaderboard.

        Raises:
            PodiumError: any step fails; what was finished is kept, and the next run goes on.
        """
        folder = self.folder
        with PracticeKaggle(
            folder / _KAGGLE,
            self.name,
            self.data,
            hidden=self.hidden,
            seed=self.seed,
            kernels=self.kernel or load_competition(self.name).notebooks_only,
        ) as practice:
            competition = load_competition(str(practice.spec_path))
            console.print(f"Rehearsal of {competition.slug} at {practice.url}")
            workspace = Workspace.in_folders(
                competition, folder / "data", folder / "runs", access=practice.access
            )
            self._chain(workspace, folder / _KAGGLE, console)

    def _chain(self, workspace: Workspace, kaggle: Path, console: Console) -> None:
        client = KaggleClient(workspace.competition, workspace.access)
        brought = download(workspace, client)
        size = f"{brought.size / 1e6:.1f} MB"
        console.print(f"download   {len(brought.files)} files, {size}, checked")
        self._tune(workspace, console)
        _submit(workspace, client, kaggle, console)
        _show_leaderboard(client.leaderboard(), client.username or "you", console)
        console.print(f"\nNext: the real one. {_advice(workspace.competition)}")

    def _tune(self, workspace: Workspace, console: Console) -> None:
        pipelines = self.chosen.pipelines
        plan = make_plan(workspace, self.seed, self.workers)
        if self.kernel:
            self._tune_on_kaggle(plan, console)
            return
        began = time.monotonic()
        seconds = max(self.seconds / 2, self.began + self.seconds - _AFTER - began)
        with TuningDisplay(console, seconds) as display:
            tuned = tune_all(plan, pipelines, seconds, self.sampler, display)
        for name, reason in (self.chosen.left_out | tuned.left_out).items():
            console.print(f"left out   {name}: {reason}", markup=False)
        best = [found[0] for found in tuned.columns.values()]
        standings = "   ".join(f"{column.pipeline} {column.score}" for column in best)
        trials = sum(column.manifest["trials"] for column in best)
        console.print(
            f"tune       {standings}   {trials} trials, {duration(time.monotonic() - began)}"
        )
        console.print(f"blend      {blend_line(make_blend(plan, pipelines))}")

    def _tune_on_kaggle(self, plan: Plan, console: Console) -> None:
        names = [each.name for each in self.chosen.pipelines]
        data = plan.data.fingerprint
        asked = Asked(" ".join(names), self.seconds, self.seed, 0, self.sampler, False, data, 1)
        client = KernelClient(plan.competition, plan.workspace.access)
        began = time.monotonic()
        merged = run_on_kaggle(plan, client, asked, limit_of(self.seconds))
        standings = "   ".join(f"{column.pipeline} {column.score}" for column in merged.added)
        known = f"   {merged.known} were here" if merged.known else ""
        console.print(f"kernel     {standings}{known}   {duration(time.monotonic() - began)}")
        console.print(f"blend      {blend_line(make_blend(plan, self.chosen.pipelines))}")


def _advice(competition: Competition) -> str:
    """Return what leads to a competition of Kaggle's."""
    draft = f"{step('new', COMPETITION='slug')}, " if competition.rows_kind == "tables" else ""
    return f"Make a token, accept the rules on Kaggle, then: {draft}{step('download')}"


def _submit(workspace: Workspace, client: KaggleClient, kaggle: Path, console: Console) -> None:
    try:
        with shown_progress("submitting") as progress:
            outcome = submit_blend(workspace, client, progress=progress)
    except AlreadySubmitted as known:
        console.print(f"submit     {known}")
        return
    competition, submission = workspace.competition, outcome.submission
    slot = f"{outcome.allowance.slot}: " if outcome.allowance else ""
    row = score_row(submission, competition)
    console.print(f"submit     {slot}{verdict(row)}")
    if submission.public_score is not None and submission.ref is not None:
        # What was scored; of a notebook that is another file than the one that came home.
        scored = State(kaggle).submitted_path(submission.ref)
        assert scored is not None
        score = score_on_all(kaggle, competition, scored)
        told = with_error(score.value, score.standard_error)
        console.print(f"           {told} on all {score.rows:,} hidden rows, which no model saw")


def score_on_all(kaggle: Path, competition: Competition, file: Path) -> Score:
    """Return the score of a submission on all hidden rows, public and private.

    Args:
        kaggle: The practice Kaggle's folder, in which the truth lies.
        competition: What is asked.
        file: The submission, which was scored.
    """
    solution = Solution.read(kaggle / HIDDEN_FILE, competition)
    answers = solution.form.parse(unpacked(file.read_bytes()), solution.sample).answers
    assert answers is not None, "what was scored has no faults"
    units = hidden_units(kaggle, competition)
    return solution.problem.score_answers(solution.truth, answers, units=units)


def _show_leaderboard(rows: list[LeaderboardRow], own: str, console: Console) -> None:
    scores = [with_error(row.score, None) for row in rows[:_TOP]]
    width = max(map(len, scores), default=0)
    console.print()
    for row, score in zip(rows, scores, strict=False):
        style = "bold" if row.team == own else None
        console.print(f"{row.rank:>3}  {row.team:<20} {score:>{width}}", style=style)
