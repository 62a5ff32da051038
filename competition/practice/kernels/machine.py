"""The machine of a practice Kaggle: runs what was pushed, in a folder and processes of its own."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from competition.practice.kernels import supervisor
from competition.practice.kernels.state import COMPLETE, ERROR, Version, Versions

_FAILS_AFTER = 1.0  # seconds, where a run is to fail
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True)
class Fate:
    """What is to become of a run.

    Attributes:
        queued: Seconds for which it waits.
        ends: How it ends in any case, soon after it began; empty for as it does.
    """

    queued: float = 0.0
    ends: str = ""


class Machine:
    """Runs versions of kernels, each as a process of its own.

    A run gets no credentials and nothing of this process's environment, and, on a Linux that can
    do that for it, no network. It could read what the user can read, which is why a practice
    Kaggle runs kernels only where it is asked to, for whoever has its key, on this machine.

    Args:
        folder: Gets a folder for each run.
        public: Where the files of the competition are.
        slug: The competition's.
        files: Their names.
        versions: Where it is recorded how runs stand.
    """

    def __init__(
        self, folder: Path, public: Path, slug: str, files: Iterable[str], versions: Versions
    ) -> None:
        self._folder, self._public, self._slug = folder, public, slug
        self._files = tuple(files)
        self._versions = versions
        self._processes: dict[tuple[str, int], subprocess.Popen[bytes]] = {}
        self._stopped = threading.Event()

    def start(self, version: Version, fate: Fate) -> None:
        """Have a version run, as soon as it leaves the queue."""
        threading.Thread(target=self._run, args=(version, fate), daemon=True).start()

    def stop(self) -> None:
        """End all runs."""
        self._stopped.set()
        for process in list(self._processes.values()):
            _end(process)

    def log_of(self, version: Version) -> Path:
        """Return the file of a run's log, a JSON object a line; it may not be there yet."""
        return self._place(version) / "log.jsonl"

    def outputs(self, version: Version) -> dict[str, Path]:
        """Return the files that a run left, by their names with folders, in order."""
        working = self._place(version) / "kaggle" / "working"
        found = sorted(path for path in working.rglob("*") if path.is_file())
        return {path.relative_to(working).as_posix(): path for path in found}

    def delete(self, version: Version) -> None:
        """Delete what a run left."""
        shutil.rmtree(self._place(version), ignore_errors=True)

    def _place(self, version: Version) -> Path:
        return self._folder / version.slug / f"v{version.version}"

    def _run(self, version: Version, fate: Fate) -> None:
        if self._stopped.wait(fate.queued):
            return
        place = self._place(version)
        script = self._laid_out(version, place)
        limit = min(version.seconds, _FAILS_AFTER) if fate.ends else version.seconds
        with self.log_of(version).open("w", encoding="utf-8") as file:
            log = _Log(file)
            process = _started(script, place / "kaggle" / "working", version.internet)
            self._processes[version.slug, version.version] = process
            self._versions.begin(version)
            threads = [log.follow(process.stdout, "stdout"), log.follow(process.stderr, "stderr")]
            late = _is_late(process, limit)
            for thread in threads:
                thread.join()
            if late and not fate.ends:
                log.write("stderr", f"The run was ended after {version.seconds:.0f} seconds.\n")
        del self._processes[version.slug, version.version]
        if self._stopped.is_set():
            return  # the next server over this folder calls it an error
        ended = COMPLETE if process.returncode == 0 and not late else ERROR
        self._versions.end(version, fate.ends or ended)

    def _laid_out(self, version: Version, place: Path) -> Path:
        """Make the folders of a run and return its script."""
        shutil.rmtree(place, ignore_errors=True)
        for name in ("source", "home", "kaggle/working", "kaggle/input/competitions"):
            (place / name).mkdir(parents=True)
        if self._slug in version.sources:
            mounted = place / "kaggle/input/competitions" / self._slug
            mounted.mkdir()
            for name in self._files:
                shutil.copyfile(self._public / name, mounted / name)
                (mounted / name).chmod(0o444)
        script = place / "source" / "script.py"
        script.write_text(_code_of(version), encoding="utf-8")
        return script


class _Log:
    """A run's log: JSON objects with stream, seconds since the start, and a line."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._began, self._lock = file, time.monotonic(), threading.Lock()

    def write(self, stream: str, data: str) -> None:
        """Add a line."""
        entry = {"stream_name": stream, "time": time.monotonic() - self._began, "data": data}
        with self._lock:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()

    def follow(self, pipe: IO[bytes] | None, stream: str) -> threading.Thread:
        """Add what comes out of a pipe, until it closes."""
        assert pipe is not None

        def pass_on() -> None:
            for line in pipe:
                self.write(stream, line.decode("utf-8", "replace"))

        thread = threading.Thread(target=pass_on, daemon=True)
        thread.start()
        return thread


def _code_of(version: Version) -> str:
    """Return the Python code of a script, or of a notebook's code cells."""
    if version.kind != "notebook":
        return version.source
    cells = json.loads(version.source).get("cells", [])
    code = ("".join(cell["source"]) for cell in cells if cell.get("cell_type") == "code")
    return "\n\n".join(code)


def _started(script: Path, working: Path, internet: bool) -> "subprocess.Popen[bytes]":
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    home = str(script.parents[1] / "home")
    return subprocess.Popen(
        [
            *(sys.executable, "-I", supervisor.__file__),
            *([] if internet else _without_network()),
            *(sys.executable, str(script)),
        ],
        cwd=working,
        env=kept | {"HOME": home, "KAGGLE_KERNEL_RUN_TYPE": "Batch", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _is_late(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Wait for a run, end it when its time is over, and tell whether that was so."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        process.wait()
        return True
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()


@cache
def _without_network() -> tuple[str, ...]:
    """Return what a command is put behind to have no network; nothing where there is no such."""
    behind = ("unshare", "--map-root-user", "--net")
    try:
        done = subprocess.run([*behind, "true"], capture_output=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return behind if done.returncode == 0 else ()
