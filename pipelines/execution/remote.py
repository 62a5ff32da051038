"""What a worker of a cluster runs: it imports Podium by its own copy of the code."""

import os
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from competition.data.dataset import Dataset
from competition.spec import Competition
from pipelines.execution.threads import cores, settle_threads


def run_here(
    fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], data: Dataset | None
) -> bytes:
    """Call a function in this worker, with the data at hand that was sent to it.

    The result is pickled here: of one that cannot be, Dask would try to fetch it again and again.

    Args:
        fn: What to call.
        args: Its arguments.
        kwargs: More of them.
        data: Arrays for fits to use; None where they are to be mapped from this machine's disk.
    """
    _settle_once()
    if data is not None:
        from pipelines.search.fit import use_dataset

        use_dataset(data)
    return pickle.dumps(fn(*args, **kwargs))


def has_data(competition: Competition, folder: Path, rows: int | None, fingerprint: str) -> bool:
    """Say whether this machine's disk holds the data of that fingerprint."""
    from competition.data.subset import load_subset
    from competition.errors import PodiumError

    try:
        return load_subset(competition, folder, rows).fingerprint == fingerprint
    except PodiumError:
        return False


@cache
def _settle_once() -> None:
    """Share the cores among the fits that this worker runs at once, where nobody has done so."""
    from distributed import get_worker

    at_once = get_worker().state.nthreads
    threads = int(os.environ.get("OMP_NUM_THREADS") or max(1, cores() // at_once))
    settle_threads(threads)
