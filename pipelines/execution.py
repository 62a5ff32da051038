"""Where fits run: local processes behind `concurrent.futures.Executor`."""

import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)
_FITS_PER_PROCESS = 40  # a process is then replaced, which returns what libraries leaked


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def local_executor(workers: int, threads: int) -> Iterator[Executor]:
    """Yield an executor of `workers` fresh processes with `threads` threads a fit.

    On leaving, whether by success or not, the processes are ended at once, running fits included:
    who wants a result waits for it inside the block. The processes also end by themselves when
    this one is killed, so that a killed run leaves nothing behind.
    """
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_prepare_worker,
        initargs=(threads,),
        max_tasks_per_child=_FITS_PER_PROCESS,
    )
    try:
        yield pool
    finally:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()


def _prepare_worker(threads: int) -> None:
    """Set a worker up before it imports anything that counts threads."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinator's to handle
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(threads)))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # How many steps L-BFGS takes is a parameter that tuning chooses, so stopping early is no news.
    warnings.filterwarnings("ignore", message=".*failed to converge.*")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import cv2

    cv2.setNumThreads(threads)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
