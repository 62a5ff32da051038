"""A process takes the processors that it may use, and no more."""

import os
import subprocess
import sys

import pytest

from pipelines.execution.local import LocalExecutor
from pipelines.execution.threads import cores, threads


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no processes")
def test_a_process_bound_to_one_processor_has_one_core() -> None:
    code = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); "
        "from pipelines.execution.threads import cores; print(cores())"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert answer.stdout.strip() == "1"


def test_a_limit_of_the_container_or_the_person_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count is joblib's, which reads the container's quota of processor time too."""
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert cores() == 1


def test_threads_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "0")
    assert threads() == cores()
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert threads() == cores()


def threads_of_libraries() -> list[int]:
    """Return how many threads each library takes that counts them for itself."""
    import numpy as np
    from threadpoolctl import threadpool_info

    np.ones((4, 4)) @ np.ones((4, 4))
    return [library["num_threads"] for library in threadpool_info()]


@pytest.mark.parametrize("threads", [1, 2])
def test_every_library_of_a_worker_keeps_to_its_threads(threads: int) -> None:
    with LocalExecutor(1, threads) as executor:
        found = executor.submit(threads_of_libraries).result(60)
    assert found
    assert set(found) == {threads}
