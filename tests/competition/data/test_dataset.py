"""Every promise about the data is checked, and arrays are cached by what decides them."""

import csv
import io
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from competition.data.dataset import load_dataset
from competition.data.rows import origin_of
from competition.errors import PodiumError
from competition.spec import Competition, load_competition
from tests.competition.data.small import MARKS, SHAPES, SIZES, write


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_any_side_and_any_class_names(tmp_path: Path, line_end: str) -> None:
    write(SHAPES, tmp_path, line_end=line_end)
    data = load_dataset(SHAPES, tmp_path)
    assert (data.train.shape, data.train.dtype) == ((6, 3, 3), np.uint8)
    assert (data.truth.tolist(), data.truth.dtype) == ([0, 1, 2, 0, 1, 2], np.int64)
    assert data.test_ids.tolist() == ["img-0", "img-1", "img-2", "img-3"]
    np.testing.assert_array_equal(data.test, data.train[:4])


@pytest.mark.parametrize("label_at", [0, 5, 12])
def test_colour_images_and_several_numbers_whose_columns_stand_anywhere(
    tmp_path: Path, label_at: int
) -> None:
    labels = [["1", "-2.5"], ["3e2", "+.5"], [" 0 ", "1E-3"]] + [["5", "6"]] * 3
    write(SIZES, tmp_path, labels, label_at=label_at)
    data = load_dataset(SIZES, tmp_path)
    assert data.truth.tolist()[:3] == [[1, -2.5], [300, 0.5], [0, 0.001]]
    assert (data.truth.shape, data.truth.dtype) == ((6, 2), np.float64)
    assert data.train.shape == (6, 2, 2, 3)
    pixels = (tmp_path / "test.csv").read_text().splitlines()[1].split(",")
    of_row_1_column_0 = [int(text) for text in pixels[6:9]]
    assert data.test[0, 1, 0].tolist() == of_row_1_column_0
    turned = replace(SIZES, label_columns=("width", "height"))
    assert load_dataset(turned, tmp_path).truth.tolist()[0] == [-2.5, 1]


def test_ordered_classes_are_class_numbers(tmp_path: Path) -> None:
    write(MARKS, tmp_path)
    assert load_dataset(MARKS, tmp_path).truth.tolist() == [0, 1, 2, 0, 1, 2]


def test_a_competition_is_one_toml_file(tmp_path: Path) -> None:
    for known in (SHAPES, SIZES):
        folder = tmp_path / known.slug
        write(known, folder)
        (folder / "it.toml").write_text(known.to_toml())
        competition = load_competition(str(folder / "it.toml"))
        assert load_dataset(competition, folder).train.shape == (6, *known.image_shape)


def test_rows_know_where_they_come_from(tmp_path: Path) -> None:
    write(SHAPES, tmp_path)
    data = load_dataset(SHAPES, tmp_path)
    origin = origin_of(data.train_rows(np.array([4, 2])))
    assert origin is not None
    assert (origin.numbers.tolist(), origin.folder) == ([4, 2], tmp_path / "features")


def test_a_file_may_come_zipped_alone(tmp_path: Path) -> None:
    write(SHAPES, tmp_path)
    plain = load_dataset(SHAPES, tmp_path)
    with zipfile.ZipFile(tmp_path / "train.csv.zip", "w") as archive:
        archive.write(tmp_path / "train.csv", "train.csv")
    (tmp_path / "train.csv").unlink()
    packed = load_dataset(SHAPES, tmp_path)
    np.testing.assert_array_equal(packed.train, plain.train)


def test_changed_content_is_read_again(tmp_path: Path) -> None:
    write(SHAPES, tmp_path)
    before = load_dataset(SHAPES, tmp_path)
    text = (tmp_path / "train.csv").read_text()
    (tmp_path / "train.csv").write_text(text.replace("circle", "square", 1))
    after = load_dataset(SHAPES, tmp_path)
    assert after.truth.tolist() == [1, 1, 2, 0, 1, 2]
    assert after.fingerprint != before.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other shapes"},
        {"daily_submissions": 7},
        {"public_share": 0.5},
        {"metric": "balanced accuracy"},
        {"train_rows": 6, "test_rows": 4},
        {"slug": "forms"},
    ],
)
def test_what_does_not_decide_the_arrays_leaves_the_fingerprint(
    change: dict[str, Any], tmp_path: Path
) -> None:
    write(SHAPES, tmp_path)
    before = load_dataset(SHAPES, tmp_path).fingerprint
    assert load_dataset(replace(SHAPES, **change), tmp_path).fingerprint == before
    assert len(list(tmp_path.glob("cache/*/complete"))) == 1


def test_what_decides_the_arrays_changes_the_fingerprint(tmp_path: Path) -> None:
    write(SHAPES, tmp_path)
    before = load_dataset(SHAPES, tmp_path)
    turned = load_dataset(replace(SHAPES, classes=SHAPES.classes[::-1]), tmp_path)
    assert turned.truth.tolist() == [2, 1, 0, 2, 1, 0]
    assert turned.fingerprint != before.fingerprint


def test_promises_that_do_not_decide_the_arrays_are_kept_for_cached_ones_too(
    tmp_path: Path,
) -> None:
    write(SIZES, tmp_path)
    load_dataset(SIZES, tmp_path)
    with pytest.raises(PodiumError, match=r"train.csv has 6 rows where 7 are expected"):
        load_dataset(replace(SIZES, train_rows=7), tmp_path)
    with pytest.raises(PodiumError, match=r"test.csv has 4 rows where 5 are expected"):
        load_dataset(replace(SIZES, test_rows=5), tmp_path)
    with pytest.raises(PodiumError, match=r"row 2, column 1 \(height\): .*'-1.5'.* of 0 or more"):
        load_dataset(replace(SIZES, metric="rmsle"), tmp_path)


@pytest.mark.parametrize("content", ["[]", "null", '{"train.csv": 1, "test.csv": [[1, 2]]}', "{"])
def test_an_odd_index_of_digests_is_made_again(content: str, tmp_path: Path) -> None:
    write(SHAPES, tmp_path)
    before = load_dataset(SHAPES, tmp_path).fingerprint
    (tmp_path / "cache" / "digests.json").write_text(content)
    assert load_dataset(SHAPES, tmp_path).fingerprint == before


def test_a_cache_that_lost_a_file_is_filled_again(tmp_path: Path) -> None:
    write(SHAPES, tmp_path)
    load_dataset(SHAPES, tmp_path)
    (array,) = tmp_path.glob("cache/*/truth.npy")
    array.write_bytes(b"half")
    assert load_dataset(SHAPES, tmp_path).truth.tolist() == [0, 1, 2, 0, 1, 2]


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
    "columns in another order": (
        edited("test.csv", lambda text: text.replace("pixel1,pixel2", "pixel2,pixel1", 1)),
        "name their pixel columns differently",
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
        r"train.csv, row 3, column 1 \(label\): the label 'hexagon' is not one of the classes "
        "circle, square",
    ),
    "row too long": (
        edited("train.csv", in_row(3, 10, "1,2")),
        "train.csv, row 3: 11 columns where the header has 10",
    ),
    "cut last line": (
        edited("train.csv", lambda text: text[: text.rindex(",")]),
        r"train.csv, row 7: 9 columns where the header has 10 \(a cut last line\?\)",
    ),
    "quote never closed": (
        edited("train.csv", in_row(7, 10, '"1')),
        "train.csv, row 7: its quotes are broken",
    ),
    "text behind a quote": (
        edited("train.csv", in_row(3, 10, '"1"2')),
        "train.csv, row 3: its quotes are broken",
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
        "sample_submission.csv",
    ),
    "sample too short": (
        edited("sample_submission.csv", without_last_line),
        "sample_submission.csv has 3 rows where 4 are expected",
    ),
    "sample header": (
        edited("sample_submission.csv", lambda text: text.replace("Label", "label")),
        "sample_submission.csv",
    ),
    "other ids": (
        edited("test.csv", lambda text: "ImageId," + text.rstrip().replace("\n", "\n7,") + "\n"),
        r"test.csv, row 2: its id is '7' where sample_submission.csv has 'img-0'",
    ),
    "class never seen": (
        edited("train.csv", lambda text: text.replace("square", "circle")),
        "train.csv has no row of class square",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_promise_names_file_row_and_column(fault: str, tmp_path: Path) -> None:
    damage, told = BROKEN[fault]
    write(SHAPES, tmp_path)
    damage(tmp_path)
    with pytest.raises(PodiumError, match=told):
        load_dataset(SHAPES, tmp_path)
    assert not list(tmp_path.glob("cache/*/complete"))
    assert not list(tmp_path.glob("cache/**/*.part"))


@pytest.mark.parametrize(
    ("metric", "label", "told"),
    [
        ("rmse", "tall", "the label 'tall' is not a number"),
        ("rmse", "", "the label '' is not a number"),
        ("rmse", "nan", "the label 'nan' is not a number"),
        ("rmse", "-inf", "the label '-inf' is not a number"),
        ("rmse", "1e999", "the label '1e999' is not a number"),
        ("rmse", "1_000", "the label '1_000' is not a number"),
        ("rmsle", "-0.1", "the label '-0.1' is not a number of 0 or more"),
        ("rmse of logs", "0", "the label '0' is not a number above 0"),
    ],
)
def test_a_label_that_the_metric_does_not_take_is_named(
    metric: str, label: str, told: str, tmp_path: Path
) -> None:
    write(SIZES, tmp_path, [["1", "2"], ["3", label], ["4", "5"]] + [["1", "1"]] * 3)
    with pytest.raises(PodiumError, match=rf"train\.csv, row 3, column 2 \(width\): {told}"):
        load_dataset(replace(SIZES, metric=metric), tmp_path)


def test_a_damaged_zip_is_a_sentence(tmp_path: Path) -> None:
    write(SHAPES, tmp_path)
    (tmp_path / "train.csv").rename(tmp_path / "train.csv.zip")
    with pytest.raises(PodiumError, match="damaged zip"):
        load_dataset(SHAPES, tmp_path)


def plainly(path: Path) -> list[list[str]]:
    """Read a CSV file slowly and strictly: its header and its rows, as lists of cells."""
    text = path.read_bytes().decode("utf-8-sig")
    return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]


def plain_reading(competition: Competition, folder: Path) -> list[Any]:
    """Return the four arrays of a folder as lists, or raise on anything that is not clear."""
    train, test, sample = (plainly(folder / name) for name in competition.files)
    names = [[name.strip() for name in rows[0]] for rows in (train, test)]
    labels = [names[0].index(name) for name in competition.label_columns]
    assert [name for i, name in enumerate(names[0]) if i not in labels] == names[1]
    assert all(len(row) == len(rows[0]) for rows in (train, test, sample) for row in rows)

    def pixel(text: str) -> int:
        assert re.fullmatch(r"\+?[0-9]+", text.strip())
        assert 0 <= int(text) <= 255
        return int(text)

    def label(text: str) -> float:
        if competition.classes:
            return competition.classes.index(text.strip())
        return float(text)

    pixels = [[pixel(row[i]) for i in range(len(row)) if i not in labels] for row in train[1:]]
    truth = [[label(row[i]) for i in labels] for row in train[1:]]
    ids = [row[0] for row in sample[1:]]
    return [pixels, truth, [[pixel(text) for text in row] for row in test[1:]], ids]


@given(
    competition=st.sampled_from([SHAPES, SIZES]),
    file=st.integers(0, 2),
    at=st.floats(0, 1),
    bites=st.integers(0, 6),
    put=st.one_of(
        st.sampled_from([b"\xff", b'"', b'""', b"\0", b"\r", b"\n", b",", b"-", b"\xef\xbb\xbf"]),
        st.text('0129,."+-eE_ \t\r\n\v٣\u3000', max_size=5).map(str.encode),
        st.just(b'"' + b"1" * 200_000),
    ),
    closing=st.booleans(),
)
@example(SHAPES, 0, 0.99, 0, b'"', False)  # a quote that is never closed
@example(SHAPES, 1, 0.5, 3, b'"', True)  # text behind a closing quote
@example(SHAPES, 2, 0.484375, 1, b"\0", False)  # an id that ends with a NUL
@example(SHAPES, 2, 1.0, 0, b"0", False)  # a last line that is cut
def test_any_damage_is_a_sentence_or_read_as_it_stands(
    tmp_path_factory: pytest.TempPathFactory,
    competition: Competition,
    file: int,
    at: float,
    bites: int,
    put: bytes,
    closing: bool,
) -> None:
    """Whatever happens to a file: no traceback, and never other arrays than it holds."""
    folder = tmp_path_factory.mktemp("damaged")
    write(competition, folder)
    path = folder / competition.files[file]
    content = path.read_bytes()
    place = round(at * len(content))
    end = put if closing else b""
    kept = put + content[place : place + 2] + end
    path.write_bytes(content[:place] + kept + content[place + bites :])
    try:
        data = load_dataset(competition, folder)
    except PodiumError:
        return
    finally:
        damaged = shutil.move(folder, folder.with_name("moved"))
    train, truth, test, ids = plain_reading(competition, Path(damaged))
    shutil.rmtree(damaged)
    assert data.train.reshape(len(train), -1).tolist() == train
    assert data.truth.reshape(len(train), -1).tolist() == truth
    assert data.test.reshape(len(test), -1).tolist() == test
    assert data.test_ids.tolist() == ids


@pytest.mark.long
def test_the_real_files(real_zip: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(real_zip) as archive:
        archive.extractall(tmp_path)
    competition = load_competition("digit-recognizer")
    first = load_dataset(competition, tmp_path)
    assert first.train.shape == (42000, 28, 28)
    assert first.test.shape == (28000, 28, 28)
    assert np.bincount(first.truth).min() > 3700
    second = load_dataset(competition, tmp_path)
    assert isinstance(second.train, np.memmap)
    np.testing.assert_array_equal(second.truth, first.truth)
