"""How labelled images become a practice competition."""

import csv
import io
import json
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from competition.errors import PodiumError
from competition.practice.bundled.optical_digits import mnist_form, optical_digits
from competition.practice.holdout import prepare
from competition.spec import Competition, load_competition


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
@settings(max_examples=60)
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
        bundled=None,
        label_columns=("animal",),
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
    assert teams_of(tmp_path / "made") == {
        "the sample",
        "most frequent class",
        "nearest class mean",
    }


def teams_of(folder: Path) -> set[str]:
    return {row["team"] for row in json.loads((folder / "baselines.json").read_text())["rows"]}


def test_a_zip_in_a_zip_serves_as_well(animals: Competition, tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("train.csv", small())
    outer = tmp_path / "animals.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("train.csv.zip", inner.getvalue())
    assert prepare(tmp_path / "made", animals, outer).train_rows == 20


@pytest.mark.parametrize("top", ["animals/", "animals\\", "./", "a/b/"])
def test_a_zip_with_a_top_folder_serves_as_well(
    animals: Competition, tmp_path: Path, top: str
) -> None:
    file = tmp_path / "animals.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"__MACOSX/{top}train.csv", "a shadow")
        archive.writestr(f"{top}train.csv", small())
        archive.writestr(f"{top}old/train.csv", "an older one")
    assert prepare(tmp_path / "made", animals, file).train_rows == 20


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("digit,a,b,c,d\n1,2,3,4,5\n", "label column 'animal' is nowhere"),
        ("animal,a,b,c,animal\n1,2,3,4,5\n", "label column 'animal' is twice"),
        ("animal,a,b,c\n1,2,3,4\n", "line 1: 4 columns instead of 5"),
        (small() + "cat,1,2,3\n", "line 32.*4 columns instead of 5"),
        (small() + "cow,1,2,3,4\n", "line 32.*'cow'"),
        (small() + '"cat,1,2,3,4\n', "line 32 is not CSV"),
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


def test_another_seed_hides_as_many_other_rows(animals: Competition, tmp_path: Path) -> None:
    file = tmp_path / "train.csv"
    file.write_text(small(60))
    first = prepare(tmp_path / "first", animals, file)
    other = prepare(tmp_path / "other", animals, file, seed=1)
    assert (other.train_rows, other.test_rows) == (first.train_rows, first.test_rows)
    kept = [
        (tmp_path / name / "public" / first.train_file).read_text() for name in ("first", "other")
    ]
    assert kept[0] != kept[1]
    with pytest.raises(PodiumError, match="hiding other rows"):
        prepare(tmp_path / "first", animals, file, seed=1)


def test_label_and_id_may_stand_anywhere_and_all_text_stays_as_written(
    animals: Competition, tmp_path: Path
) -> None:
    file = tmp_path / "train.csv"
    names = ("dog", "cat")
    rows = [f'007,{i},"{names[i % 2]}",{i % 2 * 200},9,  {i}' for i in range(30)]
    file.write_text("\n".join(["a,ImageId,animal,b,c,d", *rows]))
    made = prepare(tmp_path / "made", animals, file)
    assert made.test_rows == 10
    public = tmp_path / "made" / "public"
    train = (public / "train.csv").read_bytes().decode().split("\r\n")[1:-1]
    assert set(train) < set(file.read_text().split("\n"))
    test = (public / "test.csv").read_text().splitlines()
    assert test[0] == "a,b,c,d"
    assert all(line.startswith("007,") and ",9,  " in line for line in test[1:])
    hidden = [line.split(",")[1] for line in (tmp_path / "made" / "hidden.csv").open()]
    assert Counter(hidden) == {"animal": 1, "cat": 5, "dog": 5}


def test_numbers_are_hidden_at_random_and_several_may_be_asked(
    spec: Competition, tmp_path: Path
) -> None:
    """Two values of 3×3 colour images; one follows from the colours, the other is constant."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (90, 27))
    lines = [",".join([*(f"p{i}" for i in range(27)), "red", "one"])]
    lines += [",".join([*map(str, row), f"{row[0::3].sum() / 7:.2f}", "1e0"]) for row in pixels]
    file = tmp_path / "train.csv"
    file.write_text("\n".join(lines))
    asked = replace(
        spec,
        metric="rmse",
        classes=(),
        image_side=3,
        channels=3,
        label_columns=("red", "one"),
        target_columns=("Red", "One"),
        train_rows=None,
        test_rows=None,
        public_share=0.5,
    )
    made = prepare(tmp_path / "made", asked, file)
    with (tmp_path / "made" / "hidden.csv").open(newline="") as opened:
        hidden = list(csv.reader(opened))
    assert (made.test_rows, len(hidden)) == (30, 31)
    assert {row[2] for row in hidden[1:]} == {"1e0"}
    assert sum(row[3] == "1" for row in hidden[1:]) == 15
    sample = (tmp_path / "made" / "public" / "sample_submission.csv").read_text().splitlines()
    assert sample[:2] == ["ImageId,Red,One", "1,0,0"]
    rows = json.loads((tmp_path / "made" / "baselines.json").read_text())["rows"]
    scores = {row["team"]: row["private"] for row in rows}
    assert list(scores) == ["the sample", "mean value", "ridge on coarse pixels"]
    assert scores["ridge on coarse pixels"] < 1 < scores["mean value"] < scores["the sample"]


@pytest.mark.parametrize(
    ("metric", "label", "words"),
    [
        ("rmse", "high", "line 32: the label 'high' is not a number"),
        ("rmse", "inf", "line 32"),
        ("rmsle", "-1", "line 32: the label '-1' is not a number of 0 or more"),
    ],
)
def test_a_label_that_the_metric_cannot_take_is_a_sentence(
    animals: Competition, tmp_path: Path, metric: str, label: str, words: str
) -> None:
    file = tmp_path / "train.csv"
    file.write_text(small().replace("cat", "3").replace("dog", "4") + f"{label},1,2,3,4\n")
    with pytest.raises(PodiumError, match=words):
        prepare(tmp_path / "made", replace(animals, metric=metric, classes=()), file)


def test_hidden_rows_that_cannot_be_scored_are_a_sentence(
    animals: Competition, tmp_path: Path
) -> None:
    """With one dog in 30 rows, no part of the hidden rows has both classes."""
    file = tmp_path / "train.csv"
    file.write_text(small().replace("dog", "cat").replace("cat", "dog", 1))
    asked = replace(animals, metric="auc", positive="dog")
    with pytest.raises(PodiumError, match="too few to be scored by auc"):
        prepare(tmp_path / "made", asked, file)


def test_a_competition_without_bundled_data_needs_some(
    animals: Competition, tmp_path: Path
) -> None:
    with pytest.raises(PodiumError, match="animals needs its labelled data"):
        prepare(tmp_path / "made", animals, None)
    with pytest.raises(PodiumError, match="'cats' are not known: known are optical-digits"):
        prepare(tmp_path / "made", replace(animals, bundled="cats"), None)


@pytest.mark.long
def test_the_real_competition(real_zip: Path, tmp_path: Path) -> None:
    digits = load_competition("digit-recognizer")
    made = prepare(tmp_path / "made", digits, real_zip)
    assert (made.train_rows, made.test_rows) == (28_000, 14_000)
