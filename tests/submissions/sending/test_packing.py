"""A zip on the way changes nothing: not the score, and not that a content goes exactly once."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from competition.errors import PodiumError
from competition.kaggle.client import OutcomeUnknown
from competition.practice.serving.state import State
from submissions.sending.packing import LARGE, Packing
from submissions.sending.submitter import AlreadySubmitted
from tests.submissions.conftest import Desk


def test_large_files_are_packed_where_nothing_is_said(tmp_path: Path) -> None:
    assert not Packing(tmp_path).packs(LARGE - 1) and Packing(tmp_path).packs(LARGE)
    assert Packing(tmp_path, True).packs(1) and not Packing(tmp_path, False).packs(LARGE)


def test_what_cannot_be_packed_is_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(PodiumError, match="cannot be packed"),
        Packing(tmp_path).packed(tmp_path / "none.csv"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_zip_is_scored_as_its_file_is(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk()
    file = desk.file(41, "caf\udce9 1.csv")
    said = desk.run("submit", file, "--zip")
    assert said.returncode == 0, said.stderr
    assert "It is packed: 0.0 of 0.0 MB" in said.stderr
    (entry,) = desk.client.submissions()
    assert entry.file_name.endswith("1.csv.zip") and entry.status == "complete"
    kept = State(desk.practice.spec_path.parent).submitted_path(entry.ref)
    assert kept is not None
    with zipfile.ZipFile(io.BytesIO(kept.read_bytes())) as archive:
        assert [archive.read(name) for name in archive.namelist()] == [file.read_bytes()]
    for option in ("--zip", "--no-zip"):
        assert "was submitted on" in desk.run("submit", file, option).stderr
    again = desk.submit(file, again=True, zipped=False).submission
    assert again.public_score == entry.public_score
    assert not list((desk.workspace.runs / "submissions").rglob("*.part"))


@pytest.mark.parametrize("fate", ["", ",alter-description=2*9", ",cut-description=25*9"])
def test_a_lost_reply_to_a_zip_is_found_again(fate: str, own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults=f"lose-reply{fate}")
    file = desk.file(42)
    assert desk.submit(file, zipped=True).submission.status == "complete"
    assert len(desk.client.submissions()) == 1
    with pytest.raises(AlreadySubmitted):
        desk.at(database_url=f"sqlite:///{desk.folder / 'new.db'}").submit(file)


def test_a_zip_without_its_marker_is_a_doubt(own_desk: Callable[..., Desk]) -> None:
    """The list shows the zip's name and size, which are not the file's."""
    desk = own_desk(faults="lose-reply,cut-description=0")
    file = desk.file(43)
    for zipped in (True, False, None):
        with pytest.raises(OutcomeUnknown, match=r"submission 1 in its list, mine.csv.zip"):
            desk.submit(file, zipped=zipped)
    assert len(desk.client.submissions()) == 1


def test_the_queue_packs_too(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk()
    assert desk.run("queue", "add", desk.file(44)).returncode == 0
    assert desk.run("submit", "--from-queue", "--zip").returncode == 0
    assert [one.file_name for one in desk.client.submissions()] == ["mine.csv.zip"]
