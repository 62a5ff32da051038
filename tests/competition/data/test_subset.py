"""A part of the rows: stratified, always the same one, and known from the whole."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from competition import PodiumError, load_competition
from competition.data.dataset import Dataset
from pipelines import subset
from competition.data.subset import load_subset

COMPETITION = load_competition("optical-digits")


def test_the_classes_keep_their_shares(practice_files: Path, optical: Dataset) -> None:
    part = load_subset(COMPETITION, practice_files, 300)
    assert part.train_images.shape == (300, 28, 28)
    whole = np.bincount(optical.train_labels) / len(optical.train_labels)
    assert np.abs(np.bincount(part.train_labels) - 300 * whole).max() <= 1


def test_each_image_keeps_its_label_and_the_rows_their_order(
    practice_files: Path, optical: Dataset
) -> None:
    part = load_subset(COMPETITION, practice_files, 300)
    rows = {image.tobytes(): row for row, image in enumerate(optical.train_images)}
    found = [rows[image.tobytes()] for image in part.train_images]
    assert found == sorted(found)
    assert np.array_equal(optical.train_labels[found], part.train_labels)
    assert np.array_equal(part.test_images, optical.test_images)


def test_the_same_rows_come_each_time_and_each_number_has_its_fingerprint(
    practice_files: Path, optical: Dataset
) -> None:
    first, second = (load_subset(COMPETITION, practice_files, 300) for _ in range(2))
    assert np.array_equal(first.train_images, second.train_images)
    assert first.fingerprint == second.fingerprint
    other = load_subset(COMPETITION, practice_files, 301)
    assert len({first.fingerprint, other.fingerprint, optical.fingerprint}) == 3


def test_too_few_rows_are_a_sentence(practice_files: Path) -> None:
    assert len(load_subset(COMPETITION, practice_files, 20).train_labels) == 20
    with pytest.raises(PodiumError, match="ROWS=19 are too few for 10 classes; take 20 or more"):
        load_subset(COMPETITION, practice_files, 19)


@pytest.mark.parametrize("rows", [None, 1189, 1198, 1_000_000])
def test_as_many_rows_as_there_are_is_all_of_them(
    rows: int | None, practice_files: Path, optical: Dataset
) -> None:
    data = load_subset(COMPETITION, practice_files, rows)
    assert data.fingerprint == optical.fingerprint
    assert np.array_equal(data.train_labels, optical.train_labels)


def test_a_class_of_one_row_is_a_sentence(
    practice_files: Path, optical: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.where(optical.train_labels == 9, 8, optical.train_labels)
    labels[0] = 9
    monkeypatch.setattr(subset, "load_dataset", lambda *_: replace(optical, train_labels=labels))
    with pytest.raises(PodiumError, match="ROWS=300 cannot be chosen with every class"):
        load_subset(COMPETITION, practice_files, 300)
