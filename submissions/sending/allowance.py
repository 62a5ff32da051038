"""How many submissions the day still allows, and when the next one opens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from competition.errors import PodiumError
from competition.kaggle.client import KaggleClient, RemoteSubmission
from submissions.clock import PATIENCE, Clock, Patience
from submissions.progress import Progress

CLOSED = (
    "The competition takes no submissions (0 of 0 today). It is closed, or not open yet: its page "
    "says which."
)


@dataclass(frozen=True)
class Allowance:
    """What Kaggle allows now.

    Attributes:
        used: Submissions made today (UTC).
        left: Submissions that may still be made now.
        of_total: Whether the competition's total bounds them, which no midnight renews.
    """

    used: int
    left: int
    of_total: bool

    @property
    def closed(self) -> bool:
        """Whether none is taken at all: neither was one used, nor is one left."""
        return self.used == self.left == 0 and not self.of_total

    @property
    def slot(self) -> str:
        """The next submission in words, as in `submission 3 of 5 today`."""
        if self.of_total:
            return f"submission {self.used + 1} today, {self.left} left in the competition"
        return f"submission {self.used + 1} of {self.used + self.left} today"


class NoneLeft(PodiumError):
    """The allowance is used up; nothing was uploaded.

    Attributes:
        renewed: Whether the next midnight (UTC) brings new ones.
    """

    def __init__(self, message: str, *, renewed: bool) -> None:
        super().__init__(message)
        self.renewed = renewed


def ask_allowance(
    client: KaggleClient, remote: Sequence[RemoteSubmission], clock: Clock
) -> Allowance:
    """Ask Kaggle what it allows now; count its list where it does not tell.

    Args:
        client: The door to Kaggle.
        remote: Its list of submissions, just read.
        clock: Says which day it is.

    Raises:
        KaggleError: Kaggle cannot be asked.
    """
    limits = client.submission_limits()
    if limits is not None:
        return Allowance(limits.used_today, limits.allowed_now, limits.limited_by_total)
    used = counted_today(remote, clock.now())
    return Allowance(used, max(client.competition.daily_submissions - used, 0), False)


def counted_today(remote: Sequence[RemoteSubmission], now: datetime) -> int:
    """Return how many of the listed submissions count today: an error costs nothing."""
    return sum(one.created.date() == now.date() and one.status != "error" for one in remote)


def require_left(allowance: Allowance, clock: Clock) -> None:
    """Raise the sentence that says when to come back.

    Raises:
        NoneLeft: nothing is left.
    """
    if allowance.left > 0:
        return
    if allowance.of_total:
        raise NoneLeft(
            "This competition's total of submissions is used up; nothing was uploaded, and no "
            "more can be.",
            renewed=False,
        )
    if allowance.closed:
        raise NoneLeft(f"{CLOSED} Nothing was uploaded.", renewed=False)
    raise NoneLeft(
        f"Today's submissions are used up ({allowance.used} of {allowance.used}); nothing was "
        f"uploaded. The next slot opens {opening(clock.now())}. Submit again then, or let "
        "`--wait` wait for it.",
        renewed=True,
    )


def next_slot(now: datetime) -> datetime:
    """Return the next midnight in UTC, when Kaggle's day begins."""
    return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def opening(now: datetime) -> str:
    """Return the next slot in local time, as in `at 01:00 CET (midnight UTC), in 3 h 12 min`."""
    slot = next_slot(now)
    local = slot.astimezone()
    hours, minutes = divmod(round((slot - now).total_seconds() / 60), 60)
    away = f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return f"at {local:%H:%M} {local:%Z} on {local:%A} (midnight UTC), in {away}"


def wait_for_slot(
    ask: Callable[[], Allowance],
    clock: Clock,
    progress: Progress,
    patience: Patience = PATIENCE,
) -> None:
    """Sleep until midnight UTC, then ask until Kaggle's clock has got there too.

    Args:
        ask: Asks Kaggle.
        clock: Time; its day is looked at every half minute, for a machine that slept.
        progress: Hears when the slot opens.
        patience: How long that half minute is.

    Raises:
        NoneLeft: no midnight renews it, or this one has not within two hours.
        KaggleError: Kaggle cannot be asked.
    """
    slot = next_slot(clock.now())
    progress.step(f"Waiting for the next slot, {opening(clock.now())}; Ctrl-C ends it harmlessly.")
    while (left := (slot - clock.now()).total_seconds()) > 0:
        clock.sleep(min(left, patience.slot))
    begun = clock.monotonic()
    while (allowance := ask()).left == 0:
        if allowance.of_total:
            require_left(allowance, clock)
        if clock.monotonic() - begun > patience.late:
            raise NoneLeft(
                "Kaggle has not renewed the allowance since midnight UTC; nothing was uploaded. "
                "Run the command again later.",
                renewed=False,
            )
        progress.tick("Kaggle has not renewed the allowance yet")
        clock.sleep(patience.slot)
