"""How labelled images become a practice competition."""

import io
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from competition import Competition, PodiumError, load_competition
from competition.practice.holdout import prepare, stratified_share
from competition.practice.optical_digits import mnist_form, optical_digits


@given(st.lists(st.integers(0, 4), min_size=1, max_size=200), st.integers(0, 9))
def test_a_share_is_stratified_and_fixed(labels: list[int], seed: int) -> None:
    array = np.array(labels)
    taken = stratified_share(array, 1 / 3, seed)
    assert len(taken) == round(len(labels) / 3)
    assert len(set(taken)) == len(taken)
    counts, chosen = Counter(labels), Counter(array[taken].tolist())
    assert all(abs(chosen[each] - counts[each] / 3) < 1 for each in counts)
    assert (taken == stratified_share(array, 1 / 3, seed)).all()


def test_optical_digits_have_mnists_form() -> None:
    images, labels = optical_digits()
    assert (images.shape, images.dtype) == ((1797, 28, 28), np.uint8)
    assert sorted(set(labels.tolist())) == list(range(10))
    for image in images:
        rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
        assert max(np.ptp(rows), np.ptp(columns)) <= 19
        grid = np.arange(28)
        centre = np.array([image.sum(1) @ grid, image.sum(0) @ grid]) / image.sum()
        assert np.abs(centre - 13.5).max() <= 0.51
    assert np.median(images.max((1, 2))) > 240


@given(st.integers(1, 60), st.integers(1, 60), st.data())
@settings(max_examples=60, deadline=None)
def test_any_ink_fits_the_frame(height: int, width: int, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 1000))
    image = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    assert mnist_form(image).shape == (28, 28)


def test_blank_paper_gives_a_blank_frame() -> None:
    assert not mnist_form(np.zeros((50, 30), np.uint8)).any()


def test_the_optical_digits_competition_is_as_shipped(prepared: Path, spec: Competition) -> None:
    assert load_competition(str(prepared / "competition.toml")) == spec
    lines = (prepared / "public" / "train.csv").read_bytes().split(b"\r\n")
    assert (len(lines), lines[-1]) == (1198 + 2, b"")
    assert lines[0].startswith(b"label,pixel0,")
    assert b"\n" not in b"".join(lines)
    hidden = (prepared / "hidden.csv").read_text().split()
    assert len(hidden) == 599 + 1
    assert sum(line.endswith(",1") for line in hidden) == 150


def small(rows: int = 30, end: str = "\n") -> str:
    """Return 2×2 images of cats and dogs, the value of a pixel telling them apart."""
    lines = ["animal,a,b,c,d"]
    lines += [f"{'cat' if i % 2 else 'dog'},{i % 2 * 200},0,{i},9" for i in range(rows)]
    return end.join(lines) + end


@pytest.fixture
def animals(spec: Competition) -> Competition:
    return replace(
        spec,
        slug="animals",
        label_column="animal",
        classes=("cat", "dog"),
        image_side=2,
        train_rows=None,
        test_rows=None,
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_any_classes_side_and_line_end(animals: Competition, tmp_path: Path, end: str) -> None:
    file = tmp_path / "train.csv"
    file.write_bytes(small(end=end).encode())
    made = prepare(tmp_path / "made", animals, file)
    assert (made.train_rows, made.test_rows) == (20, 10)
    public = tmp_path / "made" / "public"
    train = (public / "train.csv").read_bytes().split(b"\r\n")[1:-1]
    test = (public / "test.csv").read_bytes().split(b"\r\n")[1:-1]
    together = {line.split(b",", 1)[1] for line in train} | set(test)
    assert together == {line.encode().split(b",", 1)[1] for line in small().split("\n")[1:-1]}
    sample = (public / "sample_submission.csv").read_text().split()
    assert sample[:2] == ["ImageId,Label", "1,cat"]
    assert '"all cat"' in (tmp_path / "made" / "baselines.json").read_text()


def test_a_zip_in_a_zip_serves_as_well(animals: Competition, tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("train.csv", small())
    outer = tmp_path / "animals.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("train.csv.zip", inner.getvalue())
    assert prepare(tmp_path / "made", animals, outer).train_rows == 20


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "first column"),
        ("digit,a,b,c,d\n1,2,3,4,5\n", "first column .*'animal'"),
        (small() + "cat,1,2,3\n", "line 32.*4 columns instead of 5"),
        (small() + "cow,1,2,3,4\n", "line 32.*'cow'"),
        (small() + "cat,1,2,x,4\n", "'x'"),
        (small() + "cat,1,2,256,4\n", "256"),
        (small(5), "too few"),
        ("PK\x03\x04 cut short", "cut short"),
    ],
)
def test_malformed_data_is_a_sentence_and_leaves_nothing_served(
    animals: Competition, tmp_path: Path, content: str, words: str
) -> None:
    file = tmp_path / "train.csv"
    file.write_text(content)
    with pytest.raises(PodiumError, match=words):
        prepare(tmp_path / "made", animals, file)
    assert not (tmp_path / "made" / "competition.toml").exists()


def test_a_zip_without_training_file_or_with_damage_is_a_sentence(
    animals: Competition, tmp_path: Path
) -> None:
    file = tmp_path / "animals.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "x" * 500)
    with pytest.raises(PodiumError, match=r"holds no train\.csv"):
        prepare(tmp_path / "made", animals, file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("train.csv", small())
    content = bytearray(file.read_bytes())
    content[60] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(PodiumError, match="damaged"):
        prepare(tmp_path / "made", animals, file)
    with pytest.raises(PodiumError, match="no file"):
        prepare(tmp_path / "made", animals, tmp_path / "none.zip")


def test_a_folder_is_not_used_for_other_data(animals: Competition, tmp_path: Path) -> None:
    file = tmp_path / "train.csv"
    file.write_text(small())
    made = prepare(tmp_path / "made", animals, file)
    more = prepare(tmp_path / "made", replace(animals, daily_submissions=9), file)
    assert more == replace(made, daily_submissions=9)
    file.write_text(small(60))
    with pytest.raises(PodiumError, match="made of other data"):
        prepare(tmp_path / "made", animals, file)


def test_as_many_rows_are_hidden_as_was_asked(animals: Competition, tmp_path: Path) -> None:
    file = tmp_path / "train.csv"
    file.write_text(small(60))
    made = prepare(tmp_path / "made", animals, file, hidden=7)
    assert (made.train_rows, made.test_rows) == (53, 7)
    with pytest.raises(PodiumError, match="hiding other rows"):
        prepare(tmp_path / "made", animals, file, hidden=8)
    with pytest.raises(PodiumError, match=r"59 rows cannot be hidden of the 60 of train\.csv"):
        prepare(tmp_path / "another", animals, file, hidden=59)


@pytest.mark.slow
def test_the_real_competition(real_zip: Path, tmp_path: Path) -> None:
    digits = load_competition("digit-recognizer")
    made = prepare(tmp_path / "made", digits, real_zip)
    assert (made.train_rows, made.test_rows) == (28_000, 14_000)
