"""The other teams where images are asked: a constant, and one that looks at the pixels."""

import io

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.practice.baselines.constants import constant_answers, of_probabilities
from competition.practice.labelled.images import LabelledImages
from competition.practice.labelled.parted import Numbers
from competition.problem.problem import Problem
from competition.problem.targets import Answers, Kind, Truth
from competition.spec import Competition

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

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


def team_answers(
    spec: Competition, labelled: LabelledImages, train: Numbers, hidden: Numbers
) -> dict[str, Answers]:
    """Return what each team answers for the hidden rows: one that is constant, one that looks.

    Args:
        spec: What is asked.
        labelled: All rows; of the hidden ones the truth is not looked at.
        train: The numbers of the training rows.
        hidden: The numbers of the hidden rows.

    Raises:
        PodiumError: a pixel is not a whole number from 0 to 255.
    """
    problem, known = spec.problem, labelled.truth[train]
    images = read_pixels(labelled.pixels, labelled.name).reshape(-1, *spec.image_shape)
    teams = dict([constant_answers(problem, known, len(hidden))])
    if problem.kind == Kind.NUMBERS:
        teams["ridge on coarse pixels"] = _ridge(problem, _pooled(images), known, train, hidden)
    else:
        teams["nearest class mean"] = of_probabilities(
            problem, _nearest_mean(images, len(problem.classes), known, train, hidden)
        )
    return teams


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
