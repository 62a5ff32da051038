"""Runs a command until it ends or nobody is left to wait for it; stands alone, started by path.

Whoever started it holds its stdin: when that closes, by intent or because the holder died, the
command's processes are killed.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def supervise(command: list[str]) -> int:
    """Return a command's exit status, after the last of its processes has ended."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)

    def end_with_holder() -> None:
        sys.stdin.buffer.read()
        kill()

    threading.Thread(target=end_with_holder, daemon=True).start()
    status = child.wait()
    kill()  # what it left running
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    ended = supervise(sys.argv[1:])
    sys.stdout.flush()
    os._exit(ended)  # a thread still waits for the holder
