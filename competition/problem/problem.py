"""What is asked of predictions: one object that scores, decides and compares for a competition."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.problem.clusters import clustered, clustered_error
from competition.problem.decisions import BalancedProbabilities, Decision, Probability
from competition.problem.metrics.measures import comparison
from competition.problem.metrics.metric import Metric
from competition.problem.metrics.row_losses import log_losses
from competition.problem.scores import Comparison, Score
from competition.problem.targets import Answers, Assigned, Eats, Kind, Predictions, Truth


@dataclass(frozen=True)
class Problem:
    """A metric with the classes or targets that it is about.

    Attributes:
        metric: How Kaggle scores.
        classes: The classes as the files write them, in their order; none for numbers.
        targets: The names of the numbers; none for classes.
        positive: The number of the positive class; None where the metric asks for none.
        one_column: Whether two classes' probabilities are sent as the positive one's alone.
    """

    metric: Metric
    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    positive: int | None = None
    one_column: bool = False

    @property
    def kind(self) -> Kind:
        """What the truth is."""
        return self.metric.kind

    @property
    def greater_is_better(self) -> bool:
        """The metric's direction."""
        return self.metric.greater_is_better

    @property
    def by_log_loss(self) -> bool:
        """Whether the metric is the log loss, which the true classes' probabilities decide."""
        return self.metric.name == "log loss"

    @property
    def outputs(self) -> int:
        """How many numbers a prediction has: k of (n, k)."""
        match self.kind:
            case Kind.CLASSES:
                return len(self.classes)
            case Kind.ORDERED:
                return 1
        return len(self.targets)

    def learnable(self, truth: Truth) -> npt.NDArray[np.int64] | npt.NDArray[np.float64]:
        """Return what estimators learn: class indices (n,), or values on the training scale.

        One target gives (n,) values and several give (n, t), as scikit-learn has it.
        """
        if self.kind != Kind.NUMBERS:
            return np.asarray(truth, np.int64)
        values = self.metric.scale.forward(np.asarray(truth, np.float64))
        return values[:, 0] if values.shape[1] == 1 else values

    # ------------------------------------------------------------------ deciding and scoring

    def decision(self) -> Decision:
        """Return what turns predictions into answers, not yet fitted."""
        if self.metric.eats == Eats.CLASS_PROBABILITIES and self.one_column:
            assert self.positive is not None
            balanced = self.metric.balanced
            return BalancedProbabilities(self.positive) if balanced else Probability(self.positive)
        return self.metric.decision(len(self.classes), self.positive)

    def decide(self, truth: Truth, predictions: Predictions) -> Decision:
        """Return the decision that is learnt from all rows, for what is sent."""
        return self.decision().fit(truth, predictions)

    def answers(self, truth: Truth, predictions: Predictions, assigned: Assigned) -> Answers:
        """Return answers whose decision was learnt, for each fold's rows, on the other folds.

        Args:
            truth: Of all rows.
            predictions: (n, k), out of fold.
            assigned: (n,) the fold of each row.
        """
        decision = self.decision()
        if not decision.learns:
            return decision.answers(predictions)
        parts: Answers | None = None
        for inside in _each_fold(assigned):
            learnt = decision.fit(truth[~inside], predictions[~inside])
            part = learnt.answers(predictions[inside])
            if parts is None:
                parts = np.empty((len(predictions), *part.shape[1:]), part.dtype)
            parts[inside] = part
        assert parts is not None
        return parts

    def score(
        self,
        truth: Truth,
        predictions: Predictions,
        assigned: Assigned,
        units: npt.NDArray[np.int64] | None = None,
    ) -> Score:
        """Score out-of-fold predictions (n, k), their decisions learnt on the other folds.

        Args:
            truth: Of all rows.
            predictions: (n, k), out of fold.
            assigned: (n,) the fold of each row.
            units: (n,) which rows err together, such as those of a group; None for none.
        """
        answers = self.answers(truth, predictions, assigned)
        return self.score_answers(truth, answers, self.loss(truth, predictions), units)

    def score_answers(
        self,
        truth: Truth,
        answers: Answers,
        loss: float = 0.0,
        units: npt.NDArray[np.int64] | None = None,
    ) -> Score:
        """Score answers, in the form in which they are sent; the rest is as in `score`."""
        known = self._known(truth)
        answers = self._seen(answers)
        measure = self.metric.measure
        error = measure.standard_error(known, answers)
        if units is not None:  # an error that supposes rows on their own is the least there is
            error = float(np.fmax(error, clustered_error(measure, known, answers, units)))
        return Score(
            value=measure.value(known, answers),
            standard_error=error,
            loss=loss,
            rows=len(truth),
            greater_is_better=self.greater_is_better,
        )

    def value(self, truth: Truth, answers: Answers) -> float:
        """Return the metric's value of answers."""
        return self.metric.measure.value(self._known(truth), self._seen(answers))

    def quick_value(self, truth: Truth, predictions: Predictions) -> float:
        """Return the metric with a decision learnt on the very rows that are scored.

        A little kind, to all alike: it ranks trials on the same rows, and is never reported.
        """
        return self.value(truth, self.decide(truth, predictions).answers(predictions))

    def compare(
        self,
        truth: Truth,
        first: Answers,
        second: Answers,
        units: npt.NDArray[np.int64] | None = None,
    ) -> Comparison:
        """Compare two sets of answers on the same rows: the first less the second.

        Args:
            truth: Of all rows.
            first: Answers, in the form in which they are sent.
            second: Others.
            units: (n,) which rows err together, such as those of a group; None for none.
        """
        measure, known = self.metric.measure, self._known(truth)
        answers = self._seen(first), self._seen(second)
        found = comparison(measure, known, *answers, self.greater_is_better)
        return found if units is None else clustered(found, measure, known, answers, units)

    def loss(self, truth: Truth, predictions: Predictions) -> float:
        """Return the training loss: log loss, or the mean squared error on the training scale."""
        if self.kind == Kind.CLASSES:
            return float(np.mean(log_losses(truth, np.clip(predictions, 1e-7, None))))
        wanted = np.asarray(self.learnable(truth), np.float64).reshape(len(truth), -1)
        return float(np.mean((wanted - predictions) ** 2))

    # ------------------------------------------------------------------ what measures see

    def _known(self, truth: Truth) -> Truth:
        """Return the truth as the measure wants it: where a class is positive, whether it is."""
        if self.positive is None or not self._by_positive:
            return truth
        known: Truth = (np.asarray(truth) == self.positive).astype(np.int64)
        return known

    def _seen(self, answers: Answers) -> Answers:
        by_label = self.metric.eats == Eats.LABEL
        if self.positive is None or not self._by_positive or not by_label:
            return answers
        seen: Answers = (np.asarray(answers) == self.positive).astype(np.int64)
        return seen

    @property
    def _by_positive(self) -> bool:
        return needs_positive(self.metric, self.one_column)

    def right(self, truth: Truth, answers: Answers) -> npt.NDArray[np.bool_] | None:
        """Return (n,) whether each answer is right; None where answers are not right or wrong."""
        if self.metric.eats == Eats.LABEL:
            return np.asarray(answers == truth)
        return np.asarray(answers[:, 0] == truth) if self.metric.eats == Eats.RANKING else None


def needs_positive(metric: Metric, one_column: bool) -> bool:
    """Tell whether a metric asks which of the classes counts as positive."""
    if metric.eats == Eats.PROBABILITY or metric.of_positive:
        return True
    return metric.eats == Eats.CLASS_PROBABILITIES and one_column


_USUAL = (("0", "1"), ("0.0", "1.0"), ("false", "true"), ("no", "yes"), ("n", "y"))


def usual_positive(classes: tuple[str, ...]) -> int | None:
    """Return the positive one of 0/1, False/True, No/Yes or N/Y; None for other classes.

    Example:
        >>> usual_positive(("True", "False"))
        0
    """
    names = tuple(name.strip().casefold() for name in classes)
    for negative, positive in _USUAL:
        if sorted(names) == sorted((negative, positive)):
            return names.index(positive)
    return None


def _each_fold(assigned: Assigned) -> Iterator[npt.NDArray[np.bool_]]:
    folds = np.unique(assigned)
    if len(folds) < 2:
        raise PodiumError("A decision is learnt on other folds, and there is only one fold.")
    for fold in folds:
        yield assigned == fold
