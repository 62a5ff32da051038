"""Whatever goes wrong between push and columns: one run for each intent, or a sentence first.

Each sequence is decided by its seed, and a failure says seed and plan. Of every eight that
PODIUM_TEST_SEQUENCES asks for, five are run.
"""

import logging
import os
from collections.abc import Callable
from random import Random

import pytest

from competition.errors import PodiumError
from pipelines.columns import read_columns
from submissions.ledger.tables import KernelState
from tests.submissions.kernels.conftest import Desk

SEQUENCES = int(os.environ.get("PODIUM_TEST_SEQUENCES", "8"))
CALLS = (
    "SaveKernel",
    "GetKernel",
    "GetKernelSessionStatus",
    "ListKernelSessionOutput",
    "output",
)


def one_fault(random: Random) -> str:
    """Draw a fault; SaveKernel, where most is at stake, is struck more often than others."""
    call = f"@{random.choice(CALLS)}"
    passing, final = random.choice((429, 500, 502, 503, 504)), random.choice((400, 401, 403))
    kinds = (
        f"refuse={passing}{call}",
        f"refuse={passing}@SaveKernel",
        f"refuse={final}{call}",
        f"drop{call}",
        "drop@SaveKernel",
        "lose-reply@SaveKernel",
        f"lose-reply={random.choice((500, 502, 503, 504))}@SaveKernel",
        "slow=0.8@SaveKernel",
        f"slow=0.8{call}",
        f"refuse-push={random.randint(0, 3)}",
        f"queue={random.choice((0.1, 0.5))}",
        "drop-source",
        "fail-kernel",
        "cancel-kernel",
        "old-version",
        "cut-output",
        "empty-log",
        "cut@output",
        "corrupt@output",
        "error-body@output",
        "drop@GetKernel*2,lose-reply@SaveKernel",
    )
    return random.choice(kinds) + random.choice(("", "", "", "*2", "*3", "%30"))


@pytest.mark.parametrize("seed", range(SEQUENCES * 5 // 8))
def test_any_sequence_over_push_run_and_fetch_ends_right_or_in_a_sentence_and_then_right(
    seed: int,
    at_desk: Callable[..., Desk],
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
) -> None:
    caplog.set_level(logging.DEBUG)
    random = Random(seed)
    desk, said = at_desk(), []
    faults = [one_fault(random) for _ in range(random.randint(1, 5))]
    plan = ",".join([*faults, f"seed={seed}", "retry-after=0.05"])
    desk.server.plan(plan)
    try:
        for _ in range(random.randint(1, 2)):
            try:
                desk.run(patience=0.5)
            except PodiumError as error:
                said.append(str(error))
        record_property("ended", "sentence" if said else "right")
        desk.server.plan("")
        desk.run()
        check(desk)
        heard = caplog.text + "\n".join([*said, *desk.heard.lines])
        assert desk.server.key not in heard and "X-Goog-Signature" not in heard
    except BaseException as error:
        error.add_note(f"seed {seed}: --faults {plan}; said: {said}")
        raise


def check(desk: Desk) -> None:
    """Every intent has one run at most, and that of what is done exactly one; nothing else ran."""
    rows = desk.rows()
    started = {row.attempt: desk.started_for(row) for row in rows}
    assert max(started.values()) <= 1, started
    assert sum(started.values()) == len(desk.taken())
    assert rows[0].state == KernelState.DONE and started[rows[0].attempt] == 1
    store, data = desk.plan.workspace.predictions, desk.plan.data.fingerprint
    assert len(read_columns(store, data, desk.plan.problem.metric.name)) == 1
