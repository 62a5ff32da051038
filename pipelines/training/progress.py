"""Where a fit stands, for logs and progress bars."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from pipelines.training.recipe import Recipe, Report

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """Where a fit stands: epochs done (with fractions) and in all, mean loss, seconds."""

    epochs_done: float
    epochs: float
    loss: float
    seconds: float
    seconds_left: float


# Called after each chunk of every fit of this process; a hook for progress bars.
on_progress: Callable[[Progress], None] | None = None


def reporter(recipe: Recipe, n_images: int) -> Report:
    """Return a function that logs each epoch and tells `on_progress` of each chunk."""
    started = time.monotonic()
    per_epoch = n_images / recipe.batch_size

    def report(step: int, loss: float) -> None:
        seconds = time.monotonic() - started
        left = seconds / step * (recipe.steps - step)
        progress = Progress(step / per_epoch, recipe.steps / per_epoch, loss, seconds, left)
        logger.info(
            "epoch %.1f of %.1f, loss %.4f, %.0f s left",
            progress.epochs_done,
            progress.epochs,
            loss,
            left,
        )
        if on_progress is not None:
            on_progress(progress)

    return report
