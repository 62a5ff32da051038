"""The machine of a practice Kaggle: runs what was pushed, in a folder and processes of its own."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from competition.practice.kernels import supervisor
from competition.practice.kernels.log import Log
from competition.practice.kernels.state import COMPLETE, ERROR, Version, Versions

_FAILS_AFTER = 1.0  # seconds, where a run is to fail
_LAST_WORDS = 1.0  # seconds for which a pipe may stay open after its run, as by what it left
_LOOK = 0.05  # seconds between two looks at a run
_PATIENCE = 10.0  # seconds for which the end of a run is waited for
_AS_NOTEBOOK = "import sys; exec(compile(open(sys.argv[1]).read(), sys.argv[1], 'exec'))"
_LOG = "log.jsonl"
_RERUNS = ".reruns"  # a folder beside those of kernels, whose slugs have no dot
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


@dataclass
class _Run:
    """A run that waits or runs, until `ending` is set or it ends by itself."""

    ending: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


class Machine:
    """Runs versions of kernels, each as a process of its own.

    A run gets no credentials and nothing of this process's environment, and, on a Linux that can
    do that for it, no network. It could read what the user can read, which is why a practice
    Kaggle runs kernels only where it is asked to, for whoever has its key, on this machine.

    Attributes:
        stopped: Whether its runs were ended for good.

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
        # Runs have a working folder of their own, from which no relative path leads here.
        self._folder, self._public, self._slug = folder.resolve(), public.resolve(), slug
        self._files = tuple(files)
        self._versions = versions
        self._runs: dict[Hashable, _Run] = {}
        self.stopped = False

    def start(self, version: Version, fate: Fate) -> None:
        """Have a version run, as soon as it leaves the queue."""
        run = self._runs[version.slug, version.version] = _Run()
        if self.stopped:
            run.ending.set()
        threading.Thread(target=self._run, args=(version, fate, run), daemon=True).start()

    def rerun(
        self, version: Version, number: int, files: Path, then: Callable[[Path | None], None]
    ) -> None:
        """Have a version run once more, on other files, as a submission of it does.

        Args:
            version: One whose run is complete.
            number: Of the submission.
            files: Where the competition's files for it are.
            then: Gets the folder with what it left; None where it failed. It is not called where
                the machine stops before.
        """
        run = self._runs[number] = _Run()
        if self.stopped:
            run.ending.set()
        arguments = (version, number, files, then, run)
        threading.Thread(target=self._rerun, args=arguments, daemon=True).start()

    def stop(self) -> None:
        """End all runs, and start no further one."""
        self.stopped = True
        for run in list(self._runs.values()):
            run.ending.set()

    def log_of(self, version: Version) -> Path:
        """Return the file of a run's log, a JSON object a line; it may not be there yet."""
        return self._place(version) / _LOG

    def outputs(self, version: Version) -> dict[str, Path]:
        """Return the files that a run left, by their names with folders, in order."""
        working = self._place(version) / "kaggle" / "working"
        found = sorted(path for path in working.rglob("*") if path.is_file())
        return {path.relative_to(working).as_posix(): path for path in found}

    def delete(self, version: Version) -> None:
        """End a run where it waits or runs, and delete what it left."""
        run = self._runs.get((version.slug, version.version))
        if run is not None:
            run.ending.set()
            run.ended.wait(_PATIENCE)
        shutil.rmtree(self._place(version), ignore_errors=True)

    def _place(self, version: Version) -> Path:
        return self._folder / version.slug / f"v{version.version}"

    def _run(self, version: Version, fate: Fate, run: _Run) -> None:
        try:
            if not run.ending.wait(fate.queued):
                status = self._outcome(version, fate, run)
                # One that was made to end is deleted, or the next server calls it an error.
                if not run.ending.is_set():
                    self._versions.end(version, status)
        except OSError:  # a full disk, or a name that is too long for it
            self._versions.end(version, ERROR)
        finally:
            del self._runs[version.slug, version.version]
            run.ended.set()

    def _rerun(
        self,
        version: Version,
        number: int,
        files: Path,
        then: Callable[[Path | None], None],
        run: _Run,
    ) -> None:
        place = self._folder / _RERUNS / str(number)
        left: Path | None = place / "kaggle" / "working"
        try:
            if self._ended(version, "", run, place, files, again=True) != COMPLETE:
                left = None
        except OSError:
            left = None
        finally:
            del self._runs[number]
            run.ended.set()
        if not run.ending.is_set():
            then(left)
        shutil.rmtree(place, ignore_errors=True)

    def _outcome(self, version: Version, fate: Fate, run: _Run) -> str:
        return self._ended(version, fate.ends, run, self._place(version), self._public)

    def _ended(
        self,
        version: Version,
        ends: str,
        run: _Run,
        place: Path,
        files: Path,
        *,
        again: bool = False,
    ) -> str:
        """Carry a run out and return how it ended."""
        script = self._laid_out(version, place, files)
        limit = min(version.seconds, _FAILS_AFTER) if ends else version.seconds
        with Log(place / _LOG) as log:
            command = [sys.executable, *_options(version), str(script)]
            process = _started(command, place, version.internet, again)
            if not again:
                self._versions.begin(version)
            threads = [log.follow(process.stdout, "stdout"), log.follow(process.stderr, "stderr")]
            late = _is_ended_early(process, limit, run.ending)
            for thread in threads:
                thread.join(_LAST_WORDS)
            if late and not ends:
                log.write("stderr", f"The run was ended after {version.seconds:.0f} seconds.\n")
        return ends or (COMPLETE if process.returncode == 0 and not late else ERROR)

    def _laid_out(self, version: Version, place: Path, files: Path) -> Path:
        """Make the folders of a run and return its script."""
        shutil.rmtree(place, ignore_errors=True)
        for name in ("source", "home", "kaggle/working", "kaggle/input/competitions"):
            (place / name).mkdir(parents=True)
        if self._slug in version.sources:
            mounted = place / "kaggle/input/competitions" / self._slug
            mounted.mkdir()
            for name in self._files:
                shutil.copyfile(files / name, mounted / name)
                (mounted / name).chmod(0o444)
        script = place / "source" / "script.py"
        script.write_text(_code_of(version), encoding="utf-8")
        return script


def _code_of(version: Version) -> str:
    """Return the Python code of a script, or of a notebook's code cells.

    What is no notebook becomes code that says so and fails, as its run does on Kaggle.
    """
    if version.kind != "notebook":
        return version.source
    try:
        cells = json.loads(version.source)["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, LookupError, TypeError) as error:
        return f"raise SystemExit({f'The notebook cannot be read: {error!r}'!r})"
    return "\n\n".join(code)


def _options(version: Version) -> tuple[str, ...]:
    """Return what lets a notebook's code run as in a notebook: processes do not import it again."""
    return ("-c", _AS_NOTEBOOK) if version.kind == "notebook" else ()


def _started(
    command: list[str], place: Path, internet: bool, again: bool
) -> "subprocess.Popen[bytes]":
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    if again:
        kept["KAGGLE_IS_COMPETITION_RERUN"] = "1"
    return subprocess.Popen(
        [
            *(sys.executable, "-I", supervisor.__file__),
            *([] if internet else _without_network()),
            *command,
        ],
        cwd=place / "kaggle" / "working",
        env=kept
        | {"HOME": str(place / "home"), "KAGGLE_KERNEL_RUN_TYPE": "Batch", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _is_ended_early(
    process: "subprocess.Popen[bytes]", seconds: float, ending: threading.Event
) -> bool:
    """Wait for a run, end it when its time is over or it is to end, and tell whether it was."""
    assert process.stdin is not None
    until = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() >= until or ending.wait(_LOOK):
            process.stdin.close()  # so its supervisor ends it
            process.wait()
            return True
    return False


@cache
def _without_network() -> tuple[str, ...]:
    """Return what a command is put behind to have no network; nothing where there is no such."""
    behind = ("unshare", "--map-root-user", "--net")
    try:
        done = subprocess.run([*behind, "true"], capture_output=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return behind if done.returncode == 0 else ()
