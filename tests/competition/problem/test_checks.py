import csv
import io
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from competition import Competition, PodiumError
from competition.problem.checks import CheckReport, check
from competition.problem.sample import SampleSubmission
from submissions.writer import submission_text

GOOD = b'Id,Class\n1,0\n2,1\n3,3\n10,cat\na b,"a,b"\n"say ""a""",0\n"x,y",1\n\xc3\xbc,3\n'


# RFC 4180: free of quotes, or in quotes as a whole with inner ones doubled.
FIELD = r'(?:"(?:[^"]|"")*"|[^",]*)'


def checked(
    data: bytes, competition: Competition, sample: SampleSubmission, folder: Path
) -> CheckReport:
    file = folder / "submission.csv"
    file.write_bytes(data)
    return check(file, competition, sample)


def lawful(data: bytes, competition: Competition, sample: SampleSubmission) -> bool:
    """The rules once more, slow and plain, with another CSV reader."""
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return False
    lines = text.removesuffix("\n").split("\n")
    if "\r" in text or not all(re.fullmatch(f"{FIELD},{FIELD}", line) for line in lines):
        return False
    header, *rows = csv.reader(io.StringIO("\n".join(lines), newline=""))
    known = all(label in competition.classes for _, label in rows)
    return (
        header == ["Id", "Class"] and known and sorted(row[0] for row in rows) == sorted(sample.ids)
    )


PIECES = """1|2|3|10|a b|"x,y"|0|cat|"a,b"|,|"|""|3.0|NaN| |\x00|Id|Class|\n|\r\n|\r|\ufeff|"""
pieces = st.sampled_from([*(piece.encode() for piece in PIECES.split("|")), b"\xff"])


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A lawful file with a few pieces cut out, put in, or moved; sometimes with none."""
    data = GOOD
    if draw(st.booleans()):
        data = data.replace(b"\n", b"\r\n")
    if draw(st.booleans()):
        header, *rows = data.splitlines(keepends=True)
        data = b"".join([header, *draw(st.permutations(rows))])
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 4)))
        data = data[:start] + draw(pieces) + data[end:]
    return data


@settings(max_examples=int(os.environ.get("PODIUM_TEST_CSVS", "600")), deadline=None)
@given(
    data=st.one_of(damaged(), st.lists(pieces, max_size=40).map(b"".join), st.binary(max_size=60))
)
def test_the_verdict_is_that_of_a_plain_reading(
    data: bytes,
    awkward: Competition,
    awkward_sample: SampleSubmission,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    report = checked(data, awkward, awkward_sample, tmp_path_factory.getbasetemp())
    assert report.valid == lawful(data, awkward, awkward_sample), report.fault_lines()
    assert (report.labels is not None) == report.valid
    assert all(str(fault) for fault in report.faults)


def test_what_is_lawful(
    awkward: Competition, awkward_sample: SampleSubmission, tmp_path: Path
) -> None:
    for data in (
        GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD[:-1],
        GOOD.replace(b"1,0", b'"1","0"'),
        GOOD.replace(b"\n2,1", b"\n2,0"),
    ):
        assert checked(data, awkward, awkward_sample, tmp_path).faults == ()


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        ((b"2,1", b"2,3.0"), 3, "'3.0' must be written as 3"),
        ((b"2,1", b"2,7"), 3, "'7' is none of the 5 classes"),
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
        ((b"Id,Class", b"Id,class"), 1, "capitals"),
        ((b"Id,Class", b"Class,Id"), 1, "swapped"),
        ((b"Id,Class", b",Id,Class"), 1, "index=False"),
        ((b"Id,Class", b"Id;Class"), 1, "commas"),
        ((b"Id,Class\n", b""), 1, "header is missing"),
        ((b"Id", b"\xef\xbb\xbfId"), 1, "byte order mark"),
    ],
)
def test_a_fault_names_its_line_and_the_cure(
    change: tuple[bytes, bytes],
    line: int | None,
    said: str,
    awkward: Competition,
    awkward_sample: SampleSubmission,
    tmp_path: Path,
) -> None:
    data = GOOD.replace(*change, 1)
    report = checked(data, awkward, awkward_sample, tmp_path)
    assert any(fault.line == line and said in str(fault) for fault in report.faults), report.faults
    with pytest.raises(PodiumError, match="no lawful submission"):
        report.require_valid()


def test_every_fault_is_in_the_list_and_few_are_shown(
    awkward: Competition, awkward_sample: SampleSubmission, tmp_path: Path
) -> None:
    data = b"Id,Class\n" + b"".join(b"%d,9\n" % number for number in range(100, 150))
    report = checked(data, awkward, awkward_sample, tmp_path)
    assert [fault.line for fault in report.faults if fault.kind == "label"] == list(range(2, 52))
    assert len(report.fault_lines()) < 20
    assert any("45 more" in line for line in report.fault_lines())


def test_what_is_no_csv_at_all(
    awkward: Competition, awkward_sample: SampleSubmission, tmp_path: Path
) -> None:
    def said(path: Path) -> str:
        (fault,) = check(path, awkward, awkward_sample).faults
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


def test_lawful_and_odd(
    awkward: Competition, awkward_sample: SampleSubmission, tmp_path: Path
) -> None:
    cut = checked(GOOD[:-1], awkward, awkward_sample, tmp_path)
    assert ["no line end" in text for text in cut.warnings] == [True]
    file = tmp_path / "submission.csv"
    file.write_text(submission_text(np.zeros(8, int), awkward, awkward_sample))
    lonely = check(
        file,
        awkward,
        awkward_sample,
        training_counts=[1000] * 5,
        previous=np.array([0] * 7 + [1]),
    )
    assert lonely.valid
    text = "\n".join(lonely.warnings)
    assert "No row is labelled 1 or 3 or cat or a,b." in text
    assert "100.0% of the rows are labelled 0, 20.0% in the training data" in text
    assert "Only 87.5% of the rows agree" in text


def test_an_ordinary_file_gets_no_warning(
    awkward: Competition, awkward_sample: SampleSubmission, tmp_path: Path
) -> None:
    file = tmp_path / "submission.csv"
    labels = np.arange(8) % 5
    file.write_text(submission_text(labels, awkward, awkward_sample))
    report = check(file, awkward, awkward_sample, training_counts=[200] * 5, previous=labels)
    assert report.warnings == ()
