"""How sure an area under the ROC curve is, on few rows too."""

import numpy as np
import pytest

from competition.problem.metrics.known import find_metric
from competition.problem.metrics.roc import least_area_error

AUC = find_metric("auc").measure


@pytest.mark.parametrize("rows", [48, 200, 1000])
@pytest.mark.parametrize("apart", [1.0, 2.3])
def test_two_errors_hold_nineteen_of_twenty_areas_on_few_rows(rows: int, apart: float) -> None:
    chance = np.random.default_rng(0)
    truth = np.repeat([0, 1], 20_000)
    area = AUC.value(truth, chance.normal(size=len(truth)) + apart * truth)
    few = np.repeat([0, 1], rows // 2)
    values = [AUC.value(few, chance.normal(size=rows) + apart * few) for _ in range(1500)]
    inside = [abs(value - area) < 2 * least_area_error(value, rows) for value in values]
    assert 0.92 < np.mean(inside) < 0.99


@pytest.mark.parametrize("rows", [4, 10, 48])
def test_a_perfect_area_on_few_rows_is_not_certain(rows: int) -> None:
    truth = np.repeat([0, 1], rows // 2)
    error = AUC.standard_error(truth, truth.astype(float))
    assert error == least_area_error(1.0, rows) > 1 / rows
    assert least_area_error(1.0, rows) == pytest.approx(least_area_error(0.0, rows))
