"""Features of a table are computed once, of both sets, and looked up by row."""

from pathlib import Path

import numpy as np
import pytest

from competition.errors import PodiumError
from pipelines.features.tables.columns import Columns
from pipelines.features.tables.store import PARTS, looked_up
from pipelines.features.tables.view import View
from tests.pipelines.tables import ROWS, Made


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def column(features: Columns, name: str) -> np.ndarray:
    return features.values[:, features.names.index(name)]


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_finite_or_missing_and_the_same_from_memory_and_folder(
    part: str, made: Made, tmp_path: Path
) -> None:
    numbers = np.array([5, 3, 400])
    rows = looked_up(made.train(numbers), (part,))
    assert rows.values.dtype == np.float32
    assert rows.values.shape == (3, len(rows.names)) and rows.names
    assert len(set(rows.names)) == len(rows.names) == len(rows.levels)
    assert not np.isinf(rows.values).any()
    folder = tmp_path / "features"
    for _ in range(2):  # computed, and read again
        kept = looked_up(made.train(numbers, folder=folder), (part,))
        np.testing.assert_array_equal(kept.values, rows.values)
        assert (kept.names, kept.levels) == (rows.names, rows.levels)
    test = looked_up(made.test(folder=folder), (part,))
    assert (test.names, test.levels) == (rows.names, rows.levels)
    for place in test.categories:
        codes = test.values[:, place]
        assert np.nanmin(codes) >= 0 and np.nanmax(codes) < test.levels[place]


def test_a_damaged_file_is_computed_again(made: Made, tmp_path: Path) -> None:
    before = looked_up(made.train(folder=tmp_path), ("cells",)).values.copy()
    for path in [*tmp_path.glob("*.json"), *tmp_path.glob("[0-9a-f]*.npy")]:
        if len(path.stem) == 16:
            path.write_bytes(b"damaged")
            np.testing.assert_array_equal(
                looked_up(made.train(folder=tmp_path), ("cells",)).values, before
            )


def test_cells_are_numbers_codes_and_parts(made: Made) -> None:
    cells = looked_up(made.train(), ("cells",))
    np.testing.assert_allclose(column(cells, "number"), made.matrix[:ROWS, 0], rtol=1e-6)
    assert cells.levels[cells.names.index("town")] == 60
    assert column(cells, "when hour")[:4].tolist() == [
        (1.3e9 / 3600 + k) // 1 % 24 for k in range(4)
    ]
    assert set(column(cells, "deck piece 2")) <= set(range(300))
    assert cells.levels[cells.names.index("deck piece 1")] == 6
    assert cells.levels[cells.names.index("deck piece 3")] == 2
    assert set(np.unique(column(cells, "said has tall"))) == {0, 1}
    assert "family" not in cells.names  # a group is never a category
    assert set(column(cells, "missing cells")) <= {0, 1, 2, 3}


def test_counts_and_means_are_of_both_sets(made: Made) -> None:
    rows = made.train()
    counted = np.exp(column(looked_up(rows, ("counts",)), "town count"))
    towns = made.matrix[:, 6].astype(int)
    np.testing.assert_allclose(counted, np.bincount(towns)[towns[:ROWS]], rtol=1e-5)
    means = column(looked_up(rows, ("groups",)), "mean number by kind")
    alike = made.matrix[:, 5] == made.matrix[0, 5]
    np.testing.assert_allclose(means[0], made.matrix[alike, 0].mean(), rtol=1e-4)


def test_large_numbers_stay_different(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.matrix[:, 1] = 9e9 + np.arange(len(made.matrix))
    seen = column(looked_up(made.train(), ("cells",)), "tailed")
    assert len(np.unique(seen)) == ROWS


def test_rows_of_no_known_table_are_numbers() -> None:
    features = looked_up(np.array([[1.0, np.nan], [2.0, 3.0]]), ("cells", "counts"))
    assert features.names == ("column 0", "column 1", "missing cells")


def test_nothing_of_a_test_row_depends_on_the_truth_or_its_order(made: Made) -> None:
    """Rows looked up alone and together have the same features."""
    together = looked_up(made.train(), PARTS).values
    alone = looked_up(made.train(np.array([7])), PARTS).values
    np.testing.assert_array_equal(alone[0], together[7])


def test_a_table_that_tells_no_row_from_another_is_a_sentence() -> None:
    rows = np.full((40, 2), 3.0)
    rows[:, 1] = np.nan
    with pytest.raises(PodiumError, match="No column tells rows apart"):
        View().fit_transform(rows)
