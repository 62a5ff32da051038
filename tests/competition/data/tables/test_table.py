"""What columns are taken for, what is left out, and what is refused, in a sentence each."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from competition.data.dataset import load_dataset
from competition.data.tables.fold_rule import By
from competition.data.tables.reading.cells import read_cells
from competition.data.tables.schema import Role
from competition.errors import PodiumError
from tests.competition.data.tables.small import (
    PRICES,
    SHOP,
    folded,
    load,
    roles,
    shown,
    write,
)

SENTENCES = [f"number {i} came to the shop, and left" for i in range(60)]


@pytest.mark.parametrize(
    ("train", "test", "role", "values"),
    [
        (["1", "2"], ["1.5", ""], "number", [1.0, 2.0, 1.5, None]),
        (["1", "2"], ["3", "A"], "category", ["1", "2", "3", "A"]),
        (["01", "2"], ["1", "A"], "category", ["01", "2", "1", "A"]),
        (["True", "false"], ["TRUE", ""], "category", ["True", "False", "True", None]),
        (["None", "none"], ["a", ""], "category", ["None", "none", "a", None]),
        (["NA", "Gd"], ["TA", "NA"], "category", ["NA", "Gd", "TA", "NA"]),
        (["NA", "1"], ["2", "None"], "number", [None, 1.0, 2.0, None]),
        (["1,234", "5"], ["2,000.5", "1"], "number", [1234.0, 5.0, 2000.5, 1.0]),
        (["3,14", "5"], ["0,5", ""], "number", [3.14, 5.0, 0.5, None]),
        (["12%", "5.5 %"], ["7%", "NA"], "number", [12.0, 5.5, 7.0, None]),
        (["$5", "$6"], ["$7", "$5"], "category", ["$5", "$6", "$7", "$5"]),
        (["9" * 30, "1"], ["2", "3"], "number", [1e30, 1.0, 2.0, 3.0]),
        (["  ", "x"], ["y ", " x"], "category", [None, "x", "y", "x"]),
        (["12:30", "8:15"], ["9:00", "8:15"], "category", ["12:30", "8:15", "9:00", "8:15"]),
        (SENTENCES, SENTENCES, "text", SENTENCES * 2),
        ([f"{i} x" for i in range(60)], ["1 x"], "category", None),
    ],
)
def test_what_a_column_is(
    train: list[str],
    test: list[str],
    role: str,
    values: list[object] | None,
    tmp_path: Path,
) -> None:
    data = load(tmp_path, {"it": train}, {"it": test})
    assert roles(data) == {"it": role}
    assert values is None or shown(data, "it") == values


DAY = 86_400.0


@pytest.mark.parametrize(
    ("cells", "seconds"),
    [
        (["1970-01-02", "1970-01-03", "NA"], [DAY, 2 * DAY, None]),
        (["01/02/1970", "01/31/1970"], [DAY, 30 * DAY]),
        (["02/01/1970", "31/01/1970"], [DAY, 30 * DAY]),
        (["02.01.1970", "03.01.1970"], [DAY, 2 * DAY]),
        (["2-Jan-70", "3-Jan-70"], [DAY, 2 * DAY]),
        (["Jan 2, 1970", "Jan 3, 1970"], [DAY, 2 * DAY]),
        (["1970-01", "1970-02"], [0.0, 31 * DAY]),
        (["Jan-1970", "Feb-1970"], [0.0, 31 * DAY]),
        (["1970-01-02T00:00:01Z", "1970-01-02T00:00:02Z"], [DAY + 1, DAY + 2]),
        (["1970-01-02 00:00:01+02:00", "1970-01-02 00:00:02+01:00"], [DAY + 1, DAY + 2]),
        (["1970-01-02T00:00:01.5", "1970-01-02T00:00:02"], [DAY + 1.5, DAY + 2]),
        (["01/02/1970 01:00:00 PM", "01/02/1970 12:00:00 AM"], [1.5 * DAY + 3600, DAY]),
        (["9999-12-31", "1970-01-02"], [253402214400.0, DAY]),
    ],
)
def test_dates_of_many_spellings(
    cells: list[str], seconds: list[float | None], tmp_path: Path
) -> None:
    data = load(tmp_path, {"day": cells})
    assert roles(data) == {"day": "date"}
    assert shown(data, "day") == seconds * 2


def test_a_spec_says_what_a_column_is(tmp_path: Path) -> None:
    spec = replace(
        SHOP,
        roles=(
            ("grade", ("bad", "fair", "good")),
            ("code", Role.CATEGORY),
            ("stars", ("1", "2", "3")),
            ("left", Role.DROP),
            ("id", Role.NUMBER),
        ),
    )
    columns = {
        "grade": ["good", "bad", "NA"],
        "code": ["007", "7", "8"],
        "stars": ["1.0", "3.0", ""],
        "left": ["a", "b", "c"],
    }
    data = load(tmp_path, columns, competition=spec)
    assert data.schema is not None
    assert roles(data) == {
        "id": "number",
        "grade": "ordinal",
        "code": "category",
        "stars": "ordinal",
    }
    assert data.schema.levels(1) == ["bad", "fair", "good"]
    assert shown(data, "code") == ["007", "7", "8"] * 2
    assert shown(data, "stars") == ["1", "3", None] * 2
    assert data.schema.notes == ("left: dropped, as [roles] says",)


def test_codes_are_one_whether_written_1_or_1_0(tmp_path: Path) -> None:
    spec = replace(SHOP, roles=(("code", Role.CATEGORY),))
    data = load(tmp_path, {"code": ["10", "2"]}, {"code": ["2.0", ""]}, spec)
    assert data.schema is not None and data.schema.levels(0) == ["2", "10"]
    assert shown(data, "code") == ["10", "2", "2", None]


def test_what_is_left_out_is_noted(tmp_path: Path) -> None:
    train = {
        "": ["5", "6", "7"],
        "empty": ["", "", ""],
        "one": ["x", "x", "x"],
        "lost": ["1", "2", "3"],
        "copy": ["0", "1", "2"],
        "more": ["1", "2", "3"],
        "inf": ["1", "inf", "3"],
    }
    test = {
        "": ["1", "2", "3"],
        "empty": ["", "", ""],
        "one": ["x", "y", "z"],
        "lost": ["", "", ""],
        "copy": ["3", "4", "5"],
        "other": ["1", "2", "3"],
        "inf": ["1", "2", "3"],
    }
    data = load(tmp_path, train, test)
    assert roles(data) == {"inf": "number"}
    assert shown(data, "inf") == [1.0, None, 3.0, 1.0, 2.0, 3.0]
    assert data.schema is not None
    assert data.schema.notes == (
        "more: only in train.csv, so not learnt from",
        "other: only in test.csv, so not learnt from",
        "unnamed: it counts the rows, so not learnt from",
        "copy: the same as the id, so not learnt from",
        "empty: empty in train.csv",
        "one: the same in every row of train.csv",
        "lost: empty in test.csv",
        "inf: infinite cells, taken as missing",
    )


def test_a_moment_as_id_is_a_feature_and_test_rows_take_the_samples_order(tmp_path: Path) -> None:
    write(tmp_path, {"a": ["1", "2", "3"]})
    for name, first in (("train.csv", 1), ("test.csv", 4), ("sample_submission.csv", 4)):
        lines = (tmp_path / name).read_text().splitlines()
        dated = [
            f"1970-01-0{first + row},{line.split(',', 1)[1]}" for row, line in enumerate(lines[1:])
        ]
        if name == "test.csv":
            dated.reverse()
        (tmp_path / name).write_text("\n".join([lines[0], *dated]) + "\n")
    data = load_dataset(SHOP, tmp_path)
    assert roles(data) == {"id": "date", "a": "number"}
    assert data.test_ids.tolist() == ["1970-01-04", "1970-01-05", "1970-01-06"]
    assert (data.test[:, 0] / DAY).tolist() == [3.0, 4.0, 5.0]


def test_semicolons_and_decimal_commas_and_windows_text(tmp_path: Path) -> None:
    write(tmp_path, {"a": ["1"]})
    train = "id;preis;ort;sold\n0;3,5;Köln;no\n1;1.000,25;Bonn;yes\n2;4;Köln;yes\n"
    (tmp_path / "train.csv").write_bytes(train.encode("cp1252"))
    (tmp_path / "test.csv").write_text("id;preis;ort\n1;2,125;Köln\n")
    data = load_dataset(SHOP, tmp_path)
    assert shown(data, "preis") == [3.5, 1000.25, 4.0, 2.125]
    assert shown(data, "ort") == ["Köln", "Bonn", "Köln", "Köln"]


def test_a_cell_far_down_that_is_no_number_makes_texts_of_the_column(tmp_path: Path) -> None:
    cells = [f"{row:05}" for row in range(3000)]
    data = load(
        tmp_path, {"a": [*cells, "none of it"], "b": [*cells, "NA"]}, {"a": cells, "b": cells}
    )
    assert roles(data) == {"a": "category", "b": "number"}
    assert shown(data, "a")[:2] == ["00000", "00001"]


def test_blank_lines_and_whole_quotes_are_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('a,b\n\n1,5" pipe\n  \n2,"x ""y"", z\n\nw"\n\n')
    frame = read_cells(file)
    assert frame["a"].tolist() == [1, 2]
    assert frame["b"].tolist() == ['5" pipe', 'x "y", z\n\nw']


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a,b\n1,2\n3\n", "row 3: it has 1 cell where the header has 2"),
        (b'a,b\n"x\ny",2\n\n3,4,5\n', "row 3: it has 3 cells where the header has 2"),
        (b"a,b\n1,2,3\n4,5,6\n", "row 2: it has 3 cells where the header has 2"),
        (b"a,b\n1,\n3,\n4\n", "row 4: it has 1 cell where the header has 2"),
        (b'a,b\n1,"x\n3,4\n', "row 2: its quotes are broken"),
        (b'a,b\n1,"x"y\n3,4\n', "row 2: its quotes are broken"),
        (b"a,b\n1,2\n3,\0\n", "line 3: it holds a NUL character"),
        (b"a,b\n1,\x81\n", "is neither UTF-8 nor Windows-1252 text"),
        (b"", "a.csv is empty"),
        (b"\n \n", "a.csv is empty"),
        (b"a,b\n", "a.csv has no rows"),
    ],
)
def test_a_broken_file_is_a_sentence_with_its_row(
    content: bytes, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(PodiumError, match=f"^a.csv.*{re.escape(sentence.removeprefix('a.csv '))}"):
        read_cells(tmp_path / "a.csv")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_short_or_long_row_is_found_wherever_it_stands(end: str, tmp_path: Path) -> None:
    lines = ["a,b,c", *("1,2," for _ in range(40_000))]
    for row in (1, 7, 20_000, 39_999):
        for wrong in ("1,2", "1,2,,"):
            broken = [*lines[:row], wrong, *lines[row + 1 :]]
            (tmp_path / "a.csv").write_text(end.join(broken), newline="")
            with pytest.raises(PodiumError, match=f"row {row + 1}: it has"):
                read_cells(tmp_path / "a.csv")


@pytest.mark.parametrize("wrong", [b"1,\0\n", b"1,2\0,3\n"])
def test_a_nul_far_down_is_found_before_anything_else(wrong: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n" + b"1,2\n" * 400_000 + wrong)
    with pytest.raises(PodiumError, match=r"^a\.csv, line 400002: it holds a NUL character"):
        read_cells(tmp_path / "a.csv")


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (edit("train.csv", "sold", "gone"), "train.csv has no column 'sold'"),
        (edit("train.csv", ",yes", ","), "train.csv, row 3, column 'sold': the label is missing"),
        (edit("train.csv", ",yes", ",Yes"), "row 3, column 'sold': the label 'Yes' is not one"),
        (edit("test.csv", "4,", "9,"), "test.csv has no row of the id '4'"),
        (
            edit("test.csv", "4,", "3,"),
            "test.csv, row 3, column 'id': the id '3' stands there twice",
        ),
        (edit("sample_submission.csv", "4,no\n", ""), "test.csv has 3 rows and .* asks for 2"),
        (edit("test.csv", "a", "b"), "train.csv and test.csv share no column to learn from"),
    ],
)
def test_files_that_do_not_fit_are_a_sentence_and_nothing_is_left(
    change: Callable[[Path], None], sentence: str, tmp_path: Path
) -> None:
    folder = write(tmp_path, {"a": ["1", "2", "3"]})
    change(folder)
    with pytest.raises(PodiumError, match=sentence):
        load_dataset(SHOP, folder)
    assert not (folder / "cache").exists()


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (["1", "1.0", "1"], "column 'sold': the label is the same in each of its 3 rows"),
        (["1", "NA", "2"], "row 3, column 'sold': the label 'NA' is not a number"),
        (["NA", "1", "NA"], "row 2, .*'NA' is not .* and 1 more like it. .* delete the rows"),
        (["1", "inf", "2"], "row 3, column 'sold': the label 'inf' is not a number"),
        (["1", "2", "-1"], "row 4, column 'sold': the label '-1' is not a number of 0 or more"),
    ],
)
def test_labels_that_are_no_numbers(labels: list[str], sentence: str, tmp_path: Path) -> None:
    spec = replace(PRICES, metric="rmsle")
    with pytest.raises(PodiumError, match=sentence):
        load(tmp_path, {"a": ["1", "2", "3"]}, competition=spec, labels=labels)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (["1", "NA", "0"], "row 3, column 'sold': the label 'NA' is not one of the classes 0, 1"),
        (["1", "", "0"], "row 3, column 'sold': the label is missing"),
        (["1", "0", "2"], "row 4, column 'sold': the label '2' is not one of the classes 0, 1"),
        (["1", "0", "x"], "row 4, column 'sold': the label 'x' is not one of the classes 0, 1"),
    ],
)
def test_labels_that_are_no_classes(labels: list[str], sentence: str, tmp_path: Path) -> None:
    spec = replace(SHOP, classes=("0", "1"))
    with pytest.raises(PodiumError, match=sentence):
        load(tmp_path, {"a": ["1", "2", "3"]}, competition=spec, labels=labels)


@pytest.mark.parametrize("ids", [["7", "8", "9"], ["9", "8", "7"], ["07", "8", "x"], ["7.0", "8"]])
def test_rows_take_the_samples_order_however_ids_are_written(
    ids: list[str], tmp_path: Path
) -> None:
    folder = write(tmp_path, {"a": ["1", "2"]}, {"a": [str(row) for row in range(len(ids))]})
    for name, order in (("test.csv", ids), ("sample_submission.csv", sorted(ids))):
        header, *lines = (folder / name).read_text().splitlines()
        cells = [line.split(",")[1] for line in lines]
        rows = [f"{each},{cell}" for each, cell in zip(order, cells, strict=True)]
        (folder / name).write_text("\n".join([header, *rows, ""]))
    data = load_dataset(SHOP, folder)
    assert data.test_ids.tolist() == sorted(ids)
    assert shown(data, "a")[2:] == [float(ids.index(each)) for each in sorted(ids)]


def test_another_metric_finds_its_fault_in_cached_labels(tmp_path: Path) -> None:
    load(tmp_path, {"a": ["1", "2"]}, competition=PRICES, labels=["-1", "2"])
    with pytest.raises(PodiumError, match="row 2, column 'sold': the label '-1'"):
        load_dataset(replace(PRICES, metric="rmsle"), tmp_path)


def test_a_role_that_does_not_fit_names_the_cell(tmp_path: Path) -> None:
    for role, what in ((Role.NUMBER, "no number"), (("a", "b"), "none of the levels")):
        spec = replace(SHOP, roles=(("it", role),))
        with pytest.raises(PodiumError, match=f"test.csv, row 3, column 'it': 'c' is {what}"):
            load(tmp_path, {"it": ["NA", ""]}, {"it": ["", "c"]}, spec)
    with pytest.raises(PodiumError, match="names the column 'that'"):
        load(
            tmp_path, {"it": ["1", "2"]}, competition=replace(SHOP, roles=(("that", Role.NUMBER),))
        )


def test_the_second_load_maps_what_the_first_wrote(tmp_path: Path) -> None:
    load(tmp_path, {"a": ["1", "2"], "b": ["x", "y"]})
    again = load_dataset(SHOP, tmp_path)
    assert isinstance(again.train, np.memmap) and again.train.dtype == np.float64
    assert shown(again, "b") == ["x", "y"] * 2
    assert again.train_rows().origin.other is again.test  # type: ignore[union-attr]


# ---------------------------------------------------------------------- fold units


@pytest.mark.parametrize(("match", "units"), [(None, [0, 1, 2, 0, 3]), ("(.)_", [0, 0, 1, 0, 2])])
def test_groups_stay_together_and_are_a_column(
    match: str | None, units: list[int], tmp_path: Path
) -> None:
    cells = ["a_1", "a_2", "b_1", "a_1", ""]
    data = load(
        tmp_path, {"who": cells, "x": list("12345")}, competition=folded(By.GROUP, "who", match)
    )
    assert data.units is not None and data.units.tolist() == units
    assert roles(data)["group of who"] == "group"
    assert shown(data, "group of who")[4] is None


@pytest.mark.parametrize("spelling", ["{}", "197{}-01-01", "0{}:00"])
def test_times_are_in_their_order(spelling: str, tmp_path: Path) -> None:
    cells = [spelling.format(each) for each in (3, 1, 1, 2)]
    spec = folded(By.TIME, "when")
    if ":" in spelling:
        with pytest.raises(PodiumError, match=r"in row 2 of the training file '03:00' is neither"):
            load(tmp_path, {"when": cells, "x": list("1234")}, competition=spec)
        return
    data = load(tmp_path, {"when": cells, "x": list("1234")}, competition=spec)
    assert data.units is not None and data.units.tolist() == [2, 0, 0, 1]


def test_blocks_are_the_runs_between_test_rows_in_parts(tmp_path: Path) -> None:
    days = [day for month in range(10) for day in range(month * 30, month * 30 + 20)]
    rest = [day for month in range(10) for day in range(month * 30 + 20, month * 30 + 30)]
    order = np.random.default_rng(0).permutation(len(days))
    data = load(
        tmp_path,
        {"day": [str(days[place]) for place in order], "x": [str(i % 7) for i in order]},
        {"day": [str(day) for day in rest], "x": ["1", "2"] * (len(rest) // 2)},
        folded(By.BLOCKS, "day"),
    )
    assert data.units is not None
    assert data.units.tolist() == (order // 10).tolist()


@pytest.mark.parametrize(
    ("by", "cells", "sentence"),
    [
        (By.TIME, ["1", "", "3"], "in row 3 of the training file it is missing"),
        (By.TIME, ["1", "x", "3"], "in row 3 of the training file 'x' is neither"),
        (By.GROUP, ["a_1", "b", "c_1"], "folds.match finds no group in 'b'"),
    ],
)
def test_units_that_are_none(by: By, cells: Sequence[str], sentence: str, tmp_path: Path) -> None:
    spec = folded(by, "u", "(.)_" if by == By.GROUP else None)
    with pytest.raises(PodiumError, match=sentence):
        load(tmp_path, {"u": cells, "x": list("123")}, competition=spec)
    with pytest.raises(PodiumError, match=r"train.csv has no column 'u'"):
        load(tmp_path, {"x": list("123")}, competition=spec)
