"""Time, as a submitter sees it."""

import time
from datetime import UTC, datetime


class Clock:
    """The wall clock and sleep; a rehearsal of midnight brings its own."""

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
