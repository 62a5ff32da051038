"""The log of a run: a file of JSON objects, one a line, written as the run speaks."""

import json
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self


class Log:
    """Keeps what a run says: each line with its stream and the seconds since the start.

    A context manager; what comes after the block is lost.

    Args:
        path: The file; what it held is lost.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._began, self._lock = time.monotonic(), threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._file.close()

    def write(self, stream: str, data: str) -> None:
        """Add a line."""
        entry = {"stream_name": stream, "time": time.monotonic() - self._began, "data": data}
        with self._lock:
            if not self._file.closed:
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


def read_log(path: Path, start: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Return what a log says so far, and how many bytes that is; nothing where there is no file.

    Args:
        path: The file, which may grow meanwhile.
        start: How many bytes were read already.
    """
    if not path.is_file():
        return [], start
    with path.open("rb") as file:
        file.seek(start)
        whole, newline, _ = file.read().rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()], start + len(whole + newline)
