"""What a tuning run says on its way."""

from collections.abc import Callable
from dataclasses import dataclass

from competition.problem.scores import Score


@dataclass(frozen=True)
class Progress:
    """Where one pipeline's tuning stands, for a progress bar.

    Attributes:
        pipeline: Its name.
        trials: Trials completed or pruned, over all runs.
        fits_left: Fits that the trial at hand, or the columns, still wait for.
        best: Best score so far; None before the first.
        seconds_left: Until this pipeline's time is up; negative when it is past.
        doing: What the fit at hand says of itself, such as its epoch.
        finished: Whether a trial just ended.
        finishing: Whether the columns are being made.
    """

    pipeline: str
    trials: int
    fits_left: int
    best: Score | None
    seconds_left: float
    doing: str = ""
    finished: bool = False
    finishing: bool = False


Report = Callable[[Progress], None]
