"""What Kaggle's replies about kernels hold, as frozen dataclasses."""

import json
from dataclasses import dataclass
from typing import Any

from competition.terminal.printable import printable

RUNNING = ("queued", "running", "cancel_requested", "new_script")
_QUOTA = ("timeUsed", "timeReserved", "totalTimeAllowed")


@dataclass(frozen=True)
class Quota:
    """The week's hours on GPUs: used, reserved by what runs, and allowed."""

    used: float
    reserved: float
    allowed: float

    @classmethod
    def of(cls, fields: dict[str, Any]) -> "Quota":
        """Return the quota of `gpuQuota`, whose durations are such as `5400s`."""
        return cls(*(_hours(fields.get(name)) for name in _QUOTA))

    @property
    def left(self) -> float:
        """Hours that are neither used nor reserved."""
        return max(0.0, self.allowed - self.used - self.reserved)


@dataclass(frozen=True)
class RemoteKernel:
    """A kernel as Kaggle has it: its newest version, from 1, and that version's source."""

    version: int
    source: str


@dataclass(frozen=True)
class RunStatus:
    """How a run stands: `queued`, `running`, `complete`, `error`…, and why it failed, if said."""

    status: str
    failure: str

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status not in RUNNING


@dataclass(frozen=True)
class RunOutput:
    """What a run left: the addresses of its files by name, and its log, one text."""

    files: dict[str, str]
    log: str


def _hours(duration: Any) -> float:
    """Return the hours of a duration such as `5400s`."""
    try:
        return float(str(duration or "0s").removesuffix("s")) / 3600
    except ValueError:
        return 0.0


def lines_of(log: str, *, errors: bool = True) -> list[str]:
    """Return the lines of a log: a JSON array of pieces, or plain text.

    Args:
        log: As Kaggle gives it.
        errors: Whether with what the run wrote to stderr.
    """
    try:
        text = "".join(
            str(piece.get("data") or "")
            for piece in json.loads(log)
            if errors or piece.get("stream_name") != "stderr"
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        text = log
    return [printable(line) for line in text.splitlines()]
