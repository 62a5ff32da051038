"""Hiding rows of any CSV leaves every cell of the others as it was."""

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from competition.data.tables.reading.cells import read_typed
from competition.practice.labelled.records import Records

CELLS = st.text(st.sampled_from(list("ab1 ,;\t|\"'\n\r.-éß漢")), max_size=6)
SEPARATORS = st.sampled_from(",;\t|")


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], bytes, str]:
    """Rows of wild cells, and the bytes of a CSV that holds them below a header."""
    width = draw(st.integers(2, 4))
    row = st.lists(CELLS, min_size=width, max_size=width).filter(any)
    rows = draw(st.lists(row, min_size=1, max_size=8))
    separator, end = draw(SEPARATORS), draw(st.sampled_from(["\n", "\r\n"]))
    # Python's writer leaves a lone carriage return without quotes, which no reader takes.
    lone = any("\r" in cell for row in rows for cell in row)
    quoting = csv.QUOTE_ALL if lone or draw(st.booleans()) else csv.QUOTE_MINIMAL
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerow([f"c{place}" for place in range(width)])
    writer.writerows(rows)
    content = text.getvalue()
    if draw(st.booleans()):
        content = content.removesuffix(end)
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return rows, (mark + content).encode(), separator


def parsed(content: bytes, separator: str) -> list[list[str]]:
    """Read a CSV slowly and plainly."""
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return list(csv.reader(text, delimiter=separator, strict=True))


@given(tables(), st.data())
@settings(max_examples=150, deadline=None)
def test_rows_keep_their_very_bytes_and_cells(
    table: tuple[list[list[str]], bytes, str], data: st.DataObject
) -> None:
    rows, content, separator = table
    records = Records.of(content, separator)
    assert len(records.rows) == len(rows)
    chosen = sorted(data.draw(st.sets(st.integers(0, len(rows) - 1))))
    kept = records.with_rows(chosen)
    assert parsed(kept, separator)[1:] == [rows[number] for number in chosen]
    everything = records.with_rows(range(len(rows)))
    assert everything.removesuffix(records.end.encode()) == content.removesuffix(
        records.end.encode()
    )
    for record, row in zip(records.rows, rows, strict=True):
        cells = records.cells(record)
        for cell, text in zip(cells, row, strict=True):
            assert parsed(records.line([cell, "x"]).encode(), separator) == [[text, "x"]]


@given(CELLS, SEPARATORS)
@example('a"b', ",")
def test_a_text_is_quoted_so_that_it_is_read_again(text: str, separator: str) -> None:
    records = Records("utf-8", separator, "\n", "", [])
    line = records.line([records.quoted(text), "x"])
    assert next(csv.reader(io.StringIO(line, newline=""), delimiter=separator)) == [text, "x"]


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\r1,2\r3,4\r",
        b"\n\na,b\n1,2\n\n3,4\n\n",
        b'a,b\n1,"2\n\n"\n3,4',
        b'a,b\n5" pipe,2\n3,4" pipe\n',
        "a,b\nmañana,2\n3,\xe9\n".encode("latin-1"),
        b"\xef\xbb\xbfa,b\n1,2\n3,4\n",
        b"a\n1\n\n",
    ],
)
def test_the_rows_are_those_that_the_reader_finds(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "train.csv"
        path.write_bytes(content)
        frame = read_typed(path, ("a", "b"))
        records = Records.of(content, ",")
        assert len(records.rows) == len(frame)
        path.write_bytes(records.with_rows(range(len(frame))))
        assert read_typed(path, ("a", "b")).astype("str").equals(frame.astype("str"))
        path.write_bytes(records.with_rows([0]))
        assert read_typed(path, ("a", "b")).astype("str").equals(frame.head(1).astype("str"))
