"""The practice leaderboard's other teams: what hardly any work achieves."""

import io

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.problem.problem import Problem
from competition.problem.targets import Answers, Eats, Kind, Truth

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

_NEXT = 0.1  # what each nearer class leaves to the ones after it
_POOLS = 8  # along each side
_RIDGE = 1e-3  # of the mean variance of a feature


def read_pixels(rows: list[bytes], name: str) -> npt.NDArray[np.uint8]:
    """Return the pixels of CSV lines without their labels, (n, pixels) uint8.

    Raises:
        PodiumError: a pixel is not a whole number from 0 to 255; `name` is the file to name.
    """
    try:
        return np.loadtxt(
            io.BytesIO(b"\n".join(rows)), np.uint8, delimiter=",", comments=None, ndmin=2
        )
    except ValueError as error:
        raise PodiumError(
            f"{name}: {str(error).rstrip('.;')} (labelled rows counted from 0, pixels from 1). "
            "Pixels are whole numbers from 0 to 255; correct the file."
        ) from None


def sample_answers(problem: Problem, train: Truth, rows: int) -> Answers:
    """Return the constant answers of the sample file.

    The first class, or the first few of a ranking; equal probabilities; 0, or the median where the
    metric does not take 0.

    Args:
        problem: What is asked.
        train: The truth of the training rows.
        rows: How many answers.
    """
    if problem.kind == Kind.NUMBERS:
        zero_is_taken = problem.metric.scale.least <= 0
        value = np.zeros(train.shape[1]) if zero_is_taken else np.median(train, axis=0)
        return np.tile(value, (rows, 1))
    classes = len(problem.classes)
    return _of_probabilities(problem, np.full((rows, classes), 1 / classes))


def team_answers(
    problem: Problem, images: Images, truth: Truth, train: Numbers, hidden: Numbers
) -> dict[str, Answers]:
    """Return what each team answers for the hidden rows: one that is constant, one that looks.

    Args:
        problem: What is asked.
        images: (n, side, side) or (n, side, side, 3) uint8.
        truth: Of all rows, of which only those of the training rows are looked at.
        train: The numbers of the training rows.
        hidden: The numbers of the hidden rows.
    """
    known = truth[train]
    if problem.kind == Kind.NUMBERS:
        name, value = _best_constant(problem, known)
        return {
            name: np.tile(value, (len(hidden), 1)),
            "ridge on coarse pixels": _ridge(problem, _pooled(images), known, train, hidden),
        }
    shares = np.bincount(known, minlength=len(problem.classes)) / len(known)
    names = {Eats.LABEL: "most frequent class", Eats.RANKING: "most frequent classes"}
    return {
        names.get(problem.metric.eats, "class frequencies"): _of_probabilities(
            problem, np.tile(shares, (len(hidden), 1))
        ),
        "nearest class mean": _of_probabilities(
            problem, _nearest_mean(images, len(problem.classes), known, train, hidden)
        ),
    }


def _of_probabilities(problem: Problem, probabilities: Floats) -> Answers:
    """Return the answers that (m, classes) probabilities stand for, without anything learnt."""
    if problem.metric.eats == Eats.LABEL:
        return np.asarray(probabilities.argmax(axis=1))
    return problem.decision().answers(probabilities.astype(np.float32))


def _nearest_mean(
    images: Images, classes: int, known: Truth, train: Numbers, hidden: Numbers
) -> Floats:
    """Return (m, classes) probabilities: nine tenths for the class whose mean image is nearest.

    The next nearest class gets nine tenths of what is left, and so on.
    """
    pixels = images.reshape(len(images), -1)
    distances = np.full((len(hidden), classes), np.inf)
    shown = pixels[hidden].astype(np.float64)
    for each in np.unique(known):
        mean = pixels[train[known == each]].mean(axis=0)
        # |x - m|² without |x|², which is the same for all classes.
        distances[:, each] = mean @ mean - 2 * shown @ mean
    places = distances.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    parts = _NEXT ** places.astype(np.float64)
    shares: Floats = parts / parts.sum(axis=1, keepdims=True)
    return shares


def _best_constant(problem: Problem, known: Truth) -> tuple[str, Floats]:
    """Return the better of mean (on the training scale) and median, (t,), and its name."""
    scale = problem.metric.scale
    constants = {
        "mean value": scale.inverse(scale.forward(known).mean(axis=0)),
        "median value": np.median(known, axis=0),
    }
    sign = 1 if problem.greater_is_better else -1

    def worth(name: str) -> float:
        return sign * problem.value(known, np.tile(constants[name], (len(known), 1)))

    best = max(constants, key=worth)
    return best, constants[best]


def _pooled(images: Images) -> Floats:
    """Return the sums of a coarse grid of fields of each image and channel, (n, features)."""
    side = images.shape[1]
    edges = np.linspace(0, side, min(_POOLS, side), endpoint=False).astype(int)
    rows = np.add.reduceat(images, edges, axis=1, dtype=np.float32)
    fields = np.add.reduceat(rows, edges, axis=2)
    return fields.reshape(len(images), -1).astype(np.float64)


def _ridge(
    problem: Problem, features: Floats, known: Truth, train: Numbers, hidden: Numbers
) -> Answers:
    """Return (m, t) values of a linear fit on the training scale, hardly regularised."""
    wanted = problem.metric.scale.forward(known)
    middle, level = features[train].mean(axis=0), wanted.mean(axis=0)
    centred = features[train] - middle
    products = centred.T @ centred
    ridge = _RIDGE * max(float(np.trace(products)) / len(products), 1.0)
    slopes = np.linalg.solve(products + ridge * np.eye(len(products)), centred.T @ (wanted - level))
    fitted = ((features - middle) @ slopes + level).astype(np.float32)
    return problem.decision().fit(known, fitted[train]).answers(fitted[hidden])
