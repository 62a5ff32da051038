"""Time as a submitter sees it, and how patient it is with Kaggle."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime


class Clock:
    """Time and sleep; a rehearsal of midnight brings its own.

    Waits are measured by `monotonic`. The wall clock may jump, so it serves only people, and to
    know which day it is at Kaggle.
    """

    def now(self) -> datetime:
        """Return the moment by the wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since some moment, which no correction of the wall clock changes."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Patience:
    """How long is waited for what, in seconds.

    Attributes:
        look: Between two looks for a submission whose reply was lost.
        lag: How long Kaggle's list may lag behind a submission that was carried out.
        flight: How long after a call without an answer Kaggle may still carry it out.
        first_poll: Before the second look for a score; later pauses grow.
        longest_poll: The longest pause between two looks for a score.
        slot: Between two looks at the clock, and at Kaggle, for the next day's slot.
        late: How long after midnight Kaggle may renew the allowance.
        nights: How many midnights in a row are waited for, before one submission is made (a
            number).
        lock: For another submitter, which holds the lock for one upload and a few calls.
        machine: Between two tries to push a kernel while all machines that one may have are busy.
    """

    look: float = 1.5
    lag: float = 15.0
    flight: float = 120.0
    first_poll: float = 1.0
    longest_poll: float = 30.0
    slot: float = 30.0
    late: float = 7200.0
    nights: int = 3
    lock: float = 900.0
    machine: float = 60.0


PATIENCE = Patience()
