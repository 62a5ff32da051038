"""Where a fit stands, for logs and for who watches."""

import logging
import time

from pipelines.execution.notes import note
from pipelines.networks.recipe import Recipe, Report

logger = logging.getLogger(__name__)


def reporter(recipe: Recipe, n_images: int) -> Report:
    """Return a function that logs each chunk of the training and leaves a note of it."""
    started = time.monotonic()
    per_epoch = n_images / recipe.batch_size
    epochs = recipe.steps / per_epoch

    def report(step: int, loss: float) -> None:
        seconds = time.monotonic() - started
        left = seconds / step * (recipe.steps - step)
        logger.info(
            "epoch %.1f of %.1f, loss %.4f, %.0f s left", step / per_epoch, epochs, loss, left
        )
        note(f"epoch {step / per_epoch:.1f} of {epochs:.1f}, {left:.0f} s to its end")

    return report
