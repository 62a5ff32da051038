"""How many failures in a row say that it is the pipeline and not the trial."""

from dataclasses import dataclass

from pipelines.execution.base import WorkerLost
from pipelines.search.fit import failure_of

_FIRST = 3  # a pipeline is given up after so many before its first success
_LATER = 20  # and is tuned no further after so many one after the other
_LOSSES = 3  # or after so many that ended their workers


@dataclass
class Failures:
    """The failures since the last success.

    Attributes:
        count: How many there were.
        losses: How many of them ended their workers, three of them each.
        last: Why the last one failed.
    """

    count: int = 0
    losses: int = 0
    last: str = "no trial could be made"

    def add(self, error: Exception) -> str:
        """Count a failure; return it in words."""
        self.count += 1
        self.losses += isinstance(error, WorkerLost)
        self.last = failure_of(error)
        return self.last

    def clear(self) -> None:
        """Note a success."""
        self.count = self.losses = 0

    def hopeless(self, *, scored: bool) -> bool:
        """Say whether there is no use in going on.

        Args:
            scored: Whether the pipeline has been fitted before.
        """
        if scored:
            return self.count >= _LATER or self.losses >= _LOSSES
        return self.count >= _FIRST or self.losses > 0
