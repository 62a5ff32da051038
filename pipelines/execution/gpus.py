"""Which GPUs there are, and one for each process that fits on them."""

import os
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

VARIABLE = "CUDA_VISIBLE_DEVICES"
_SECONDS = 30.0  # for which the driver is waited for

_held: list[FileLock] = []


def gpus() -> tuple[str, ...]:
    """Return the names of the NVIDIA GPUs that this process may use, as CUDA numbers them.

    Those are what `CUDA_VISIBLE_DEVICES` names, or all that the driver lists; none without one.
    """
    given = os.environ.get(VARIABLE)
    if given is not None:
        return tuple(name for each in given.split(",") if (name := each.strip()) not in ("", "-1"))
    return tuple(map(str, range(_listed())))


@cache
def _listed() -> int:
    """Return how many GPUs the driver lists, without loading a library that would take one."""
    try:
        done = subprocess.run(
            ["nvidia-smi", "--list-gpus"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    if done.returncode != 0:
        return 0
    return sum(line.startswith("GPU ") for line in done.stdout.splitlines())


def claim_gpu(names: tuple[str, ...], folder: Path) -> None:
    """Have this process see one of several GPUs alone, the first that no other process has.

    It is to be called before a library looks for GPUs. The claim ends with the process, however
    that ends; a process beyond as many as there are GPUs sees all of them.

    Args:
        names: Of the GPUs.
        folder: That the processes share.
    """
    for name in names:
        lock = FileLock(folder / f"gpu-{name.replace('/', '_')}.lock")
        with suppress(Timeout):
            lock.acquire(timeout=0)
            _held.append(lock)
            os.environ[VARIABLE] = name
            return
