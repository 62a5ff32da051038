"""How sure a score is whose rows come in groups or one after the other, and so err together."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from competition.problem.metrics.measures import Measure
from competition.problem.scores import Comparison, two_sided
from competition.problem.targets import Answers, Truth

_CLUSTERS = 20  # at most: stretches so long that what happens in one hardly tells of the next


def clustered_error(
    measure: Measure, truth: Truth, answers: Answers, units: npt.NDArray[np.int64]
) -> float:
    """Return the standard error of a measure's value where rows of a unit err together.

    Args:
        measure: How the value is computed.
        truth: Of all rows.
        answers: To all rows.
        units: (n,) the unit of each row, such as its group, or its moment's place in time.

    Returns:
        NaN where there are fewer than two units, or a value without a cluster is not a number.
    """
    return _error(lambda kept: measure.value(truth[kept], answers[kept]), units)


def clustered(
    found: Comparison,
    measure: Measure,
    truth: Truth,
    answers: tuple[Answers, Answers],
    units: npt.NDArray[np.int64],
) -> Comparison:
    """Return a comparison whose error allows for rows of a unit that err together.

    Args:
        found: The comparison whose error supposes rows on their own, which is the least there is.
        measure: How the values are computed.
        truth: Of all rows.
        answers: The two sets of answers to all rows.
        units: (n,) the unit of each row.
    """
    first, second = answers

    def difference(kept: npt.NDArray[np.bool_]) -> float:
        before = measure.value(truth[kept], second[kept])
        return measure.value(truth[kept], first[kept]) - before

    error = _error(difference, units)
    if not error > found.standard_error:
        return found
    return replace(found, standard_error=error, p_value=two_sided(found.difference / error))


def _error(value: Callable[[npt.NDArray[np.bool_]], float], units: npt.NDArray[np.int64]) -> float:
    """Return the standard error of what is computed of some rows.

    By the delete-a-group jackknife (Kott, 'The delete-a-group jackknife', Journal of Official
    Statistics 17, 2001): the value is taken again without each of the clusters.
    """
    clusters = clusters_of(units)
    there = np.unique(clusters)
    count = len(there)
    if count < 2:
        return math.nan
    values = [value(clusters != each) for each in there]
    spread = np.square(np.subtract(values, np.mean(values))).sum()
    return float(np.sqrt((count - 1) / count * spread))


def clusters_of(units: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the cluster (n,) of each row: units, in their order, of about as many rows together.

    Args:
        units: (n,) the unit of each row.
    """
    different, of_row, sizes = np.unique(units, return_inverse=True, return_counts=True)
    clusters = min(_CLUSTERS, len(different))
    middles = np.cumsum(sizes) - sizes / 2
    of_unit = np.minimum(middles * clusters // len(units), clusters - 1).astype(np.int64)
    of_rows: npt.NDArray[np.int64] = of_unit[of_row]
    return of_rows
