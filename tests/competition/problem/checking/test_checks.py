"""The verdict on a file is that of the plain rules, and a fault says its line and its fix."""

import csv
import io
import math
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from competition.errors import PodiumError
from competition.problem.checking.checks import CheckReport, check
from competition.problem.form import Form
from competition.spec import Competition
from tests.competition.problem.cases import FORMS, IDS, LABELS, answers_of, competition, sample_of

GOOD = b'Id,Class\n1,0\n2,1\n3,3\n10,cat\na b,"a,b"\n"say ""a""",0\n"x,y",1\n\xc3\xbc,3\n'

# RFC 4180: free of quotes, or in quotes as a whole with inner ones doubled.
FIELD = r'(?:"(?:[^"]|"")*"|[^",]*)'
NUMBER = r"[ \t]*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?[ \t]*"


def checked(data: bytes, spec: Competition, folder: Path) -> CheckReport:
    file = folder / "submission.csv"
    file.write_bytes(data)
    return check(file, spec, sample_of(spec))


def plainly_valid(data: bytes, form: str) -> bool:
    """The rules once more, slow and plain, with another CSV reader."""
    spec, sample = FORMS[form], sample_of(FORMS[form])
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return False
    lines = text.removesuffix("\n").split("\n")
    width = len(sample.header)
    fields = ",".join([FIELD] * width)
    if "\r" in text or not all(re.fullmatch(fields, line) for line in lines):
        return False
    header, *rows = csv.reader(io.StringIO("\n".join(lines), newline=""))
    return (
        [name.casefold() for name in header] == [name.casefold() for name in sample.header]
        and sorted(row[0] for row in rows) == sorted(sample.ids)
        and all(takes(form, row[1:], spec) for row in rows)
    )


def takes(form: str, cells: list[str], spec: Competition) -> bool:
    if form == "label":
        return cells[0] in spec.classes
    if form == "ranked labels":
        names = cells[0].split(" ")
        known = all(name in spec.classes for name in names)
        return known and len(set(names)) == len(names) <= 3
    if not all(re.fullmatch(NUMBER, cell) and math.isfinite(float(cell)) for cell in cells):
        return False
    numbers = [float(cell) for cell in cells]
    least, most = min(numbers), max(numbers)
    return {
        "one column": 0 <= least <= most <= 1,
        "class columns": 0 <= least <= most <= 1 and most > 0,
        "values": least >= 0,
        "logarithm": least > 0,
    }.get(form, True)


SHARED = """1|2|3|10|a b|"x,y"|,|"|""|NaN| |\x00|Id|Class|\n|\r\n|\r|\ufeff|"""
LABEL_PIECES = '0|cat|"a,b"|3.0|0 1|1 1| cat 0| 3'
NUMBER_PIECES = '0|-1|.5|.|e3|1e-3|1e999|inf|1_0|٣|\t|0x1|-|"0,5"|,0,0|-0'
pieces = {
    form: st.sampled_from(
        [
            *(each.encode() for each in SHARED.split("|")),
            *(each.encode() for each in own.split("|")),
            b"\xff",
        ]
    )
    for form in FORMS
    for own in [LABEL_PIECES if FORMS[form].classes and "label" in form else NUMBER_PIECES]
}


@st.composite
def damaged(draw: st.DrawFn, form: str) -> bytes:
    """A valid file with a few pieces cut out, put in, or moved; sometimes with none."""
    data = Form.of(FORMS[form]).render(draw(answers_of(form)), sample_of(FORMS[form])).encode()
    if draw(st.booleans()):
        data = data.replace(b"\n", b"\r\n")
    if draw(st.booleans()):
        header, *rows = data.splitlines(keepends=True)
        data = b"".join([header, *draw(st.permutations(rows))])
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 4)))
        data = data[:start] + draw(pieces[form]) + data[end:]
    return data


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS)
@settings(
    max_examples=int(os.environ.get("PODIUM_TEST_CSVS", "200")),
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_the_verdict_is_that_of_a_plain_reading(
    form: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    anything = st.lists(pieces[form], max_size=40).map(b"".join)
    content = data.draw(st.one_of(damaged(form), damaged(form), anything, st.binary(max_size=60)))
    report = checked(content, FORMS[form], tmp_path_factory.getbasetemp())
    assert report.valid == plainly_valid(content, form), report.fault_lines()
    assert (report.answers is not None) == bool(report.fingerprint) == report.valid
    assert all(str(fault) for fault in report.faults)


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD[:-1],
        GOOD.replace(b"1,0", b'"1","0"'),
        GOOD.replace(b"\n2,1", b"\n2,0"),
    ],
)
def test_what_is_valid(data: bytes, tmp_path: Path) -> None:
    report = checked(data, LABELS, tmp_path)
    assert report.faults == () and report.rows == 8
    assert report.answers is not None
    assert report.text == Form.of(LABELS).render(report.answers, sample_of(LABELS))


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        ((b"2,1", b"2,3.0"), 3, "'3.0' must be written as 3 (astype(int))"),
        ((b"2,1", b"2,Cat"), 3, "'Cat' must be written as cat"),
        ((b"2,1", b"2,7"), 3, "'7' is not one of the 5 classes"),
        ((b"2,1", b"2,"), 3, "blank"),
        ((b"2,1", b"2,NaN"), 3, "blank"),
        ((b"2,1", b"2, 1"), 3, "blanks around"),
        ((b"2,1", b"2"), 3, "1 column instead of 2"),
        ((b"2,1", b"2,1,1"), 3, "3 columns instead of 2"),
        ((b"2,1", b""), 3, "line is blank"),
        ((b"2,1", b"2.0,1"), 3, "must be written as 2"),
        ((b"2,1", b"1,1"), 3, "came already on line 2"),
        ((b"2,1", b"99,1"), 3, "not in the sample"),
        ((b"2,1", b'2,"1'), 3, "quotes are broken"),
        ((b"2,1", b'2,"1"x'), 3, "quotes are broken"),
        ((b"2,1", b"2,\xff"), 3, "0xff is not UTF-8"),
        ((b"2,1\n", b"2,1\r"), 3, "carriage return"),
        ((b"2,1\n", b""), None, "1 of the sample's ids are missing: 2"),
        ((b"2,1\n", b""), None, "7 rows instead of 8"),
        ((b"Id,Class", b"Id, class"), 1, "capitals and blanks count"),
        ((b"Id,Class", b"Class,Id"), 1, "swapped"),
        ((b"Id,Class", b",Id,Class"), 1, "index=False"),
        ((b"Id,Class", b"Id;Class"), 1, "commas"),
        ((b"Id,Class\n", b""), 1, "header is missing"),
        ((b"Id", b"\xef\xbb\xbfId"), 1, "byte order mark"),
    ],
)
def test_a_fault_names_its_line_and_the_fix(
    change: tuple[bytes, bytes], line: int | None, said: str, tmp_path: Path
) -> None:
    report = checked(GOOD.replace(*change, 1), LABELS, tmp_path)
    assert any(fault.line == line and said in str(fault) for fault in report.faults), report.faults
    with pytest.raises(PodiumError, match="not a valid submission"):
        report.require_valid()


@pytest.mark.parametrize(
    ("form", "cells", "said"),
    [
        ("one column", "1.5", "Class '1.5' must lie between 0 and 1"),
        ("one column", "-0.1", "must lie between 0 and 1"),
        ("probability", "", "Class is blank ('')"),
        ("probability", "nan", "is blank"),
        ("probability", "-inf", "'-inf' is not finite"),
        ("probability", "1e999", "is not finite"),
        ("probability", "1_000", "is not a number"),
        ("probability", "yes", "'yes' is not a number"),
        ("probability", '"0,5"', "must be written with a point: 0.5"),
        ("values", "1,-2", "x '-2' must not be negative"),
        ("values", "1,2,3", "4 columns instead of 3"),
        ("logarithm", "0", "x '0' must be above 0"),
        ("class columns", "0,0.0,0", "all its probabilities are 0"),
        ("class columns", "0,2,0", "Mid, so '2' must lie between 0 and 1"),
        ("ranked labels", "0 1 3 cat", "has 4 labels; 3 count"),
        ("ranked labels", "cat cat", "names a label twice"),
        ("ranked labels", "cat  0", "one blank between labels"),
        ("ranked labels", "0.0 cat", "'0.0' must be written as 0 (astype(int))"),
        ("ranked labels", "dog", "'dog' is not one of the 6 classes"),
        ("ranked labels", " ", "Class is blank"),
    ],
)
def test_a_wrong_cell_is_told_in_every_form(
    form: str, cells: str, said: str, tmp_path: Path
) -> None:
    sample, width = sample_of(FORMS[form]), len(FORMS[form].target_columns)
    right = ",".join(["cat" if form == "ranked labels" else "0.25"] * width)
    header = 'Id,Top,"Mid, so",Low' if form == "class columns" else ",".join(sample.header)
    fields = [f'"{name}"'.replace('say "a"', 'say ""a""') for name in IDS]
    rows = [f"{name},{right}" for name in fields]
    assert checked("\n".join([header, *rows, ""]).encode(), FORMS[form], tmp_path).valid
    rows[2] = f"{fields[2]},{cells}"
    report = checked("\n".join([header, *rows, ""]).encode(), FORMS[form], tmp_path)
    (fault,) = (fault for fault in report.faults if fault.line)
    assert fault.line == 4 and said in fault.message


@pytest.mark.parametrize(
    ("classes", "text", "said"),
    [
        (("False", "True"), "true", "must be written as True"),
        (("False", "True"), "1", "must be written as True (astype(bool))"),
        (("False", "True"), "0.0", "must be written as False (astype(bool))"),
        (("0", "1"), "True", "must be written as 1"),
        (("0.0", "1.0"), "1", "must be written as 1.0"),
        (("No", "Yes"), "yes", "must be written as Yes"),
    ],
)
def test_labels_have_their_own_spelling(
    classes: tuple[str, ...], text: str, said: str, tmp_path: Path
) -> None:
    spec = competition("accuracy", classes)
    right = Form.of(spec).render(np.zeros(8, int), sample_of(spec))
    data = right.replace(f"\n2,{classes[0]}", f"\n2,{text}")
    assert [said in str(fault) for fault in checked(data.encode(), spec, tmp_path).faults] == [True]


def test_ids_are_told_in_the_samples_spelling(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("Id,Class\n7,0\n")
    (fault, *_) = check(file, LABELS, sample_of(LABELS, ("007",))).faults[::-1]
    assert "must be written as 007" in str(fault)


def test_every_fault_is_in_the_list_and_few_are_shown(tmp_path: Path) -> None:
    data = b"Id,Class\n" + b"".join(b"%d,9\n" % number for number in range(100, 150))
    report = checked(data, LABELS, tmp_path)
    assert [fault.line for fault in report.faults if fault.kind == "label"] == list(range(2, 52))
    assert len(report.fault_lines()) < 20
    assert any("45 more" in line for line in report.fault_lines())


def test_what_is_no_csv_at_all(tmp_path: Path) -> None:
    def said(path: Path) -> str:
        (fault,) = check(path, LABELS, sample_of(LABELS)).faults
        return str(fault)

    assert "no such file" in said(tmp_path / "none.csv")
    assert "not a file" in said(tmp_path)
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "empty" in said(empty)
    packed = tmp_path / "packed.csv"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("submission.csv", GOOD)
    assert "a zip" in said(packed)
    wide = tmp_path / "wide.csv"
    wide.write_bytes(GOOD.decode().encode("utf-16"))
    assert "UTF-16" in said(wide)
    huge = tmp_path / "huge.csv"
    huge.write_bytes(b"1" * 3_000_000)
    assert "3,000,000 bytes" in said(huge)


def test_a_file_that_was_perhaps_cut_is_odd(tmp_path: Path) -> None:
    assert checked(GOOD, LABELS, tmp_path).warnings == ()
    (warning,) = checked(GOOD[:-1], LABELS, tmp_path).warnings
    assert "no line end" in warning
