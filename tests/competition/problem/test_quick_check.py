"""Most files are read by a quick way, which may never call lawful what the plain rules do not."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from competition import Competition
from competition.problem.sample import SampleSubmission, read_sample
from submissions import checks
from tests.competition.problem.test_checks import lawful

GOOD = b"Id,Class\n1,0\n2,1\n3,3\n10,cat\n"
PIECES = (b"", b"1", b"2", b"0", b"cat", b",", b"\n", b"\r\n", b"\r", b" ", b'"', b"\xef\xbb\xbf")


@pytest.fixture(scope="module")
def plain(awkward: Competition) -> Competition:
    return replace(awkward, classes=("0", "1", "2", "3", "cat"), test_rows=4)


@pytest.fixture(scope="module")
def plain_sample(plain: Competition, tmp_path_factory: pytest.TempPathFactory) -> SampleSubmission:
    path: Path = tmp_path_factory.mktemp("plain") / "sample_submission.csv"
    path.write_bytes(b"Id,Class\n1,0\n2,0\n3,0\n10,0\n")
    return read_sample(plain, path)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A file that the quick way reads, with commas and line ends moved about."""
    data = GOOD.replace(b"\n", draw(st.sampled_from([b"\n", b"\r\n"])))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 3)))
        data = data[:start] + draw(st.sampled_from(PIECES)) + data[end:]
    return data


@pytest.fixture(scope="module")
def slow_readings() -> Iterator[list[bytes]]:
    """Hear of every file that the quick way leaves to the parser."""
    heard: list[bytes] = []
    lines_of = checks.Parser.lines_of

    def listening(self: checks.Parser, data: bytes) -> list[str]:
        heard.append(data)
        return lines_of(self, data)

    with patch.object(checks.Parser, "lines_of", listening):
        yield heard


@settings(max_examples=int(os.environ.get("PODIUM_TEST_CSVS", "400")), deadline=None)
@given(data=damaged())
def test_the_quick_way_and_the_plain_rules_agree(
    data: bytes,
    plain: Competition,
    plain_sample: SampleSubmission,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.getbasetemp() / "quick.csv"
    file.write_bytes(data)
    report = checks.check(file, plain, plain_sample)
    assert report.valid == lawful(data, plain, plain_sample), report.fault_lines()


@pytest.mark.parametrize("data", [GOOD, GOOD.replace(b"\n", b"\r\n"), GOOD[:-1]])
def test_usual_files_go_the_quick_way(
    data: bytes,
    plain: Competition,
    plain_sample: SampleSubmission,
    slow_readings: list[bytes],
    tmp_path: Path,
) -> None:
    file = tmp_path / "quick.csv"
    file.write_bytes(data)
    report = checks.check(file, plain, plain_sample)
    assert report.valid and report.rows == 4 and data not in slow_readings
    assert report.labels is not None and report.labels.tolist() == [0, 1, 3, 4]


@pytest.mark.parametrize(
    "data",
    [
        b"Id,Class\n1,0,2,1\n3,3\n10,cat\n",  # two rows in one line: the commas alone would do
        b"Id,Class\n1\n0,2,1\n3,3\n10,cat\n",
        b"Id,Class,1,0,2,1,3,3,10,cat\n",
        GOOD + b"\n",
        b"Id,Class\n2,1\n1,0\n3,3\n10,3.0\n",
    ],
)
def test_what_only_looks_alike_is_no_lawful_file(
    data: bytes, plain: Competition, plain_sample: SampleSubmission, tmp_path: Path
) -> None:
    file = tmp_path / "quick.csv"
    file.write_bytes(data)
    assert not checks.check(file, plain, plain_sample).valid
