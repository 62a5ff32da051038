"""The queue's way to Kaggle: as many as the day allows, each exactly once."""

from contextlib import suppress
from dataclasses import dataclass, field

from competition.errors import PodiumError
from competition.kaggle.client import KaggleClient
from competition.workspace import Workspace
from submissions.checking import Checker
from submissions.clock import PATIENCE, Clock, Patience
from submissions.ledger.ledger import Ledger
from submissions.polling import await_score
from submissions.progress import Progress
from submissions.queue.files import Entry, Queue
from submissions.sending.allowance import NoneLeft, wait_for_slot
from submissions.sending.listing import PerhapsTaken
from submissions.sending.marker import said
from submissions.sending.packing import Packing
from submissions.sending.submitter import AlreadySubmitted, Outcome, Submitter
from submissions.submit import TIMEOUT_SECONDS


@dataclass
class Sent:
    """What became of the queue.

    Attributes:
        outcomes: The submissions, in the order in which they were made.
        failures: What could not be submitted or scored, one sentence each.
        left: How many files still wait.
        stopped: Why they do; None where none does.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    left: int = 0
    stopped: PodiumError | None = None

    @property
    def trouble(self) -> PodiumError | None:
        """What a person must be told as a failure; a day whose slots are used up is not one."""
        if self.stopped is not None and not (self.outcomes and isinstance(self.stopped, NoneLeft)):
            return self.stopped
        return PodiumError("\n".join(self.failures)) if self.failures else None


def submit_queue(
    workspace: Workspace,
    client: KaggleClient,
    *,
    message: str | None = None,
    wait: bool = False,
    zipped: bool | None = None,
    timeout: float = TIMEOUT_SECONDS,
    progress: Progress | None = None,
    clock: Clock | None = None,
    patience: Patience = PATIENCE,
) -> Sent:
    """Submit what the queue holds, the best estimate first, until the allowance is used up.

    Each file goes the way of `submit_file`, so that one that was interrupted is finished and not
    sent twice. It leaves the queue when Kaggle has it. All are sent before scores are waited for.

    Args:
        workspace: Whose queue.
        client: The door to Kaggle.
        message: What to say with files that have no message of their own.
        wait: Go on after midnight (UTC) until the queue is empty.
        zipped: Upload them as zips, or as they are; large ones as zips, if nothing is said.
        timeout: Seconds to wait for the scores of a day's submissions, all together.
        progress: Hears of each step.
        clock: Time.
        patience: How long to wait for what.

    Raises:
        PodiumError: the database fails. What stops the sending is in the result's `stopped`, so
            that what was sent before is not lost.
    """
    ledger = Ledger.if_there(workspace, client.source)
    if ledger is None:
        return Sent()
    sending = _Sending(
        Submitter(
            client,
            ledger,
            progress or Progress(),
            clock or Clock(),
            Packing(workspace.runs / "submissions", zipped),
            patience,
        ),
        Checker(workspace, ledger),
        Queue(ledger, workspace),
        message,
        timeout,
    )
    sending.run(wait)
    return sending.sent


@dataclass
class _Sending:
    submitter: Submitter
    checker: Checker
    queue: Queue
    message: str | None
    timeout: float
    sent: Sent = field(default_factory=Sent)
    passed_over: set[int] = field(default_factory=set)
    nights: int = 0  # without a submission

    def run(self, wait: bool) -> None:
        while (entry := self._next()) is not None:
            try:
                self._submit(entry)
            except PerhapsTaken as doubt:  # the others can go on
                self.passed_over.add(entry.number)
                self.sent.failures.append(f"{entry.name}: {doubt}")
            except NoneLeft as closed:
                if not (wait and closed.renewed and self.nights < self.submitter.patience.nights):
                    self.sent.stopped = closed
                    break
                self._complete()
                one = self.submitter
                self.nights += 1
                try:
                    wait_for_slot(one.ask, one.clock, one.progress, one.patience)
                except PodiumError as error:
                    self.sent.stopped = error
                    break
            except PodiumError as error:
                self.sent.stopped = error
                break
        self._complete()
        self.sent.left = len(self.queue.entries())

    def _next(self) -> Entry | None:
        """Return the best entry, read again each time: others may add some meanwhile."""
        for entry in self.queue.entries():
            if entry.number in self.passed_over:
                continue
            if entry.intact:
                return entry
            self.passed_over.add(entry.number)
            self.sent.failures.append(
                f"{entry.file} is not the file that was checked any more: `queue drop "
                f"{entry.number}`, then add it again."
            )
        return None

    def _submit(self, entry: Entry) -> None:
        report = self.checker.check(entry.file)
        report.require_valid("uploaded")
        for warning in report.warnings:
            self.submitter.progress.step(f"Warning: {warning}")
        message = said(entry.message or self.message or entry.name)
        self.submitter = self.submitter.signed_in()
        # A file that reached Kaggle by another way meanwhile has not failed.
        with suppress(AlreadySubmitted):
            self.sent.outcomes.append(self.submitter.submit(report, message))
            self.nights = 0
        self.queue.remove(entry)

    def _complete(self) -> None:
        """Wait for the scores of what was sent; one look brings all of them up to date.

        What Kaggle could not score becomes a failure.
        """
        one = self.submitter
        deadline = one.clock.monotonic() + self.timeout
        scored = []
        for outcome in self.sent.outcomes:
            submission = one.ledger.get(outcome.submission.id)
            if not submission.scored:
                submission = await_score(
                    one.client,
                    one.ledger,
                    submission,
                    timeout=max(deadline - one.clock.monotonic(), 0.0),
                    clock=one.clock,
                    progress=one.progress,
                    patience=one.patience,
                )
            if submission.status == "error":
                name, reason = submission.message, submission.error or "it gives no reason"
                self.sent.failures.append(
                    f"{name}: Kaggle could not score submission {submission.ref} ({reason}). "
                    "It does not count towards the allowance."
                )
            else:
                scored.append(Outcome(submission, outcome.allowance))
        self.sent.outcomes = scored
