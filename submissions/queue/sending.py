"""The queue's way to Kaggle: as many as the day allows, each exactly once."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from competition.errors import PodiumError
from competition.kaggle.client import KaggleClient
from competition.spec import Competition
from submissions.allowance import Allowance, NoneLeft, ask_allowance, wait_for_slot
from submissions.clock import Clock
from submissions.ledger.ledger import Ledger
from submissions.polling import await_score
from submissions.progress import Progress
from submissions.queue.files import Entry, Queue
from submissions.submitter import AlreadySubmitted, Outcome
from submissions.uploader import TIMEOUT_SECONDS, submit_file


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
        """What a person must be told as a failure; a day whose slots were all used is none."""
        if self.stopped is not None and not (self.outcomes and isinstance(self.stopped, NoneLeft)):
            return self.stopped
        return PodiumError("\n".join(self.failures)) if self.failures else None


def submit_queue(
    competition: Competition,
    client: KaggleClient,
    *,
    message: str | None = None,
    wait: bool = False,
    timeout: float = TIMEOUT_SECONDS,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> Sent:
    """Submit what the queue holds, the best estimate first, until the allowance is used up.

    Each file goes the way of `submit_file`, so that one that was interrupted is finished and not
    sent twice. It leaves the queue when Kaggle has it. All are sent before scores are waited for.

    Args:
        competition: Whose queue.
        client: The door to Kaggle.
        message: What to say with files that have no message of their own.
        wait: Go on after midnight (UTC) until the queue is empty.
        timeout: Seconds to wait for the scores of a day's submissions, all together.
        progress: Hears of each step.
        clock: Time.

    Raises:
        PodiumError: the database fails. What stops the sending is in the result's `stopped`, so
            that what was sent before is not lost.
    """
    ledger = Ledger.open(competition, client.source)
    sending = _Sending(
        competition,
        client,
        ledger,
        Queue(ledger, competition),
        message,
        timeout,
        progress or Progress(),
        clock or Clock(),
    )
    sending.run(wait)
    return sending.sent


@dataclass
class _Sending:
    competition: Competition
    client: KaggleClient
    ledger: Ledger
    queue: Queue
    message: str | None
    timeout: float
    progress: Progress
    clock: Clock
    sent: Sent = field(default_factory=Sent)
    damaged: set[int] = field(default_factory=set)

    def run(self, wait: bool) -> None:
        while (entry := self._next()) is not None:
            try:
                self._submit(entry)
            except NoneLeft as closed:
                if not (wait and closed.renewed):
                    self.sent.stopped = closed
                    break
                self._complete()
                try:
                    wait_for_slot(self._ask, self.clock, self.progress)
                except PodiumError as error:
                    self.sent.stopped = error
                    break
            except PodiumError as error:
                if not self._unscorable(entry):
                    self.sent.stopped = error
                    break
                self.sent.failures.append(f"{entry.name}: {error}")
                self.queue.remove(entry)
        self._complete()
        self.sent.left = len(self.queue.entries())

    def _next(self) -> Entry | None:
        """Return the best entry, read anew each time: others may add some meanwhile."""
        for entry in self.queue.entries():
            if entry.number in self.damaged:
                continue
            if entry.intact:
                return entry
            self.damaged.add(entry.number)
            self.sent.failures.append(
                f"{entry.file} is not the file that was checked any more: `queue drop "
                f"{entry.number}`, then add it again."
            )
        return None

    def _submit(self, entry: Entry) -> None:
        # A file that reached Kaggle by another way meanwhile is none that failed.
        with suppress(AlreadySubmitted):
            outcome = submit_file(
                entry.file,
                self.competition,
                self.client,
                message=entry.message or self.message or entry.name,
                timeout=0,
                progress=self.progress,
                clock=self.clock,
            )
            self.sent.outcomes.append(outcome)
        self.queue.remove(entry)

    def _unscorable(self, entry: Entry) -> bool:
        """Tell whether a failure is the file's own: Kaggle took it and could not score it."""
        known = self.ledger.latest(entry.fingerprint)
        return known is not None and known.ref is not None and known.status == "error"

    def _complete(self) -> None:
        """Wait for the scores of what was sent; one look brings all of them up to date."""
        deadline = self.clock.now() + timedelta(seconds=self.timeout)
        for place, outcome in enumerate(self.sent.outcomes):
            submission = self.ledger.get(outcome.submission.id)
            if not submission.scored:
                submission = await_score(
                    self.client,
                    self.ledger,
                    submission,
                    timeout=max((deadline - self.clock.now()).total_seconds(), 0.0),
                    clock=self.clock,
                    progress=self.progress,
                )
            self.sent.outcomes[place] = Outcome(submission, outcome.allowance)

    def _ask(self) -> Allowance:
        return ask_allowance(self.client, self.client.submissions(), self.clock)
