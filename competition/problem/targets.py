"""The kinds of truth, and the arrays that stand for truth, predictions and answers.

Truth: class indices (n,) int64, or values (n, t) float64, t of them for each row.
Predictions: always (n, k) float32: probabilities that sum to 1; or values on the metric's training
scale; or, for ordered classes, the expected class number, (n, 1).
Answers: what is written into a submission, made from predictions by the metric's decision; their
shape is that of the submission's form (`competition.problem.form`).
"""

from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Truth = npt.NDArray[Any]
Predictions = npt.NDArray[np.float32]
Answers = npt.NDArray[Any]
Assigned = npt.NDArray[np.int64]  # (n,) the fold in which each row is scored


class Kind(StrEnum):
    """What the truth is, as the metric decides it."""

    CLASSES = "classes"
    ORDERED = "ordered"  # classes whose order counts, such as marks
    NUMBERS = "numbers"


class Eats(StrEnum):
    """What a metric is computed from, and so what a submission holds."""

    LABEL = "label"
    PROBABILITY = "probability"  # of the positive class
    CLASS_PROBABILITIES = "class probabilities"
    VALUE = "value"
    RANKING = "ranking"  # the most probable classes, best first
