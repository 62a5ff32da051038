"""How long and how fast a network learns: steps, the one-cycle schedule, averaging, smoothing."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.execution.notes import note
from pipelines.features.images.augmentation import Distortion

logger = logging.getLogger(__name__)

Images = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float32]
# What is learnt of each image: the class (n,) int32, or values (n, t) float32.
Targets = npt.NDArray[np.int32] | npt.NDArray[np.float32]

# Called with the steps done and the mean loss since the last call.
Report = Callable[[int, float], None]

# The smallest share of an epoch that one batch may be: below it, normalisation and the gradient
# would see nearly the same batch at every step.
_BATCHES_PER_EPOCH = 12
_SMALLEST_BATCH = 16

_SETTLING = 8  # steps between two of weight decay and averaging


@dataclass(frozen=True)
class Recipe:
    """What one training run does, once the number of images is known.

    Attributes:
        steps: Number of optimisation steps.
        batch_size: Images per step.
        learning_rate: The schedule's peak.
        warm_up: Share of the steps over which the learning rate rises.
        weight_decay: AdamW's, relative to the learning rate.
        label_smoothing: Share of each label that is spread over all classes; values have none.
        averaging: Time constant of the weights' exponential moving average, as a share of the
            steps; 0 keeps the last weights.
    """

    steps: int
    batch_size: int
    learning_rate: float
    warm_up: float = 0.25
    weight_decay: float = 0.01
    label_smoothing: float = 0.03
    averaging: float = 0.03

    def learning_rates(self, steps: npt.NDArray[np.int64]) -> Numbers:
        """Return the learning rate of each step: one cycle (Smith & Topin 2017), in cosines."""
        rates = one_cycle(steps, self.steps, self.learning_rate, self.warm_up, np)
        return np.asarray(rates, np.float32)

    def average_shares(self, steps: npt.NDArray[np.int64]) -> Numbers:
        """Return what share of the way to the new weights the average moves at each step.

        Early on the average is over all steps so far, so it never remembers the random start.
        """
        window = np.minimum(self.averaging * self.steps, 0.1 * steps)
        return np.asarray(1 / np.maximum(window, 1), np.float32)

    def paces(self, steps: npt.NDArray[np.int64]) -> Numbers:
        """Return each step's learning rate, weight decay and share of the average: (n, 3).

        Decay and averaging move all weights through memory for a tiny change, so they are put
        together and done at every `_SETTLING`th step and at the last; at the others both are 0.
        """
        rates = self.learning_rates(steps)
        paces = np.zeros((len(steps), 3), np.float32)
        paces[:, 0] = rates
        for first in range(0, len(steps), _SETTLING):
            group = slice(first, first + _SETTLING)
            last = min(first + _SETTLING, len(steps)) - 1
            paces[last, 1] = self.weight_decay * rates[group].sum()
            paces[last, 2] = 1 - np.prod(1 - self.average_shares(steps[group]))
        return paces


def one_cycle(step: Any, steps: int, peak: float, warm_up: float, numpy: Any) -> Any:
    """Return the learning rate at a step: up by a half cosine from peak/20, and down to peak/1000.

    Args:
        step: Number or array of numbers from 0 to `steps` - 1.
        steps: Length of the cycle.
        peak: The highest rate.
        warm_up: Share of the cycle that rises.
        numpy: The module whose `cos`, `where` and `minimum` compute: NumPy or `keras.ops`.
    """
    share = (step + 0.5) / steps
    rise = numpy.minimum(share / warm_up, 1.0)
    fall = numpy.minimum((1.0 - share) / (1.0 - warm_up), 1.0)
    low = numpy.where(share < warm_up, peak / 20, peak / 1000)
    part = numpy.where(share < warm_up, rise, fall)
    return low + (peak - low) * (0.5 - 0.5 * numpy.cos(np.pi * part))


def fitting_batch(batch_size: int, n_images: int) -> int:
    """Return the batch size for this many images: as wanted, or smaller where they are few."""
    largest = max(_SMALLEST_BATCH, n_images // _BATCHES_PER_EPOCH // 8 * 8)
    return min(batch_size, largest)


def training_chunks(
    images: Images,
    targets: Targets,
    recipe: Recipe,
    distortion: Distortion,
    *,
    seed: int,
    steps: int,
) -> Iterator[tuple[Images, Targets]]:
    """Yield freshly distorted images and their targets, `steps` batches at a time.

    Every image comes once per pass, in a new order; the last chunk may have fewer batches.
    """
    generator = np.random.default_rng(seed)
    rows = np.empty(0, np.int64)
    for first in range(0, recipe.steps, steps):
        wanted = min(steps, recipe.steps - first) * recipe.batch_size
        while len(rows) < wanted:
            rows = np.concatenate([rows, generator.permutation(len(images))])
        chosen, rows = rows[:wanted], rows[wanted:]
        yield distortion.apply(images[chosen], generator), targets[chosen]


def sampled(images: Images, number: int, seed: int) -> Images:
    """Return that many images at random: each once before any comes again."""
    return images[np.resize(np.random.default_rng(seed).permutation(len(images)), number)]


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
