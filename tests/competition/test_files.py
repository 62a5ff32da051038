"""Files and folders appear whole or not at all, and what killed processes left goes away."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from competition.errors import InfrastructureError
from competition.files import (
    DiskFailed,
    atomic_folder,
    atomic_path,
    explained_os_errors,
    remove_abandoned,
    temporary_path,
)


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_file_appears_when_its_block_succeeds(tmp_path: Path) -> None:
    final = tmp_path / "new" / "a.txt"
    with atomic_path(final) as path:
        path.write_text("whole")
        assert not final.exists()
    assert final.read_text() == "whole"
    with pytest.raises(RuntimeError), atomic_path(final) as path:
        path.write_text("half")
        raise RuntimeError
    assert final.read_text() == "whole"
    assert names(final.parent) == ["a.txt"]


def test_a_folder_appears_when_its_block_succeeds(tmp_path: Path) -> None:
    final = tmp_path / "new" / "blend"
    with atomic_folder(final) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "a.txt").write_text("whole")
        assert not final.exists()
    assert (final / "inner" / "a.txt").read_text() == "whole"
    with pytest.raises(RuntimeError), atomic_folder(final) as folder:
        (folder / "b.txt").write_text("half")
        raise RuntimeError
    assert names(final) == ["inner"]
    with atomic_folder(final) as folder:
        (folder / "c.txt").write_text("newer")
    assert names(final) == ["c.txt"]
    assert names(final.parent) == ["blend"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def killed(place: Path) -> int:
    """A process that was killed while it wrote a file and a folder; its number."""
    program = (
        "import sys, time; from pathlib import Path\n"
        "from competition.files import atomic_folder, temporary_path\n"
        "here = Path(sys.argv[1])\n"
        "with temporary_path(here, 'a') as path, atomic_folder(here / 'b') as folder:\n"
        "    (folder / 'c').write_text('half'); print('ready', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(place)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    process.stdout.readline()
    remove_abandoned(place)
    assert len(names(place)) == 2  # it lives, so it keeps its own
    process.kill()
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    return process.pid


def test_what_a_killed_process_left_is_removed_and_nothing_else(place: Path, killed: int) -> None:
    (place / "kept").touch()
    left = [path for path in place.glob(".*.part") if str(killed) in path.name]
    with temporary_path(place, "mine") as mine:
        assert names(place) == [mine.name, "kept"]
        remove_abandoned(place)
        assert mine.exists()
    assert names(place) == ["kept"]
    assert len(left) == 2


@pytest.mark.parametrize("name", [".a.1@elsewhere.xyz.part", ".older-form.part", ".a@b.part"])
def test_what_another_machine_left_is_removed_after_a_day(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    remove_abandoned(tmp_path)
    assert path.exists()
    yesterday = time.time() - 90_000
    os.utime(path, (yesterday, yesterday))
    remove_abandoned(tmp_path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "The disk is full: a.txt could not be written in"),
        (errno.EFBIG, "ulimit -f"),
        (errno.EROFS, "cannot be written .* fix its permissions"),
        (errno.EIO, "The disk of .* failed"),
    ],
)
def test_errors_of_the_disk_are_sentences_that_end_a_run(number: int, words: str) -> None:
    with pytest.raises(DiskFailed, match=words) as caught, explained_os_errors(Path("x/a.txt")):
        raise OSError(number, os.strerror(number))
    assert isinstance(caught.value, InfrastructureError)


def test_other_errors_of_the_system_are_left_as_they_are() -> None:
    with pytest.raises(FileNotFoundError), explained_os_errors(Path("x/a.txt")):
        Path("nowhere/at/all").read_text()


def test_a_file_where_a_folder_should_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for inside in ("file/a.txt", "file/deeper/a.txt"):
        with pytest.raises(DiskFailed, match="cannot be written"), atomic_path(tmp_path / inside):
            pass
        with pytest.raises(DiskFailed, match="cannot be written"), atomic_folder(tmp_path / inside):
            pass


def test_nothing_here_needs_the_locks_of_one_system() -> None:
    program = (
        "import sys; sys.modules['fcntl'] = None\n"
        "import competition.files, competition.locks, competition.kaggle.download"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
