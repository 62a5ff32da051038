"""How many threads a fit may use: threads per fit × concurrent fits = cores."""

import os
import warnings
from contextlib import suppress

_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)


def cores() -> int:
    """Return how many processors this process may use.

    That is the least of those of the machine, those that it was bound to, and, rounded up, those
    that a container's quota of processor time comes to; `LOKY_MAX_CPU_COUNT` lowers it.
    """
    import joblib

    return int(joblib.cpu_count())


def threads() -> int:
    """Return how many threads a fit in this process may use: `OMP_NUM_THREADS`, or the cores."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) else cores()


def thread_variables(threads: int) -> dict[str, str]:
    """Return the environment that a worker must start with, so that no library takes more.

    BLAS, OpenMP (XGBoost and faiss among its users) and TensorFlow read it when they are loaded.
    """
    return dict.fromkeys(_VARIABLES, str(threads)) | {
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
    }


def settle_threads(threads: int) -> None:
    """Hold a worker process to its threads: what it imports from now on, and what it has loaded."""
    os.environ.update(thread_variables(threads))
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads)
    # How many steps L-BFGS takes is a parameter that tuning chooses, so stopping early is no news.
    warnings.filterwarnings("ignore", message=".*failed to converge.*")
    with suppress(ModuleNotFoundError):  # tables do without
        import cv2

        cv2.setNumThreads(threads)
