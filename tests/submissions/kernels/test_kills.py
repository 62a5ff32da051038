"""`kill -9` at any moment of `make kernel`: the same command goes on, and nothing runs twice.

Three of five times that PODIUM_TEST_KILLS says, as it takes longer than the others.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from submissions.ledger.tables import KernelState
from tests.submissions.kernels.conftest import Desk

ROOT = Path(__file__).parents[3]
KILLS = int(os.environ.get("PODIUM_TEST_KILLS", "2"))
# Everything that takes an instant takes longer, so that moments within it are hit.
SLOWLY = ",".join(
    f"slow=0.3@{call}%100" for call in ("SaveKernel", "GetKernelSessionStatus", "output")
)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(max(1, KILLS * 3 // 5)))
def test_a_killed_kernel_is_finished_by_the_next_one(
    seed: int, at_desk: Callable[..., Desk], record_property: Callable[[str, object], None]
) -> None:
    desk, random = at_desk(SLOWLY), Random(seed)
    workspace = desk.plan.workspace
    places = {"DATA_DIR": workspace.data.parent, "RUNS_DIR": workspace.runs.parent}
    words = [sys.executable, "-m", "submissions", "kernel", "-p", "linear", "--budget", "1s"]
    with subprocess.Popen(
        words,
        cwd=ROOT,
        env=os.environ | desk.server.environment | {k: str(v) for k, v in places.items()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()  # it is about to push
        time.sleep(random.uniform(0, random.choice((0.6, 12))))
        process.kill()
    record_property("ended", desk.rows()[0].state)
    desk.server.plan("")
    desk.run(replace(desk.asked, pipelines="linear", seconds=1.0))
    rows = desk.rows()
    assert rows[0].state == KernelState.DONE
    assert [desk.started_for(row) for row in rows] == [1] * len(rows)
    assert len(desk.taken()) == len(rows)
