"""A run on Kaggle's machines: pushed exactly once, waited for, and brought home."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from competition.errors import PodiumError
from competition.files import atomic_path
from competition.kaggle.client import KaggleError, KaggleUnavailable, OutcomeUnknown
from competition.kaggle.kernels.client import (
    KernelClient,
    MachinesBusy,
    PushRefused,
    SourceDropped,
)
from competition.kaggle.kernels.replies import RunOutput, RunStatus
from competition.locks import LockHeld, locked
from pipelines.kernels.archive import COLUMNS_FILE, Merged, merge_columns
from pipelines.kernels.machine import SUBMISSION_FILE, Asked
from pipelines.search.plan import Plan
from submissions.clock import PATIENCE, Clock, Patience
from submissions.kernels.notebook import NOTEBOOK, packed_notebook, sources_of
from submissions.kernels.packing import packed_script
from submissions.kernels.runs import KernelRuns
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import KernelRun, KernelState
from submissions.progress import Progress
from submissions.screen import shown_progress

MOST_SECONDS = 12 * 3600  # of a session on Kaggle
_SPARE = 900.0  # seconds that a session has beside its budget, or this share of it:
_SPARE_SHARE = 0.25
_TOLD = 6  # lines of a failed run's log


def limit_of(seconds: float) -> int:
    """Return after how many seconds Kaggle is to end a run that tunes for so long.

    Raises:
        PodiumError: a session cannot last so long.
    """
    limit = seconds + max(_SPARE, _SPARE_SHARE * seconds)
    if limit > MOST_SECONDS:
        raise PodiumError(
            "A session on Kaggle ends after 12 hours, and starting and blending take a part of it. "
            "Ask for BUDGET=9h at most."
        )
    return round(limit)


def run_on_kaggle(plan: Plan, client: KernelClient, asked: Asked, limit: int) -> Merged:
    """Carry one tuning run through, and show on stderr how it goes.

    Args:
        plan: Of the run here.
        client: The door to Kaggle.
        asked: What it does.
        limit: Seconds after which Kaggle ends it.

    Raises:
        PodiumError: as for `Runner.run`, or another process is at it.
    """
    with shown_progress("on Kaggle's machines") as progress:
        return Runner.of(plan, client, progress).run(asked, limit)


@contextmanager
def _alone(plan: Plan) -> Iterator[None]:
    """Hold the right to push and to wait for a run."""
    try:
        with locked(plan.workspace.runs / "kernels" / ".lock", patience=0):
            yield
    except LockHeld:
        raise PodiumError(
            "Another process waits for a run on Kaggle's machines. Wait for it, or end it; the run "
            "goes on."
        ) from None


@dataclass(frozen=True)
class Runner:
    """Takes one run from its intent to its columns; every stage can be taken up again.

    Attributes:
        plan: Of the run here, which the columns join.
        client: The door to Kaggle.
        runs: Where every stage is recorded.
        progress: Hears of each step, and of the log.
        clock: Time.
        patience: How long to wait for what.
    """

    plan: Plan
    client: KernelClient
    runs: KernelRuns
    progress: Progress
    clock: Clock
    patience: Patience = PATIENCE

    @classmethod
    def of(
        cls,
        plan: Plan,
        client: KernelClient,
        progress: Progress,
        clock: Clock | None = None,
        patience: Patience = PATIENCE,
    ) -> Self:
        """Return one that keeps its records in the ledger of a plan's workspace."""
        runs = KernelRuns(Ledger.open(plan.workspace, account=client.username))
        return cls(plan, client, runs, progress, clock or Clock(), patience)

    def run(self, asked: Asked, seconds: int) -> Merged:
        """Return the columns of the one run of what is asked.

        Args:
            asked: What it does.
            seconds: After which Kaggle is to end it.

        Raises:
            KaggleError: Kaggle refuses it, or does not answer; the same command goes on.
            PodiumError: the run failed, or another process is at it.
        """
        with _alone(self.plan):
            run = self._ended(self.runs.begin(asked, seconds))
            path = self._brought(run, COLUMNS_FILE)
            merged = merge_columns(path, self.plan)
            path.unlink()
            self.runs.change(run.id, state=KernelState.DONE)
        return merged

    def infer(self, asked: Asked, seconds: int) -> tuple[KernelRun, Path]:
        """Return the run of a blend that is made again, and the submission that it left.

        A run of the same blend that is done is not asked again.

        Args:
            asked: As for `run`, with the blend.
            seconds: As for `run`.

        Raises:
            PodiumError: as for `run`.
        """
        with _alone(self.plan):
            run = self.runs.begin(asked, seconds, again=False)
            if run.is_done and self.client.find(run.slug) is None:
                self.runs.change(run.id, state=KernelState.FAILED, error="it was deleted at Kaggle")
                run = self.runs.begin(asked, seconds)
            run = self._ended(run)
            path = self._brought(run, SUBMISSION_FILE)
            return self.runs.change(run.id, state=KernelState.DONE), path

    def _ended(self, run: KernelRun) -> KernelRun:
        """Take a run to its good end on Kaggle."""
        if run.state == KernelState.SENDING:
            run = self._settled(run)
        while run.state == KernelState.INTENT:
            run = self._push(run)
        self._await(run)
        return run

    # ------------------------------------------------------------------ pushing

    def _push(self, run: KernelRun) -> KernelRun:
        """Push the script once, and record what came of that."""
        asked = Asked.from_json(run.asked)
        pack = packed_notebook if asked.form == NOTEBOOK else packed_script
        script = pack(run.slug, self.plan.competition, asked)
        digest, now = digest_of(script), self.clock.now()
        self._check_quota(asked, run.seconds)
        self.runs.change(run.id, state=KernelState.SENDING, sha256=digest, sent=now)
        self.progress.step(f"pushing {run.slug} ({len(script) / 1000:,.0f} kB)")
        try:
            version = self.client.push(
                *(run.slug, run.slug, script),
                gpu=asked.gpu,
                seconds=run.seconds,
                kind=asked.form or "script",
            )
        except OutcomeUnknown as error:
            self.progress.step(f"{error} It is looked up.")
            return self._settled(self.runs.get(run.id))
        except MachinesBusy as error:
            run = self.runs.change(run.id, state=KernelState.INTENT, sent=None)
            self.progress.tick(f"{error} Trying again; Ctrl-C gives up")
            self.clock.sleep(self.patience.machine)
            return run
        except PushRefused as error:
            self.runs.change(run.id, state=KernelState.REFUSED, error=str(error))
            raise
        except SourceDropped as error:
            self.runs.change(run.id, state=KernelState.FAILED, error=str(error))
            raise
        except KaggleError:
            self.runs.change(run.id, state=KernelState.INTENT, sent=None)
            raise
        return self._running(run, version)

    def _check_quota(self, asked: Asked, seconds: int) -> None:
        """Say what is left of the week's hours, and refuse what they do not suffice for."""
        if not asked.gpu:
            return
        quota = self.client.quota()
        if quota is None:
            return
        self.progress.step(f"{quota.left:.1f} of {quota.allowed:.0f} GPU hours are left this week")
        if quota.left * 3600 < seconds:
            raise PodiumError(
                f"{quota.left:.1f} GPU hours are left this week, and the run may take "
                f"{seconds / 3600:.1f}. Ask for a smaller BUDGET, or run it without GPU=1."
            )

    def _settled(self, run: KernelRun) -> KernelRun:
        """Look up what became of a push whose reply was lost; ready to push again if nothing."""
        assert run.sent is not None
        begun = self.clock.monotonic()
        before = (self.clock.now() - run.sent).total_seconds()
        while True:
            found = self.client.find(run.slug)
            if found is not None and digest_of(found.source) == run.sha256:
                return self._running(run, found.version)
            waited = max(0.0, before) + self.clock.monotonic() - begun
            if waited >= self.patience.flight:
                return self.runs.change(run.id, state=KernelState.INTENT, sent=None)
            self.progress.tick(f"looking for {run.slug} on Kaggle for {waited:.0f} s")
            self.clock.sleep(self.patience.look)

    def _running(self, run: KernelRun, version: int) -> KernelRun:
        self.progress.step(f"{run.slug} is version {version}; Ctrl-C leaves it running")
        return self.runs.change(run.id, state=KernelState.RUNNING, version=version)

    # ------------------------------------------------------------------ waiting

    def _await(self, run: KernelRun) -> None:
        """Wait until the run has ended well, with its log; record where it has not."""
        assert run.version is not None
        begun, pause, told, ended = self.clock.monotonic(), self.patience.first_poll, 0, ""
        while True:
            status = self.client.status(run.slug, run.version)
            if status.status == ended:  # one answer may be about an older version
                break
            ended = status.status if status.ended else ""
            if status.status == "running":
                told = self._tell_log(run, told)
            waited = self.clock.monotonic() - begun
            self.progress.tick(f"{run.slug}: {status.status} for {waited:.0f} s")
            self.clock.sleep(self.patience.look if ended else pause)
            pause = min(1.5 * pause, self.patience.longest_poll)
        if ended != "complete":
            self._fail(run, status)

    def _tell_log(self, run: KernelRun, told: int) -> int:
        """Pass on what the run says beyond so many lines, and return how many those are now."""
        for number, line in enumerate(self.client.log_lines(run.slug), 1):
            if number > told:
                self.progress.step(f"  {line}")
                told = number
        return told

    def _fail(self, run: KernelRun, status: RunStatus) -> None:
        """Record a failure and say it, with Kaggle's words and the end of the log."""
        assert run.version is not None
        log = self._kept_log(run, self.client.output(run.slug, run.version))
        said = f" ({status.failure.rstrip('.')})" if status.failure else ""
        lines = log.read_text(encoding="utf-8").splitlines()[-_TOLD:]
        error = f"{run.slug}, version {run.version}, ended with {status.status}{said}."
        self.runs.change(run.id, state=KernelState.FAILED, error=error)
        end = "".join(f"\n  {line}" for line in lines)
        raise PodiumError(f"{error} Its log is {log}{':' if end else ', and empty.'}{end}")

    # ------------------------------------------------------------------ bringing home

    def _brought(self, run: KernelRun, name: str) -> Path:
        """Fetch a file that a run left, and return where it is."""
        assert run.version is not None
        output = self.client.output(run.slug, run.version)
        self._kept_log(run, output)
        address = output.files.get(name)
        if not address:
            raise KaggleError(
                f"Kaggle lists no {name} of {run.slug}, version {run.version}. Run the "
                "same command again in a while: it looks again."
            )
        path = self._folder(run) / name
        self.client.patience.repeat(lambda: self._fetch(address, path))
        return path

    def _fetch(self, address: str, path: Path) -> None:
        with self.client.open_file(address) as stream, atomic_path(path) as temporary:
            digest = hashlib.md5(usedforsecurity=False)
            with temporary.open("wb") as file:
                for chunk in stream.chunks:
                    file.write(chunk)
                    digest.update(chunk)
            size = temporary.stat().st_size
            if stream.total not in (None, size) or stream.md5 not in (None, digest.digest()):
                raise KaggleUnavailable(
                    f"{path.name} did not come whole from Kaggle. Run the same command again."
                )

    def _kept_log(self, run: KernelRun, output: RunOutput) -> Path:
        path = self._folder(run) / "log.txt"
        with atomic_path(path) as temporary:
            temporary.write_text(f"{output.log}\n" if output.log else "", encoding="utf-8")
        return path

    def _folder(self, run: KernelRun) -> Path:
        return self.plan.workspace.runs / "kernels" / f"{run.slug}-v{run.version}"


def digest_of(source: str) -> str:
    """Return what a script is known by, whatever a server makes of its line ends.

    A notebook is known by its cells: their outputs and the order of its JSON are a server's.
    """
    if source.lstrip().startswith("{"):
        source = "\n".join(sources_of(source))
    return hashlib.sha256(source.strip().replace("\r\n", "\n").encode()).hexdigest()
