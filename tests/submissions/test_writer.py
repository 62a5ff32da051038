import csv
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from competition import Competition, PodiumError, load_competition
from competition.problem.checks import check
from competition.problem.sample import SampleSubmission, read_sample
from submissions.writer import fingerprint_of, labels_of, submission_text, write_submission


def test_ties_go_to_the_lowest_class() -> None:
    probabilities = np.array([[0.2, 0.4, 0.4], [0.5, 0.0, 0.5], [0.1, 0.2, 0.7]])
    assert labels_of(probabilities).tolist() == [1, 0, 2]


@pytest.mark.parametrize("bad", [np.zeros(3), np.array([[0.5, np.nan]]), np.array([[np.inf, 0]])])
def test_what_are_no_probabilities_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(PodiumError, match="make blend"):
        labels_of(bad)


@given(labels=st.lists(st.integers(0, 4), min_size=8, max_size=8))
def test_any_csv_reader_reads_back_what_was_written(
    labels: list[int], awkward: Competition, awkward_sample: SampleSubmission
) -> None:
    text = submission_text(np.array(labels), awkward, awkward_sample)
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Id", "Class"]
    assert [row[0] for row in rows[1:]] == list(awkward_sample.ids)
    assert [awkward.classes.index(row[1]) for row in rows[1:]] == labels


def test_the_file_is_named_by_time_and_content(
    awkward: Competition, awkward_sample: SampleSubmission
) -> None:
    labels = np.arange(8) % 5
    path = write_submission(labels, awkward, awkward_sample)
    report = check(path, awkward, awkward_sample)
    assert report.valid
    assert re.fullmatch(rf"\d{{8}}T\d{{6}}Z-{report.sha256[:8]}\.csv", path.name)
    assert report.fingerprint == report.sha256[:12]
    assert report.labels is not None and report.labels.tolist() == labels.tolist()


def test_the_same_content_is_not_written_twice(
    awkward: Competition, awkward_sample: SampleSubmission
) -> None:
    labels = np.zeros(8, dtype=int)
    assert write_submission(labels, awkward, awkward_sample) == write_submission(
        labels, awkward, awkward_sample
    )
    other = write_submission(labels + 1, awkward, awkward_sample)
    assert len(list(other.parent.iterdir())) == 2


@pytest.mark.parametrize("labels", [np.zeros(7, int), np.full(8, 5), np.full(8, -1)])
def test_labels_that_do_not_fit_the_sample_leave_no_file(
    labels: np.ndarray, awkward: Competition, awkward_sample: SampleSubmission, tmp_path: Path
) -> None:
    with pytest.raises(PodiumError, match="make blend"):
        write_submission(labels, awkward, awkward_sample)
    assert not (tmp_path / "runs").exists()


def test_line_ends_quotes_and_order_do_not_change_the_content(
    awkward: Competition, awkward_sample: SampleSubmission, tmp_path: Path
) -> None:
    text = submission_text(np.arange(8) % 5, awkward, awkward_sample)
    header, *rows = text.splitlines()
    file = tmp_path / "other.csv"
    file.write_bytes("\r\n".join(['"Id","Class"', *reversed(rows)]).encode())
    report = check(file, awkward, awkward_sample)
    assert report.valid and header == "Id,Class"
    assert report.fingerprint == fingerprint_of(text)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "is missing"),
        (b"", "line 1"),
        (b"Id,Label\n1,0\n", "line 1"),
        (b"Id,Class\n1,0,0\n", "line 2"),
        (b"Id,Class\n1,0\n1,0\n", "all different"),
        (b"Id,Class\n1,0\n", "1 ids, not 8"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_broken_sample_sends_to_make_download(
    content: bytes | None, reason: str, awkward: Competition, tmp_path: Path
) -> None:
    path = tmp_path / "sample.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PodiumError, match=reason) as error:
        read_sample(awkward, path)
    assert "make download" in str(error.value)


@pytest.mark.slow
def test_a_million_rows(tmp_path: Path) -> None:
    rows = 1_000_000
    competition = replace(load_competition("digit-recognizer"), test_rows=rows)
    path = tmp_path / "sample.csv"
    path.write_text("ImageId,Label\n" + "".join(f"{i},0\n" for i in range(1, rows + 1)))
    sample = read_sample(competition, path)
    labels = np.random.default_rng(0).integers(0, 10, rows)
    report = check(write_submission(labels, competition, sample), competition, sample)
    assert report.valid and report.rows == rows


def test_a_sample_that_kaggle_packed_alone_is_read_too(
    awkward: Competition, awkward_sample: SampleSubmission, tmp_path: Path
) -> None:
    text = submission_text(np.zeros(8, int), awkward, awkward_sample)
    with zipfile.ZipFile(tmp_path / "sample.csv.zip", "w") as archive:
        archive.writestr("sample.csv", text.encode("utf-8-sig"))
    read = read_sample(awkward, tmp_path / "sample.csv")
    assert (read.ids, read.size) == (awkward_sample.ids, len(text.encode()))
