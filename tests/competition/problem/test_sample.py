"""The sample submission is read strictly, and a broken one is told in a sentence."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from competition.errors import PodiumError
from competition.problem.form import Form
from competition.problem.sample import read_sample, read_sample_ids
from competition.problem.text.ids import whole_numbers
from tests.competition.problem.cases import FORMS, IDS, LABELS

TEXT = 'Id,Class\r\n1,0\r\n2,0\r\n3,0\r\n10,0\r\na b,0\r\n"say ""a""",0\r\n"x,y",0\r\nü,0\r\n'


def test_ids_are_read_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / LABELS.sample_file).write_bytes(TEXT.encode())
    sample = read_sample(LABELS, tmp_path)
    assert (sample.header, sample.ids) == (("Id", "Class"), IDS)
    assert sample.size == len(TEXT.encode())
    assert sample.fields[5:7] == ('"say ""a"""', '"x,y"')
    assert sample.positions["ü"] == 7


def test_one_that_kaggle_packed_alone_is_read_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / f"{LABELS.sample_file}.zip", "w") as archive:
        archive.writestr("sample.csv", TEXT.encode("utf-8-sig"))
    assert read_sample(LABELS, tmp_path).ids == IDS


def test_target_columns_keep_the_samples_order(tmp_path: Path) -> None:
    spec = replace(FORMS["values"], test_rows=1)
    (tmp_path / spec.sample_file).write_text("Id,y,x\n7,0,0\n")
    assert read_sample(spec, tmp_path).header == ("Id", "y", "x")


@pytest.mark.parametrize(
    "content",
    [
        '"","Id","Class"\n"1","a b",0\n"2","7",0\n',  # as R writes row names
        "Unnamed: 0,Id,Class\n0,a b,0\n1,7,0\n",
        "Id;Class\na b;0\n7;0\n",
        '"";"Id";"Class"\n"1";"a b";0\n"2";"7";0\n',
        'Id\tClass\r\n"a b"\t0,5\r\n7\t0\r\n',
    ],
)
def test_a_nameless_index_and_other_separators_are_left_out(content: str, tmp_path: Path) -> None:
    (tmp_path / LABELS.sample_file).write_text(content)
    sample = read_sample(replace(LABELS, test_rows=2), tmp_path)
    assert (sample.header, sample.ids) == (("Id", "Class"), ("a b", "7"))


def test_blanks_around_names_are_written_as_the_sample_has_them(tmp_path: Path) -> None:
    spec = replace(FORMS["value"], test_rows=1)
    (tmp_path / spec.sample_file).write_text("Id , Price\n7,0\n")
    sample = read_sample(spec, tmp_path)
    form = Form.of(spec)
    written = form.render(np.array([[2.5]]), sample)
    assert written == "Id , Price\n7,2.5\n"
    parsed = form.parse(written.encode(), sample)
    assert (parsed.faults, parsed.answers.tolist()) == ((), [[2.5]])


def test_an_id_without_a_name_is_submitted_without_one(tmp_path: Path) -> None:
    spec = replace(LABELS, id_column="unnamed", test_rows=1)
    (tmp_path / spec.sample_file).write_text(",Class\n7,0\n")
    assert read_sample(spec, tmp_path).header == ("", "Class")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "is not there"),
        (b"", "line 1"),
        (b"Id,Label\n1,0\n", "line 1"),
        (b"Class,Id\n1,0\n", "line 1"),
        (b"Id,Class\n1,0,0\n", "line 2"),
        (b"Id,Class\n1,0\n\n2,0\n", "line 3"),
        (b'Id,Class\n"1,0\n', "line 2"),
        (b"Id,Class\n1,0\r2,0\n", "carriage return"),
        (b"Id,Class\n1,0\n1,0\n", "all different"),
        (b"Id,Class\n,0\n", "none of them blank"),
        (b"Id,Class\n1,0\n", "1 ids, not 8"),
        (b"\xff\xfe", "not UTF-8"),
        (b"Id,Class\n1\0,0\n", "NUL character"),
    ],
)
def test_a_broken_sample_is_a_sentence(content: bytes | None, reason: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / LABELS.sample_file).write_bytes(content)
    with pytest.raises(PodiumError, match=reason) as error:
        read_sample(LABELS, tmp_path)
    assert LABELS.sample_file in str(error.value)


IDS_OF_ANY_KIND = st.lists(
    st.text("0123456789ab -ü", min_size=1, max_size=70) | st.integers(0, 10**20).map(str),
    min_size=1,
    max_size=8,
    unique=True,
)


@given(IDS_OF_ANY_KIND, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_ids_read_at_once_are_those_read_line_by_line(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str], end: str, whole: bool, index: bool
) -> None:
    folder = tmp_path_factory.mktemp("sample")
    lines = ["Id,Class", *(f"{each},0" for each in ids)]
    if index:
        lines = [f"{row or ''},{line}" for row, line in enumerate(lines)]
    content = end.join(lines) + (end if whole else "")
    (folder / LABELS.sample_file).write_bytes(content.encode())
    spec = replace(LABELS, test_rows=len(ids))
    assert read_sample(spec, folder).ids == tuple(ids)
    assert read_sample_ids(spec, folder).tolist() == ids


@given(st.lists(st.integers(0, 10**20), min_size=1).map(lambda all_: list(map(str, all_))))
def test_ids_of_digits_are_numbers(ids: list[str]) -> None:
    found = whole_numbers(np.array(ids))
    assert found is None if max(map(len, ids)) > 18 else found.tolist() == list(map(int, ids))
    assert whole_numbers(np.array([*ids, "a"])) is None
    assert whole_numbers(np.array([*ids, ""])) is None
