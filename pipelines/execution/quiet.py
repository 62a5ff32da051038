"""Silence where a library chatters as it is loaded."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_native_stderr() -> Iterator[None]:
    """Hide what native code writes to stderr meanwhile.

    TensorFlow greets before it reads the variables that would quiet it. A failing import still
    raises, and Python's own stderr is the caller's again by then.
    """
    saved = os.dup(2)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (a device, not a path)
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
