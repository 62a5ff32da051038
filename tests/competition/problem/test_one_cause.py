"""What is wrong in every line for one reason is one fault with its cure, and can be fixed."""

import pickle
import zipfile
from pathlib import Path

import pytest

from competition.problem.checking.checks import check
from competition.problem.sample import Sample
from tests.competition.problem.cases import FORMS, competition

LABELS = competition("accuracy", ("0", "1", "2"))
IDS = tuple(str(number) for number in range(1, 13))
SAMPLE = Sample(("Id", "Class"), IDS, size=100)
GOOD = "Id,Class\n" + "".join(f"{name},{int(name) % 3}\n" for name in IDS)
ROWS = GOOD.splitlines()[1:]


def lines(change: str) -> str:
    """Return the good file with every data line changed."""
    parts = (row.split(",") for row in ROWS)
    return "".join(change.format(row=i, id=a, c=b) for i, (a, b) in enumerate(parts, 1))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (GOOD.replace("\n", "\r\r\n"), r"\r\r\n, as Python's csv module writes on Windows"),
        (GOOD.replace("\n", "\n\n"), "every second line is blank"),
        (GOOD.replace("\n", "\r\n\r\n"), "open the file with newline=''"),
        (GOOD.replace("\n", "\r"), "as on old Macs"),
        (",Id,Class\n" + lines("{row},{id},{c}\n"), "pandas' index is in it"),
        ("Unnamed: 0,Id,Class\n" + lines("{row},{id},{c}\n"), "index=False"),
        ('"","Id","Class"\n' + lines('"{row}",{id},{c}\n'), "R's row names are in it"),
        ('"Id","Class"\n' + lines('"{row}",{id},{c}\n'), "row.names = FALSE"),
        ('"Id" "Class"\n' + lines('"{row}" {id} {c}\n'), "separated by commas"),
        ("Id;Class\n" + lines("{id};{c}\n"), "separated by commas"),
        ("Id\tClass\n" + lines("{id}\t{c}\n"), "separated by commas"),
        ("Class,Id\n" + lines("{c},{id}\n"), "the columns are swapped"),
        (lines("{id},{c}\n"), "the header is missing"),
        (" Id , class\n" + lines("{id},{c}\n"), "blanks count"),
        (GOOD + "\n", "the line is blank"),
        ('"";"Id";"Class"\n' + lines('"{row}";{id};{c}\n'), "commas, and without row names"),
        ("sep=,\n" + GOOD, "'sep=,' is for Excel alone"),
        ("\n" + GOOD, "the line is blank; the header must come first"),
        ("# made at night\n" + GOOD, "is a comment"),
        ("# " + GOOD, "write with comments=''"),
        ("Id,Class\n" + lines("{id},{c},\n"), "every line ends in a comma"),
        (GOOD.replace("\n", ",\n"), "every line ends in a comma"),
        (GOOD.replace("\n", "\n\r"), "the wrong way round"),
        (GOOD + "\0" * 40, "bytes that are no text (0x00, 40 in all)"),
        (GOOD + "\x1a", "0x1a"),
        (GOOD.encode("utf-16-le").decode("latin-1"), "it is UTF-16"),
        (GOOD.encode("utf-16-be").decode("latin-1"), "it is UTF-16"),
        (GOOD.encode("utf-32").decode("latin-1"), "it is UTF-32"),
        (GOOD.encode("utf-16").decode("latin-1"), "it is UTF-16"),
        ("\xef\xbb\xbf" + GOOD, "byte order mark"),
    ],
)
def test_one_cause_is_one_fault_and_is_fixed(data: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(data.encode("latin-1"))
    report = check(file, LABELS, SAMPLE)
    messages = [fault.message for fault in report.faults]
    assert any(said in message for message in messages), messages
    assert len(messages) == (2 if '"Id" "Class"' in data else 1), messages
    assert report.fixed == GOOD


def test_ids_that_count_from_0_are_told_as_that_and_no_id_is_missing(tmp_path: Path) -> None:
    """The file that adds id 12 for id 0 is valid, and has every answer beside the next id."""
    file = tmp_path / "mine.csv"
    file.write_text("Id,Class\n" + "".join(f"{i},{(i + 1) % 3}\n" for i in range(12)))
    report = check(file, LABELS, SAMPLE)
    (fault,) = report.faults
    assert "run from 0 to 11 and the sample's from 1 to 12" in str(fault)
    assert "add 1 to each id" in str(fault) and "missing" not in str(fault)
    assert report.fixed == GOOD
    file.write_text(file.read_text().replace("\n0,", "\n12,"))
    slipped = check(file, LABELS, SAMPLE)
    (warning,) = slipped.warnings
    assert slipped.valid and "one row further down" in warning


@pytest.mark.parametrize(
    ("change", "fixed"),
    [
        (("1,1", "1.0,1"), True),
        (("1,1", " 1,1"), True),
        (("1,1", "1,1.0"), True),
        (("1,1", "1, 1"), True),
        (("2,2", "2,dog"), False),
        (("2,2\n", ""), False),
        (("2,2", "2,"), False),
        (("2,2", "1,2"), False),
        (("2,2", "99,2"), False),
    ],
)
def test_only_what_is_sure_is_fixed(change: tuple[str, str], fixed: bool, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(GOOD.replace(*change, 1))
    report = check(file, LABELS, SAMPLE)
    assert not report.valid and (report.fixed == GOOD) == fixed and (fixed or not report.fixed)


def test_a_decimal_comma_is_fixed_where_it_can_be_no_thousand(tmp_path: Path) -> None:
    spec, file = FORMS["probability"], tmp_path / "mine.csv"
    sample = Sample(("Id", "Class"), ("1", "2"), size=20)
    for cell, value in (("0,25", "0.25"), ("1,234", "")):
        file.write_text(f'Id,Class\n1,"{cell}"\n2,0.5\n')
        report = check(file, spec, sample)
        assert report.fixed == (f"Id,Class\n1,{value}\n2,0.5\n" if value else "")


def test_two_classes_of_one_spelling_are_not_guessed(tmp_path: Path) -> None:
    spec, file = competition("accuracy", ("Ab", "aB")), tmp_path / "mine.csv"
    file.write_text("Id,Class\n1,AB\n")
    report = check(file, spec, Sample(("Id", "Class"), ("1",), size=20))
    assert not report.valid and report.fixed == ""


def test_other_capitals_in_the_header_are_a_warning(tmp_path: Path) -> None:
    """As Kaggle took `ImageId,label` in a public record."""
    file = tmp_path / "mine.csv"
    file.write_text(GOOD.replace("Class", "class"))
    report = check(file, LABELS, SAMPLE)
    (warning,) = report.warnings
    assert report.valid and "header is Id,class, not Id,Class" in warning
    assert report.fixed == report.text == GOOD
    twins = competition("rmse", targets=("y", "Y"))
    file.write_text("Id,Y,y\n1,1,2\n")
    assert not check(file, twins, Sample(("Id", "y", "Y"), ("1",), size=20)).valid


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel workbook (.xls)"),
        (b"PAR1 and so on", "Parquet"),
        (b"\x93NUMPY\x01", "NumPy"),
        (b"<!DOCTYPE html>", "web page"),
        (b"\xef\xbb\xbf\n<!doctype html>", "web page"),
        (b'[{"Id": 1}]', "JSON"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"ARROW1\0\0", "Feather"),
        (pickle.dumps({}, 2), "pickle"),
        (pickle.dumps({}, 5), "pickle"),
        (b"mine.csv" + bytes(249) + b"ustar", "tar archive"),
        (b"PK\x05\x06" + bytes(18), "a zip with nothing in it"),
    ],
)
def test_other_files_are_named(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(content)
    (fault,) = check(file, LABELS, SAMPLE).faults
    assert said in str(fault)


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ("xl/workbook.xml", "workbook (.xlsx)"),
        ("content.xml", "OpenDocument"),
        ("arr_0.npy", "NumPy arrays (.npz)"),
        ("archive/data.pkl", "PyTorch"),
        ("model.weights.h5", "Keras"),
        ("a", "a zip"),
    ],
)
def test_a_workbook_is_no_zip(member: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, "x")
    (fault,) = check(file, LABELS, SAMPLE).faults
    assert said in str(fault)
