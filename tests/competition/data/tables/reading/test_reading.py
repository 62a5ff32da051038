"""Wild files against a slow, plain reading of them: the csv module, cell by cell."""

import csv
import io
import math
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from competition.data.tables.reading.cells import read_cells
from competition.data.tables.schema import CODED
from competition.data.tables.table import Table, read_table
from competition.errors import PodiumError
from tests.competition.data.tables.small import SHOP, csv_text

MARKS = ("NA", "NaN", "nan", "null", "NULL", "None", "none", "N/A", "?", "-")
NUMBERS = ("0", "1", "-2", "+3", "007", "1.0", "2.50", ".5", "4.", "1e5", "-1E-3", "123456789012")
WORDS = (
    *("NA", "None", "none", "null", "True", "1", "2.0", "007", "a", "b ", " c", "A", "ä", "字"),
    *('say "yes"', "x, y", "x; y", "two\nlines", "two\r\nlines", "B/0/P", "it's", "x\ty", "x|y"),
)
NAMES = ("size", "size of it", "a.b", "größe", "x,y", "size", "", 'the "one"', "two\nlines", "1")


@dataclass
class Wild:
    """A table of wild cells, and how it is written."""

    names: list[str]
    kinds: list[str]
    train: list[list[str]]
    test: list[list[str]]
    separator: str
    line_end: str
    mark: bool
    quote_all: bool

    def write(self, folder: Path) -> None:
        # The csv module writes a line feed bare where lines end in something else.
        bare = self.line_end != "\n" and not self.quote_all
        quoting = csv.QUOTE_NONNUMERIC if bare else csv.QUOTE_MINIMAL
        quoting = csv.QUOTE_ALL if self.quote_all else quoting
        n, m = len(self.train), len(self.test)
        labels = ["sold", *(SHOP.classes[row % 2] for row in range(n))]
        lines = [self.names, *self.train]
        train = [[*row, label] for row, label in zip(lines, labels, strict=True)]
        test = [
            [f"{name}", *row]
            for name, row in zip(["id", *range(m)], [self.names, *self.test], strict=True)
        ]
        for file, rows in (("train.csv", train), ("test.csv", test)):
            text = csv_text(
                rows, delimiter=self.separator, lineterminator=self.line_end, quoting=quoting
            )
            (folder / file).write_bytes((b"\xef\xbb\xbf" if self.mark else b"") + text.encode())


@st.composite
def wild(draw: st.DrawFn) -> Wild:
    kinds = draw(st.lists(st.sampled_from(["number", "category"]), min_size=1, max_size=5))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=len(kinds), max_size=len(kinds)))
    n, m = draw(st.integers(2, 12)), draw(st.integers(1, 6))
    separator = draw(st.sampled_from(",;\t|"))
    columns = []
    for kind in kinds:
        grouped = separator != ";" and draw(st.booleans())  # there, commas are decimal ones
        pool = NUMBERS + MARKS + (("1,234", "12,345.5", "1,234,567") if grouped else ())
        cells = st.sampled_from(("", *pool) if kind == "number" else ("", *WORDS, "word"))
        column = draw(st.lists(cells, min_size=n + m, max_size=n + m))
        if kind == "category":
            column[draw(st.integers(0, n + m - 1))] = "word"  # so that not all are numbers
        columns.append(column)
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Wild(
        names,
        kinds,
        rows[:n],
        rows[n:],
        separator,
        draw(st.sampled_from(["\n", "\r\n", "\r"])),
        draw(st.booleans()),
        draw(st.booleans()),
    )


def plainly_read(path: Path, separator: str) -> list[list[str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))[1:]


def plain_number(text: str) -> float:
    text = text.strip()
    return math.nan if text in MARKS or not text else float(text.replace(",", ""))


def plain_column(cells: Sequence[str], kind: str) -> list[object]:
    if kind == "number":
        return [None if math.isnan(number := plain_number(cell)) else number for cell in cells]
    texts = [cell.strip() or None for cell in cells]
    if {text for text in texts if text} <= {"True"}:
        return [text and "True" for text in texts]
    return list(texts)


def is_useless(train: list[object], test: list[object]) -> bool:
    return len(set(train)) == 1 or set(test) == {None}


def unlike(names: Sequence[str]) -> list[str]:
    """Return names with numbers behind doubled ones."""
    found: list[str] = []
    for name in names:
        wanted = each = name.strip() or "unnamed"
        number = 1
        while each in found:
            number += 1
            each = f"{wanted} ({number})"
        found.append(each)
    return found


@settings(max_examples=60, deadline=None)
@given(wild())
def test_a_table_is_what_a_plain_reading_says(table: Wild) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table.write(folder)
        plain = {
            file: plainly_read(folder / file, table.separator) for file in ("train.csv", "test.csv")
        }
        expected = {}
        for place, (called, kind) in enumerate(zip(unlike(table.names), table.kinds, strict=True)):
            train = plain_column([row[place] for row in plain["train.csv"]], kind)
            test = plain_column([row[place + 1] for row in plain["test.csv"]], kind)
            if not is_useless(train, test):
                expected[called] = (kind, train + test)
        read = read_table_or_none(folder, len(table.test))
        if read is None:
            assert not expected
            return
        found = {}
        for place, column in enumerate(read.columns):
            values = np.concatenate([read.train[place], read.test[place]]).tolist()
            levels = read.levels.get(place)
            assert (levels is None) == (column.role not in CODED)
            found[column.name] = (
                column.role.value,
                [
                    None if math.isnan(value) else levels[int(value)] if levels else value
                    for value in values
                ],
            )
        assert found == expected


def read_table_or_none(folder: Path, rows: int) -> Table | None:
    try:
        with ThreadPoolExecutor(1) as beside:
            return read_table(SHOP, folder, lambda: np.arange(rows).astype(np.str_), beside)
    except PodiumError as error:
        assert "share no column to learn from" in str(error)
        return None


def test_texts_that_come_again_keep_their_very_text(tmp_path: Path) -> None:
    """Though pandas takes few different texts that are all numbers or truth values for these."""
    path = tmp_path / "train.csv"
    path.write_text("code,churn,x\n" + "01,true,1\n1,false,2\n1.0,true,3\n" * 40)
    frame = read_cells(path, ("code", "churn"))
    assert set(frame["code"]) == {"01", "1", "1.0"}
    assert set(frame["churn"]) == {"true", "false"}


def test_a_file_read_by_several_threads_keeps_its_very_texts(tmp_path: Path) -> None:
    """Large files are cut into parts, of which some here have nothing but digits."""
    path, rows = tmp_path / "train.csv", 120_000
    codes = ["a", "b"] * (rows // 4) + ["01", "1"] * (rows // 4)
    filler = "x" * 60
    lines = [f"{code},{row},{filler}" for row, code in enumerate(codes)]
    path.write_text("\n".join(["code,row,text", *lines]))
    frame = read_cells(path)
    assert frame["code"].tolist() == codes
    assert frame["row"].tolist() == list(range(rows))
