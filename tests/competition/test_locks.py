"""Locks between processes: waited for, freed by a kill, and honest where there are none."""

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from competition.errors import PodiumError
from competition.locks import LockHeld, locked

Hold = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "a.lock"


@pytest.fixture
def hold(place: Path) -> Iterator[Hold]:
    """Start processes that hold the lock until they are killed."""
    started: list[subprocess.Popen[str]] = []
    program = (
        "import sys, time; from pathlib import Path\n"
        "from competition.locks import locked\n"
        "with locked(Path(sys.argv[1])):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )

    def begin() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(place)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_a_free_lock_is_not_waited_for(place: Path) -> None:
    for _ in range(2):
        with locked(place, patience=0) as waited:
            assert not waited


def test_another_process_is_told_of_and_its_kill_frees_the_lock(place: Path, hold: Hold) -> None:
    process = hold()
    with pytest.raises(LockHeld, match="Another process is at work"), locked(place, patience=0):
        pass
    with pytest.raises(LockHeld), locked(place, patience=0.3):
        pass
    told: list[str] = []
    threading.Timer(0.5, process.kill).start()
    with locked(place, patience=30, waiting=lambda: told.append("waiting")) as waited:
        assert waited
    assert told == ["waiting"]


def test_threads_exclude_each_other_too(place: Path) -> None:
    with locked(place):
        refused: list[BaseException] = []

        def attempt() -> None:
            try:
                with locked(place, patience=0):
                    pass
            except LockHeld as error:
                refused.append(error)

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    assert len(refused) == 1


@pytest.mark.parametrize(
    "error",
    [
        NotImplementedError("flock"),
        OSError(errno.ENOSYS, "Function not implemented"),
        OSError(errno.ENOLCK, "No locks available"),
        OSError(errno.EOPNOTSUPP, "Operation not supported"),
    ],
)
def test_a_file_system_without_locks_is_a_sentence_and_nobody_is_accused(
    place: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("competition.locks.FileLock.acquire", refuse)
    with pytest.raises(PodiumError, match="has no locks") as caught, locked(place):
        pass
    assert not isinstance(caught.value, LockHeld)
    assert "Another" not in str(caught.value)


def test_no_lock_that_would_outlive_a_kill_stands_in(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system itself says that it has no locks: nothing is locked by a file's mere presence."""
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(PodiumError, match="has no locks"), locked(place, patience=0):
        pass


def test_an_error_inside_frees_the_lock(place: Path) -> None:
    with pytest.raises(ValueError), locked(place):
        raise ValueError
    with locked(place, patience=0):
        pass
