"""Waiting for a score, without losing it however the wait ends."""

import logging

from competition.kaggle.client import KaggleClient, KaggleError
from submissions.clock import PATIENCE, Clock, Patience
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import Submission
from submissions.progress import Progress

_GROWTH = 1.5

_log = logging.getLogger(__name__)


def await_score(
    client: KaggleClient,
    ledger: Ledger,
    submission: Submission,
    *,
    timeout: float,
    clock: Clock,
    progress: Progress,
    patience: Patience = PATIENCE,
) -> Submission:
    """Look at Kaggle's list until a submission is scored or the time is up.

    Pauses grow from 1 s to 30 s. Every look brings the whole ledger up to date, so ending the wait
    at any moment loses nothing: the next look completes it. A look that fails is not the end.

    Args:
        client: The door to Kaggle.
        ledger: Where the score goes.
        submission: One with a `ref`.
        timeout: Seconds to wait at most.
        clock: Time.
        progress: Hears the status after each look.
        patience: The first and the longest pause.

    Returns:
        The submission as it is then; still `pending` where the time ran out.
    """
    begun = clock.monotonic()
    pause = patience.first_poll
    while True:
        try:
            ledger.absorb(client.submissions())
        except KaggleError as error:
            _log.info("A look at the submissions failed: %s", error)
            status = "Kaggle does not answer"
        else:
            submission = ledger.get(submission.id)
            if submission.scored:
                return submission
            status = submission.shown_status
        waited = clock.monotonic() - begun
        if waited >= timeout:
            return submission
        progress.tick(f"submission {submission.ref}: {status} for {waited:.0f} s")
        clock.sleep(min(pause, timeout - waited))
        pause = min(pause * _GROWTH, patience.longest_poll)
