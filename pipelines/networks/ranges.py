"""The ranges of a network's parameters."""

from pipelines.networks.architectures import ARCHITECTURES, DENSE
from pipelines.parameters import (
    BELOW_ONE,
    COUNT,
    NOT_NEGATIVE,
    POSITIVE,
    SEED,
    SWITCH,
    Constraints,
    Counts,
    at_least,
    one_of,
)

RANGES: Constraints = {
    "architecture": one_of((*ARCHITECTURES, DENSE)),
    "width": POSITIVE,
    "hidden": Counts(least=0),
    "dropout": BELOW_ONE,
    "epochs": POSITIVE,
    "min_steps": COUNT,
    "batch_size": COUNT,
    "learning_rate": POSITIVE,
    "weight_decay": NOT_NEGATIVE,
    "label_smoothing": BELOW_ONE,
    "averaging": NOT_NEGATIVE,
    "rotation": NOT_NEGATIVE,
    "zoom": BELOW_ONE,  # at 1, an image would be shrunk to nothing
    "shear": NOT_NEGATIVE,
    "shift": BELOW_ONE,
    "elastic": NOT_NEGATIVE,
    "views": at_least(0),
    "upright": SWITCH,
    "precision": one_of(("auto", "float32", "mixed_bfloat16")),
    "draw": at_least(0),
    "seed": SEED,
}
