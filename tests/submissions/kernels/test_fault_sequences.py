"""Whatever goes wrong from a push to its columns or its score: one run and one submission each.

Or a sentence first. Each sequence is decided by its seed, and a failure says seed and plan. Of
every eight that PODIUM_TEST_SEQUENCES asks for, five end with columns and two with a submission.
"""

import logging
import os
from collections.abc import Callable
from random import Random

import pytest

from competition.errors import PodiumError
from pipelines.columns import read_columns
from submissions.kernels.running import digest_of
from submissions.kernels.runs import KernelRuns
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import KernelState
from submissions.sending.submitter import AlreadySubmitted
from tests.submissions.kernels.conftest import Author, Desk

SEQUENCES = int(os.environ.get("PODIUM_TEST_SEQUENCES", "8"))
CALLS = (
    "SaveKernel",
    "GetKernel",
    "GetKernelSessionStatus",
    "ListKernelSessionOutput",
    "output",
)
OF_SUBMISSIONS = ("ListSubmissions", "GetSubmissionLimits", "CreateCodeSubmission")


def one_fault(random: Random, submits: bool = False) -> str:
    """Draw a fault; the calls at which most is at stake are struck more often than others."""
    call = f"@{random.choice((*CALLS, *OF_SUBMISSIONS) if submits else CALLS)}"
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
    if submits:
        kinds += (
            f"refuse={passing}@CreateCodeSubmission",
            "drop@CreateCodeSubmission",
            "lose-reply@CreateCodeSubmission",
            f"lose-reply={random.choice((500, 502, 503, 504))}@CreateCodeSubmission",
            "slow=0.8@CreateCodeSubmission",
            f"lag={random.choice((0.1, 0.8))}",
            "lose-reply=500@CreateCodeSubmission,lag=0.8",
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


@pytest.mark.parametrize("seed", range(SEQUENCES * 2 // 8))
def test_any_sequence_to_a_submission_ends_right_or_in_a_sentence_and_then_right(
    seed: int, as_author: Callable[..., Author], record_property: Callable[[str, object], None]
) -> None:
    random, author, said = Random(seed), as_author(), []
    faults = [one_fault(random, submits=True) for _ in range(random.randint(1, 5))]
    plan = ",".join([*faults, f"seed={seed}", "retry-after=0.05"])
    author.server.plan(plan)
    try:
        for patience in (*(0.5,) * random.randint(1, 2), 20.0):
            if patience > 1:
                author.server.plan("")
            try:
                author.submit(patience)
            except AlreadySubmitted:
                continue
            except PodiumError as error:
                said.append(str(error))
        record_property("ended", "sentence" if said else "right")
        (taken,) = author.taken()
        (row,) = Ledger.open(author.plan.workspace).submissions()
        assert row.ref == taken.ref and row.scored
        runs = KernelRuns(Ledger.open(author.plan.workspace, account="you")).all()
        sources = [digest_of(each.source) for each in author.pushed()]
        assert len(sources) == len(set(sources)) <= len(runs)
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
