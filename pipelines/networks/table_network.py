"""A Keras network of a table's rows, and the compiled loop that trains it."""

import gc
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from pipelines.execution.quiet import quiet_native_stderr
from pipelines.execution.threads import threads
from pipelines.networks.training.recipe import Recipe, Targets, fitting_batch

Rows = npt.NDArray[np.float32]

_CHUNK = 16_384  # rows in a call of the compiled loop
_WIDEST = 24  # numbers that stand for a level of a category, at most
_AT_ONCE = 4096  # rows in a prediction
_LOOKS = 30  # at the rows aside, evenly over the cycle


@dataclass(frozen=True)
class TableShape:
    """What a network of a table looks like.

    Attributes:
        numbers: Features that are numbers; they come first.
        levels: Of each category after them, how many codes there are beside that of a missing one.
        outputs: Logits of classes, or values.
        classes: Whether they are logits.
        width: Units of each hidden layer.
        depth: Hidden layers.
        dropout: Share of units that are left out of a step.
    """

    numbers: int
    levels: tuple[int, ...]
    outputs: int
    classes: bool
    width: int
    depth: int
    dropout: float

    def build(self) -> Any:
        """Return a Keras model from rows (n, features) to (n, outputs) float32.

        Each category has an embedding. The hidden layers are residual: each adds to what came
        before, from the second on.
        """
        import keras
        from keras import layers

        rows = keras.Input((self.numbers + len(self.levels),))
        parts = [rows[:, : self.numbers]] if self.numbers else []
        for place, levels in enumerate(self.levels):
            code = keras.ops.cast(rows[:, self.numbers + place], "int32")
            wide = min(_WIDEST, round(1.6 * levels**0.56))
            parts.append(layers.Embedding(levels + 1, wide)(code))
        maps = layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
        for layer in range(self.depth):
            inner = layers.Dense(self.width, "silu")(maps)
            if self.dropout:
                inner = layers.Dropout(self.dropout, seed=0)(inner)
            maps = layers.Add()([maps, inner]) if layer else inner
        return keras.Model(rows, layers.Dense(self.outputs)(maps))


# The folds and members of a configuration share a loop: tracing costs seconds.
_kept: dict[tuple[TableShape, int], Any] = {}


def train(
    shape: TableShape,
    rows: Rows,
    targets: Targets,
    recipe: Recipe,
    seed: int,
    aside: tuple[Rows, Targets] | None = None,
) -> list[Rows]:
    """Return the weights of a network that was trained from fresh ones.

    Args:
        shape: Of the network.
        rows: (n, features) numbers, and codes from 0, where 0 is a missing one.
        targets: (n,) int32 classes, or (n, outputs) float32 values.
        recipe: How long and how fast; its batch size is that of the steps.
        seed: Of weights, order and dropout.
        aside: Rows and targets that are not learnt from. The averaged weights are judged on them
            some thirty times along the cycle, and the best are returned; None for the last ones.
    """
    loop = _loop(shape, recipe.batch_size)
    _set_fresh_weights(loop.network, seed)
    at_once = max(1, _CHUNK // recipe.batch_size)
    if aside is None:
        chunks = _chunks(rows, targets, recipe, seed, at_once)
        loop.train(chunks, recipe, seed, lambda step, loss: None)
        return _copied(loop)
    least, best = np.inf, _copied(loop)

    def look(step: int, loss: float) -> None:
        nonlocal least, best
        loop.use_average()
        found = _loss(shape, loop.predict(aside[0], batch_size=_AT_ONCE), aside[1])
        if found < least or not np.isfinite(found):
            least, best = found, _copied(loop)

    at_once = min(at_once, -(-recipe.steps // _LOOKS))
    loop.train(_chunks(rows, targets, recipe, seed, at_once), recipe, seed, look)
    return best


def _copied(loop: Any) -> list[Rows]:
    return [np.array(weight) for weight in loop.network.get_weights()]


def _loss(shape: TableShape, outputs: Rows, targets: Targets) -> float:
    """Return the mean log loss, or squared error."""
    if not shape.classes:
        return float(np.mean((outputs - targets) ** 2))
    of_truth = outputs[np.arange(len(targets)), targets]
    return float(np.mean(logsumexp(outputs, axis=1) - of_truth))


def predict(shape: TableShape, weights: list[Rows], rows: Rows) -> Rows:
    """Return the outputs (n, outputs) of a network with these weights."""
    loop = next((kept for (of, _), kept in _kept.items() if of == shape), None)
    loop = loop or _loop(shape, 256)
    loop.network.set_weights(weights)
    outputs: Rows = loop.predict(rows, batch_size=_AT_ONCE)
    return outputs


def batch_of(wanted: int, rows: int) -> int:
    """Return how many rows a step takes: as wanted, or fewer where there are few."""
    return fitting_batch(wanted, rows)


def _loop(shape: TableShape, batch_size: int) -> Any:
    found = _kept.get((shape, batch_size))
    if found is not None:
        return found
    with quiet_native_stderr():
        import keras

        from pipelines.networks.training.loop import CompiledLoop, use_threads
    if _kept:
        _kept.clear()
        keras.utils.clear_session()
        gc.collect()
    use_threads(threads())
    _kept[shape, batch_size] = CompiledLoop(shape.build(), batch_size, numbers=not shape.classes)
    return _kept[shape, batch_size]


def _chunks(rows: Rows, targets: Targets, recipe: Recipe, seed: int, at_once: int) -> Any:
    """Yield rows and targets in a new order at each pass, `at_once` batches at a time."""
    chance = np.random.default_rng(seed)
    waiting = np.empty(0, np.int64)
    for first in range(0, recipe.steps, at_once):
        wanted = min(at_once, recipe.steps - first) * recipe.batch_size
        while len(waiting) < wanted:
            waiting = np.concatenate([waiting, chance.permutation(len(rows))])
        chosen, waiting = waiting[:wanted], waiting[wanted:]
        yield rows[chosen], targets[chosen]


def _set_fresh_weights(network: Any, seed: int) -> None:
    """Draw kernels normally by their inputs (He et al. 2015), embeddings small; the rest is 0.

    What is built once is used again: a new network would cost memory that Keras never frees.
    """
    chance = np.random.default_rng(seed)
    for variable in network.weights:
        shape = tuple(variable.shape)
        if variable.name == "embeddings":
            variable.assign(chance.normal(0, 0.1, shape))
        elif len(shape) > 1:
            variable.assign(chance.normal(0, (1.5 / shape[0]) ** 0.5, shape))
        elif variable.dtype == "float32":
            variable.assign(np.zeros(shape))
    last = [variable for variable in network.weights if len(variable.shape) > 1][-1]
    last.assign(0.1 * np.asarray(last))
