"""A part of the rows: by class where there are classes, and always the same one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from competition.data.dataset import load_dataset
from competition.data.subset import load_subset
from competition.data.tables.fold_rule import By
from competition.errors import PodiumError
from competition.spec import Competition
from tests.competition.data.small import MARKS, SHAPES, SIZES, usual_labels, write
from tests.competition.data.tables.small import folded
from tests.competition.data.tables.small import write as write_table

SHARES = (60, 30, 10)
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def write_it(competition: Competition, shares: tuple[int, ...] = SHARES) -> Path:
        labels = usual_labels(competition, 100)
        if competition.classes:
            labels = [[competition.classes[i]] for i, n in enumerate(shares) for _ in range(n)]
            np.random.default_rng(1).shuffle(labels)
        write(competition, tmp_path, labels)
        return tmp_path

    return write_it


@pytest.mark.parametrize("competition", [SHAPES, MARKS])
def test_the_classes_keep_their_shares(competition: Competition, make: Make) -> None:
    part = load_subset(competition, make(competition), 50)
    assert part.train.shape == (50, 3, 3)
    assert np.bincount(part.truth).tolist() == [30, 15, 5]


@pytest.mark.parametrize("competition", [SHAPES, SIZES])
def test_each_image_keeps_its_truth_and_the_rows_their_order(
    competition: Competition, make: Make
) -> None:
    folder = make(competition)
    whole, part = load_dataset(competition, folder), load_subset(competition, folder, 40)
    rows = {image.tobytes(): row for row, image in enumerate(whole.train)}
    found = [rows[image.tobytes()] for image in part.train]
    assert found == sorted(set(found))
    assert np.array_equal(whole.truth[found], part.truth)
    assert np.array_equal(part.test, whole.test)


@pytest.mark.parametrize("competition", [SHAPES, SIZES])
def test_the_same_rows_come_each_time_and_each_number_has_its_fingerprint(
    competition: Competition, make: Make
) -> None:
    folder = make(competition)
    first, second = (load_subset(competition, folder, 40) for _ in range(2))
    assert np.array_equal(first.train, second.train)
    assert first.fingerprint == second.fingerprint
    other, whole = load_subset(competition, folder, 41), load_dataset(competition, folder)
    assert len({first.fingerprint, other.fingerprint, whole.fingerprint}) == 3


def test_too_few_rows_are_a_sentence(make: Make) -> None:
    folder = make(SHAPES)
    assert len(load_subset(SHAPES, folder, 6).truth) == 6
    with pytest.raises(PodiumError, match=r"ROWS=5 are too few for 3 classes. Take 6 or more"):
        load_subset(SHAPES, folder, 5)
    folder = make(SIZES)
    assert len(load_subset(SIZES, folder, 2).truth) == 2
    with pytest.raises(PodiumError, match=r"ROWS=1 are too few. Take 2 or more"):
        load_subset(SIZES, folder, 1)


@pytest.mark.parametrize("rows", [None, 98, 100, 1_000_000])
def test_as_many_rows_as_there_are_is_all_of_them(rows: int | None, make: Make) -> None:
    folder = make(SHAPES)
    data, whole = load_subset(SHAPES, folder, rows), load_dataset(SHAPES, folder)
    assert data.fingerprint == whole.fingerprint
    assert np.array_equal(data.truth, whole.truth)


def test_a_class_of_one_row_is_a_sentence(make: Make) -> None:
    with pytest.raises(PodiumError, match=r"ROWS=50 .*: class über-triangle has a single row"):
        load_subset(SHAPES, make(SHAPES, (60, 39, 1)), 50)


def test_another_title_takes_the_same_rows(make: Make) -> None:
    folder = make(SHAPES)
    renamed = replace(SHAPES, title="Renamed")
    assert (
        load_subset(renamed, folder, 40).fingerprint == load_subset(SHAPES, folder, 40).fingerprint
    )


def test_whole_groups_are_taken_and_numbered_again(tmp_path: Path) -> None:
    groups = [f"g{row // 4}" for row in range(80)]
    columns = {"g": groups, "x": [str(row) for row in range(80)]}
    spec = folded(By.GROUP, "g")
    write_table(tmp_path, columns, competition=spec)
    part = load_subset(spec, tmp_path, 30)
    assert part.units is not None and len(part.train) == 28
    assert np.bincount(part.units).tolist() == [4] * 7
    assert part.train_rows().origin.units is part.units  # type: ignore[union-attr]
    with pytest.raises(PodiumError, match="too few for two whole groups"):
        load_subset(spec, tmp_path, 7)


@pytest.mark.parametrize("by", [By.TIME, By.BLOCKS])
def test_moments_keep_their_order(by: By, tmp_path: Path) -> None:
    columns = {"t": [str(row) for row in range(80)], "x": [str(row % 9) for row in range(80)]}
    spec = folded(by, "t")
    write_table(tmp_path, columns, {"t": ["90", "91"], "x": ["1", "2"]}, spec)
    part = load_subset(spec, tmp_path, 40)
    assert part.units is not None and len(part.units) == 40
    assert (np.diff(part.units) >= 0).all() and set(np.diff(part.units)) <= {0, 1}
