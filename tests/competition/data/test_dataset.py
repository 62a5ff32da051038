"""Every promise about the data is checked, and arrays are cached by content."""

import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from competition import Competition, PodiumError, load_competition
from competition.data.dataset import load_dataset

SHAPES = replace(
    load_competition("digit-recognizer"),
    slug="shapes",
    classes=("circle", "square", "über-triangle"),
    image_side=3,
    train_rows=None,
    test_rows=None,
)


def write_shapes(folder: Path, line_end: str = "\n") -> None:
    rng = np.random.default_rng(0)
    header = [f"pixel{i}" for i in range(9)]
    pixels = rng.integers(0, 256, (6, 9))
    train = [["label", *header]]
    train += [[SHAPES.classes[i % 3], *map(str, row)] for i, row in enumerate(pixels)]
    test = [header, *[list(map(str, row)) for row in pixels[:4]]]
    sample = [["ImageId", "Label"], *[[f"img-{i}", "circle"] for i in range(4)]]
    for name, rows in zip(SHAPES.files, (train, test, sample), strict=True):
        text = "".join(",".join(row) + line_end for row in rows)
        (folder / name).write_bytes(text.encode())


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_any_side_and_any_class_names(tmp_path: Path, line_end: str) -> None:
    write_shapes(tmp_path, line_end)
    data = load_dataset(SHAPES, tmp_path)
    assert data.train_images.shape == (6, 3, 3)
    assert data.train_images.dtype == np.uint8
    assert data.train_labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert data.test_ids.tolist() == ["img-0", "img-1", "img-2", "img-3"]
    np.testing.assert_array_equal(data.test_images, data.train_images[:4])


def test_a_competition_is_one_toml_file(tmp_path: Path) -> None:
    write_shapes(tmp_path)
    (tmp_path / "shapes.toml").write_text(SHAPES.to_toml())
    competition = load_competition(str(tmp_path / "shapes.toml"))
    assert load_dataset(competition, tmp_path).train_images.shape == (6, 3, 3)


def test_a_file_may_come_zipped_alone(tmp_path: Path) -> None:
    write_shapes(tmp_path)
    plain = load_dataset(SHAPES, tmp_path)
    with zipfile.ZipFile(tmp_path / "train.csv.zip", "w") as archive:
        archive.write(tmp_path / "train.csv", "train.csv")
    (tmp_path / "train.csv").unlink()
    packed = load_dataset(SHAPES, tmp_path)
    np.testing.assert_array_equal(packed.train_images, plain.train_images)


def test_changed_content_is_read_again(tmp_path: Path) -> None:
    write_shapes(tmp_path)
    before = load_dataset(SHAPES, tmp_path)
    text = (tmp_path / "train.csv").read_text()
    (tmp_path / "train.csv").write_text(text.replace("circle", "square", 1))
    after = load_dataset(SHAPES, tmp_path)
    assert after.train_labels.tolist() == [1, 1, 2, 0, 1, 2]
    assert after.fingerprint != before.fingerprint


def edited(name: str, edit: Callable[[str], str]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / name
        path.write_bytes(edit(path.read_text()).encode())

    return apply


def in_row(number: int, column: int, value: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        rows = [line.split(",") for line in text.splitlines()]
        rows[number - 1][column - 1] = value
        return "".join(",".join(row) + "\n" for row in rows)

    return edit


def without_last_line(text: str) -> str:
    return text[: text.rstrip("\n").rindex("\n") + 1]


BROKEN = {
    "missing column": (
        edited("train.csv", lambda text: text.replace("label", "lable", 1)),
        "train.csv, row 1: the column 'label' is missing",
    ),
    "missing pixel column": (
        edited("test.csv", lambda text: text.replace("pixel0,", "", 1)),
        "test.csv, row 1: 8 pixel columns where images of 3 × 3 need 9",
    ),
    "column twice": (
        edited("test.csv", lambda text: text.replace("pixel1", "pixel0", 1)),
        "test.csv, row 1, column 2: the column 'pixel0' is there twice",
    ),
    "pixel too high": (
        edited("train.csv", in_row(4, 3, "256")),
        r"train.csv, row 4, column 3 \(pixel1\): '256' is not a pixel value",
    ),
    "pixel negative": (edited("test.csv", in_row(2, 1, "-1")), "test.csv, row 2, column 1"),
    "pixel a fraction": (edited("train.csv", in_row(2, 2, "1.5")), "row 2, column 2"),
    "pixel missing": (edited("train.csv", in_row(2, 2, "")), "'' is not a pixel value"),
    "label outside": (
        edited("train.csv", in_row(3, 1, "hexagon")),
        r"train.csv, row 3, column 1 \(label\): the label 'hexagon' is none of the classes circle",
    ),
    "row too long": (
        edited("train.csv", in_row(3, 10, "1,2")),
        "train.csv, row 3: 11 columns where the header has 10",
    ),
    "cut last line": (
        edited("train.csv", lambda text: text[: text.rindex(",")]),
        r"train.csv, row 7: 9 columns where the header has 10 \(a cut last line\?\)",
    ),
    "empty": (edited("test.csv", lambda _: ""), "test.csv is empty"),
    "header alone": (
        edited("test.csv", lambda text: text.splitlines()[0] + "\n"),
        "test.csv has a header and no rows",
    ),
    "not text": (
        lambda folder: (folder / "train.csv").write_bytes(b"\xff\xfe\x00\x01" * 9),
        "train.csv is not UTF-8 text",
    ),
    "absent": (lambda folder: (folder / "test.csv").unlink(), "test.csv is not there"),
    "id twice": (
        edited("sample_submission.csv", lambda text: text.replace("img-2", "img-1")),
        "sample_submission.csv, row 4, column 1 .*'img-1' stands in row 3 already",
    ),
    "sample too short": (
        edited("sample_submission.csv", without_last_line),
        "sample_submission.csv has 3 rows where 4 are expected",
    ),
    "sample header": (
        edited("sample_submission.csv", lambda text: text.replace("Label", "label")),
        "the columns are ImageId, label where the competition has ImageId, Label",
    ),
    "class never seen": (
        edited("train.csv", lambda text: text.replace("square", "circle")),
        "train.csv has no row of class square",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_promise_names_file_row_and_column(fault: str, tmp_path: Path) -> None:
    damage, told = BROKEN[fault]
    write_shapes(tmp_path)
    damage(tmp_path)
    with pytest.raises(PodiumError, match=told):
        load_dataset(SHAPES, tmp_path)
    assert not list(tmp_path.glob("cache/*/complete"))
    assert not list(tmp_path.glob("cache/**/*.part"))


def test_row_counts_are_promises(tmp_path: Path) -> None:
    write_shapes(tmp_path)
    with pytest.raises(PodiumError, match=r"train.csv has 6 rows where 7 are expected"):
        load_dataset(replace(SHAPES, train_rows=7), tmp_path)


def test_a_damaged_zip_is_a_sentence(tmp_path: Path) -> None:
    write_shapes(tmp_path)
    (tmp_path / "train.csv").rename(tmp_path / "train.csv.zip")
    with pytest.raises(PodiumError, match="damaged zip"):
        load_dataset(SHAPES, tmp_path)


@given(
    name=st.sampled_from(SHAPES.files),
    at=st.floats(0, 1),
    bites=st.integers(0, 3),
    put=st.sampled_from([b"\xff", b'"', b"\0", b"\r", b"\n", b",", b"-", b'"' + b"1" * 200_000]),
)
def test_any_damage_is_a_sentence_or_harmless(
    name: str, at: float, bites: int, put: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    write_shapes(folder)
    content = (folder / name).read_bytes()
    place = round(at * len(content))
    (folder / name).write_bytes(content[:place] + put + content[place + bites :])
    with suppress(PodiumError):
        load_dataset(SHAPES, folder)
    shutil.rmtree(folder)


@pytest.mark.slow
def test_the_real_files(real_zip: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(real_zip) as archive:
        archive.extractall(tmp_path)
    competition: Competition = load_competition("digit-recognizer")
    first = load_dataset(competition, tmp_path)
    assert first.train_images.shape == (42000, 28, 28)
    assert first.test_images.shape == (28000, 28, 28)
    assert np.bincount(first.train_labels).min() > 3700
    second = load_dataset(competition, tmp_path)
    assert isinstance(second.train_images, np.memmap)
    np.testing.assert_array_equal(second.train_labels, first.train_labels)
