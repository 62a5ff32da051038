"""One file, one submission: checked, intended, uploaded, created, scored.

What makes it exactly one, whatever breaks in between:

1. Before the first byte leaves, the ledger holds an intent, and just before CreateSubmission the
   word `sending`. So a killed process leaves word of how far it may have come.
2. The description starts with a marker made of the content. Kaggle's list is searched for it, in
   all pages, before anything is sent, and after any doubt before CreateSubmission is tried again.
   How long is measured by a clock that nobody can set. Where the list shows a new file of the same
   name and size without a marker, nothing is sent until a person says so.
3. A lock that dies with its process lets one submitter through at a time; the database keeps one
   row for each attempt at a content.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from competition.errors import PodiumError
from competition.files import sha256_of
from competition.kaggle.client import (
    AllowanceUsedUp,
    KaggleClient,
    KaggleError,
    OutcomeUnknown,
    RemoteSubmission,
)
from competition.locks import LockHeld
from competition.problem.checking.checks import CheckReport
from competition.terminal.printable import printable
from competition.verbs import step
from submissions.clock import PATIENCE, Clock, Patience
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import State, Submission
from submissions.progress import Progress
from submissions.sending.allowance import (
    Allowance,
    NoneLeft,
    ask_allowance,
    opening,
    require_left,
)
from submissions.sending.listing import Listing, PerhapsTaken
from submissions.sending.marker import described
from submissions.sending.packing import Packing

if TYPE_CHECKING:
    from submissions.kernels.submitting import KernelVersion

_TRIES = 3


class AlreadySubmitted(PodiumError):
    """The same content was submitted before, and nobody asked for it again."""


@dataclass(frozen=True)
class Outcome:
    """What became of a submission.

    Attributes:
        submission: The ledger's row, scored or still pending.
        allowance: What Kaggle allowed just before; None where it had been submitted already and
            only its score was waited for.
    """

    submission: Submission
    allowance: Allowance | None

    def found(self) -> dict[str, Any]:
        """Return what the journal says of it."""
        one = self.submission
        found: dict[str, Any] = {"submission": one.ref}
        if one.cv_score is not None:
            name = one.blend_name or one.file
            found["blend"] = {"name": name, "value": one.cv_score, "error": one.cv_se}
        return found


@dataclass(frozen=True)
class Submitter:
    """Takes checked files to Kaggle, each exactly once; the methods are stages of `submit`.

    Attributes:
        client: The door to Kaggle.
        ledger: Where every stage is recorded; from one stage to the next goes its row.
        progress: Hears of each step.
        clock: Time.
        packing: Which files travel as a zip.
        patience: How long to wait for what.
        version: Of the kernel that made the file, where it is submitted instead of an upload.
    """

    client: KaggleClient
    ledger: Ledger
    progress: Progress
    clock: Clock
    packing: Packing
    patience: Patience = PATIENCE
    version: "KernelVersion | None" = None

    def signed_in(self) -> "Submitter":
        """Return the same submitter, with the ledger as the client's account sees it.

        Raises:
            KaggleError: signing in fails.
        """
        return replace(self, ledger=self.ledger.of_account(self.client.username))

    def submit(self, report: CheckReport, message: str, *, again: bool = False) -> Outcome:
        """Return the one submission of a content: a new one, or the one that there is.

        Args:
            report: The check of the file, without faults.
            message: What to say with it.
            again: Submit it once more if it was scored before.

        Raises:
            AlreadySubmitted: it was scored before.
            NoneLeft: the allowance is used up.
            KaggleError: Kaggle refused or could not be reached.
            PodiumError: the file changed meanwhile, or the database fails.
        """
        if self.client.competition.notebooks_only and self.version is None:
            raise PodiumError(
                f"{self.client.competition.slug} takes submissions from notebooks alone, so no "
                f"file can be uploaded. `{step('submit')}` pushes a script that makes the blend "
                "again."
            )
        before = self.ledger.latest(report.fingerprint)
        with self._alone() as waited:
            remote = self._listing.read()
            self.ledger.close_abandoned(report.fingerprint, self.clock.now())
            latest = self.ledger.latest(report.fingerprint)
            attempt = (latest.attempt if latest else None) or 1
            if latest is not None and latest.state in (State.SENDING, State.LOST):
                try:
                    latest = self._listing.settle(latest, self.patience.flight)
                except PerhapsTaken as doubt:
                    if not again:
                        raise
                    self.ledger.change(latest.id, state=State.LOST, error=str(doubt))
                    return self._send(report, message, attempt + 1, self._listing.read())
            if latest is None or latest.ref is None:
                return self._send(report, message, attempt, remote)
            if latest.sha256 is None:  # from Kaggle's list: its marker says that this is its file
                latest = self.ledger.change(latest.id, **self._facts(report))
            # Not scored when this call began, it is this call's to finish, not to refuse.
            fresh = waited if before is None else not before.scored or before.attempt != attempt
            if fresh or not latest.scored:
                self.progress.step(f"The same content is submission {latest.ref} already")
                if again:
                    self.progress.step(
                        f"Warning: `--again` sends nothing, for submission {latest.ref} was not "
                        "scored when it began and may be what an interrupted `--again` sent. Run "
                        "it once more when the score is there."
                    )
                return Outcome(latest, None)
            if not again:
                raise AlreadySubmitted(_already(latest))
            return self._send(report, message, attempt + 1, remote)

    def ask(self) -> Allowance:
        """Ask what Kaggle allows now."""
        return ask_allowance(self.client, self._listing.read(), self.clock)

    @property
    def _listing(self) -> Listing:
        return Listing(self.client, self.ledger, self.progress, self.clock, self.patience)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Hold the right to submit; yield whether another process had it first."""
        name = f"submit {self.ledger.competition} {self.ledger.endpoint}"
        waiting = "Another submit is under way; waiting for its end"
        try:
            with self.ledger.database.locked(
                name, patience=self.patience.lock, waiting=lambda: self.progress.step(waiting)
            ) as waited:
                yield waited
        except LockHeld as error:
            raise PodiumError(
                f"Another submit has been under way for {self.patience.lock / 60:.0f} minutes. "
                "Wait for it or end it, then run the command again: nothing was submitted here."
            ) from error

    def _send(
        self,
        report: CheckReport,
        message: str,
        attempt: int,
        remote: Sequence[RemoteSubmission],
    ) -> Outcome:
        allowance = ask_allowance(self.client, remote, self.clock)
        require_left(allowance, self.clock)
        newest = max((each.ref for each in remote), default=0)
        row = self.ledger.intend(
            report.fingerprint,
            attempt,
            message=message,
            newest_before=newest,
            **self._facts(report),
        )
        self.progress.step(f"{allowance.slot}: {self._doing(report)}")
        token = self._upload(row, report) if self.version is None else ""
        for _ in range(_TRIES):
            row = self.ledger.change(row.id, state=State.SENDING)
            row = self._create(row, token)
            if row.ref is not None:
                return Outcome(row, allowance)
        reason = (
            "Kaggle's answer to the submission was lost three times, and its list never "
            "showed it. Run the command again in a while: it looks first."
        )
        self.ledger.change(row.id, state=State.LOST, error=reason)
        raise PodiumError(reason)

    def _doing(self, report: CheckReport) -> str:
        if self.version is None:
            return f"uploading {report.path.name}"
        return f"submitting version {self.version.version} of {self.version.slug}"

    def _facts(self, report: CheckReport) -> dict[str, Any]:
        """Return the columns that the file itself and its blend decide."""
        return {
            "file": printable(str(report.path.absolute())),
            # What Kaggle says of a zip's size nobody promises, so that its name alone decides; and
            # of a kernel's file it may say that of another run.
            "size": None if self.version or self.packing.packs(report.size) else report.size,
            "sha256": report.sha256,
            "rows": report.rows,
            **asdict(self.ledger.estimate_of(report.fingerprint)),
        }

    def _upload(self, row: Submission, report: CheckReport) -> str:
        file = report.path
        try:
            if self.packing.packs(report.size):
                with self.packing.packed(file) as packed:
                    size = packed.stat().st_size / 1e6
                    self.progress.step(f"It is packed: {size:.1f} of {report.size / 1e6:.1f} MB")
                    token = self.client.upload(packed, f"{file.name}.zip")
            else:
                token = self.client.upload(file)
            if sha256_of(file) != row.sha256:
                raise PodiumError(
                    f"{file} changed while it was uploaded; nothing was submitted. "
                    "Run the command again when nothing writes to it."
                )
        except OSError as error:
            raise self._refused(row, f"{file} cannot be read: {error}") from error
        except PodiumError as error:
            self._refused(row, str(error))
            raise
        self.ledger.change(row.id, state=State.UPLOADED)
        return token

    def _create(self, row: Submission, token: str) -> Submission:
        """Submit by one call; return the row, with its number if that was carried out."""
        description = described(row.message, row.fingerprint or "", row.attempt or 1)
        try:
            ref = self._call(token, description)
        except OutcomeUnknown as error:
            self.progress.step("Kaggle's answer was lost; looking whether it took the submission")
            answered = error.status not in (None, 502, 504)  # these come from what stands before it
            return self._listing.settle(
                row, self.patience.lag if answered else self.patience.flight
            )
        except AllowanceUsedUp as error:
            self._refused(row, str(error))
            raise NoneLeft(
                f"{error} The next slot opens {opening(self.clock.now())}.", renewed=True
            ) from error
        except KaggleError as error:
            self._refused(row, str(error))
            raise
        return self.ledger.change(row.id, state=State.SUBMITTED, ref=ref, status="pending")

    def _call(self, token: str, description: str) -> int:
        if self.version is None:
            return self.client.create_submission(token, description)
        made = self.version
        return self.client.create_code_submission(
            made.slug, made.version, made.file_name, description
        )

    def _refused(self, row: Submission, reason: str) -> PodiumError:
        """Record that nothing came of an attempt; the next one takes up its row."""
        self.ledger.change(row.id, state=State.REFUSED, error=reason)
        return PodiumError(reason)


def _already(submission: Submission) -> str:
    when = f"{submission.created.astimezone():%Y-%m-%d %H:%M}"
    score = submission.public_score
    what = f"public score {score}" if score is not None else submission.shown_status
    return (
        f"The same content was submitted on {when} (submission {submission.ref}, {what}); nothing "
        "was uploaded. `--again` submits it once more."
    )
