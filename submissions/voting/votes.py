"""How files vote: a majority of labels, a mean of ranks, of probabilities, or of values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.problem.problem import Problem
from competition.problem.targets import Answers, Eats, Kind

Floats = npt.NDArray[np.float64]

_EQUAL = "share of equal answers"
_EQUAL_FIRST = "share of equal first labels"
_OF_RANKS = "correlation of ranks"
_OF_NUMBERS = "correlation of numbers"


@dataclass(frozen=True)
class Vote:
    """What several files answer together.

    Attributes:
        answers: In the form in which they are sent.
        how: How they were made one, in words.
        agreement: (files, files) how much each two of them agree.
        measured_by: What the agreement is, in words.
    """

    answers: Answers
    how: str
    agreement: Floats
    measured_by: str


def vote(files: Sequence[Answers], problem: Problem) -> Vote:
    """Make one set of answers of several.

    Labels: what most say, and of a tie what the first of the files says that is in it; ordered
    classes: the median. Probabilities that only the order of counts for: the mean of their ranks.
    Other probabilities: their mean. Values: the mean on the training scale, such as of logarithms.
    Ranked labels: by the sum of their places (Borda).

    Args:
        files: Two or more, each (m, …) in the order of the sample's ids.
        problem: What is asked.

    Raises:
        PodiumError: there are fewer than two.
    """
    if len(files) < 2:
        raise PodiumError("A vote needs two files or more.")
    stack = np.stack(files)
    match problem.metric.eats:
        case Eats.LABEL if problem.kind == Kind.ORDERED:
            median = np.rint(np.median(stack, axis=0)).astype(stack.dtype)
            return Vote(median, "the median", _alike(stack), _EQUAL)
        case Eats.LABEL:
            return Vote(_majority(stack), "the majority", _alike(stack), _EQUAL)
        case Eats.RANKING:
            answers = _borda(stack, len(problem.classes))
            return Vote(answers, "by places", _alike(stack[:, :, 0]), _EQUAL_FIRST)
        case Eats.PROBABILITY:
            ranks = np.mean([_ranks(each) for each in stack], axis=0)
            return Vote(ranks, "the mean of ranks", _correlated(stack, ranked=True), _OF_RANKS)
        case Eats.CLASS_PROBABILITIES:
            mean = stack.mean(axis=0)
            return Vote(mean, "the mean", _correlated(stack, ranked=False), _OF_NUMBERS)
    scale = problem.metric.scale
    learnt = scale.forward(stack)
    how = "the mean" if scale.name == "plain" else f"the mean of {scale.name}"
    values = scale.inverse(learnt.mean(axis=0))
    return Vote(values, how, _correlated(learnt, ranked=False), _OF_NUMBERS)


def _majority(stack: Answers) -> Answers:
    """Return what most of the files (files, m) say; of a tie the first file's that is in it."""
    votes = np.stack([(stack == each).sum(axis=0) for each in stack])
    first = votes.argmax(axis=0)  # of the largest, the first
    return np.asarray(np.take_along_axis(stack, first[np.newaxis], axis=0)[0])


def _borda(stack: Answers, classes: int) -> Answers:
    """Return ranked labels (m, top) by the sum of their points, more for an earlier place."""
    top = stack.shape[2]
    points = np.zeros((stack.shape[1], classes))
    rows = np.arange(stack.shape[1])
    for each in stack:
        for place in range(top):
            points[rows, each[:, place]] += top - place
    best: Answers = np.argsort(-points, axis=1, kind="stable")[:, :top].astype(stack.dtype)
    return best


def _ranks(answers: Answers) -> Floats:
    """Return the ranks of a file's answers as shares of the rows, equal ones alike."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(answers, axis=0) / len(answers), np.float64)


def _alike(stack: Answers) -> Floats:
    return np.array([[(one == other).mean() for other in stack] for one in stack])


def _correlated(stack: Answers, ranked: bool) -> Floats:
    """Return correlations of all answers of each two files; 0 where one's are all equal."""
    flat = [(_ranks(each) if ranked else each).ravel() for each in stack]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.nan_to_num(np.corrcoef(flat))
    np.fill_diagonal(found, 1.0)
    return np.asarray(found, np.float64)
