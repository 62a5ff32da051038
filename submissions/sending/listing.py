"""Whether Kaggle took a submission although its answer was lost: its list is searched."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from competition.errors import PodiumError
from competition.kaggle.client import (
    KaggleClient,
    KaggleError,
    OutcomeUnknown,
    RemoteSubmission,
)
from submissions.clock import Clock, Patience
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import Submission
from submissions.progress import Progress
from submissions.sending.allowance import counted_today


class PerhapsTaken(OutcomeUnknown):
    """Kaggle lists a new file like the one in doubt, and does not say that it is the same."""


@dataclass(frozen=True)
class Listing:
    """Kaggle's list of submissions, read into the ledger each time.

    Attributes:
        client: The door to Kaggle.
        ledger: Takes up what the list shows.
        progress: Hears of each look.
        clock: Time.
        patience: How long to wait for what.
    """

    client: KaggleClient
    ledger: Ledger
    progress: Progress
    clock: Clock
    patience: Patience

    def read(self) -> Sequence[RemoteSubmission]:
        """Read all of it."""
        remote = self.client.submissions()
        self.ledger.absorb(remote)
        return remote

    def settle(self, row: Submission, patience: float) -> Submission:
        """Look for a submission's marker until the list has surely caught up.

        It has, when it stayed silent for so long and shows as many submissions of today as Kaggle
        counts against the allowance; it gets 15 s more where the two disagree.

        Args:
            row: What may have been submitted.
            patience: Seconds: 15 where Kaggle itself answered, two minutes where it did not: a
                call that nobody waits for any more may still be on its way there.

        Returns:
            The row, with Kaggle's number where the marker was found; without, it was not taken.

        Raises:
            PerhapsTaken: the list has a new file of this name and size, without a marker.
            PodiumError: the list cannot be read, or still lacks a submission that Kaggle counts.
        """
        begun = self.clock.monotonic()
        while True:
            try:
                remote = self.read()
                row = self.ledger.get(row.id)
                if row.ref is not None:
                    return row
                waited = self.clock.monotonic() - begun
                if waited >= patience and (alike := self.ledger.lookalikes(row, remote)):
                    raise PerhapsTaken(_perhaps(alike[0], row))
                if waited >= patience and self._shows_all(remote):
                    return row
                if waited >= patience + self.patience.lag:
                    raise PodiumError(
                        "Kaggle counts one submission more than it lists, so this one may have "
                        "been taken. Run the command again in some minutes: it looks first, and "
                        "never submits twice."
                    )
            except PerhapsTaken:
                raise
            except KaggleError as error:
                raise KaggleError(
                    f"Whether Kaggle took the submission is not known yet: {error} "
                    "The ledger remembers it: the same command looks first, and never submits "
                    "twice."
                ) from error
            self.progress.tick("Kaggle's list does not show it; looking again")
            self.clock.sleep(self.patience.look)

    def _shows_all(self, remote: Sequence[RemoteSubmission]) -> bool:
        """Tell whether a list shows as many submissions of today as Kaggle counts."""
        limits = self.client.submission_limits()
        return limits is None or counted_today(remote, self.clock.now()) >= limits.used_today


def _perhaps(entry: RemoteSubmission, row: Submission) -> str:
    return (
        f"Whether Kaggle took the submission is not known: its answer was lost, and submission "
        f"{entry.ref} in its list, {entry.file_name or Path(row.file).name}, came since then and "
        "looks like it, but does not bear its marker. Nothing is uploaded again. "
        f"`fetch {entry.ref}` brings that file; if it is another one, `--again` submits this one."
    )
