import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from submissions.ledger.tables import State
from tests.submissions.conftest import ROOT, Desk

KILLED = """
import json, os, signal, sys
from pathlib import Path
from competition.terminal.console import workspace_of
from competition.kaggle.client import KaggleClient
from submissions import submit as submitting
from submissions.ledger.ledger import Ledger

def die(*arguments, **values):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(method):
    def call(*arguments, **values):
        method(*arguments, **values)
        die()
    return call

def submit(moment, file):
    match moment:
        case "intended": KaggleClient.upload = die
        case "uploading": KaggleClient.upload = then_die(KaggleClient.upload)
        case "uploaded": Ledger.change = then_die(Ledger.change)
        case "sending": KaggleClient.create_submission = die
        case "created": KaggleClient.create_submission = then_die(KaggleClient.create_submission)
        case "submitted": submitting.await_score = die
    workspace = workspace_of(os.environ["COMPETITION"])
    client = KaggleClient(workspace.competition, workspace.access)
    submitting.submit_file(file, workspace, client)

for line in sys.stdin:
    moment, file, environment = json.loads(line)
    if (child := os.fork()) == 0:
        os.environ.update(environment)
        submit(moment, Path(file))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def submit_and_die() -> Iterator[Callable[[str, Path], int]]:
    """Submit a file in a process that dies at a moment, and return how it ended.

    The processes are forked from one that has imported everything, which takes most of a second.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:

        def submit(moment: str, file: Path) -> int:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps([moment, str(file), dict(os.environ)]) + "\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield submit


@pytest.mark.parametrize(
    ("moment", "state", "made"),
    [
        ("intended", State.INTENT, 0),
        ("uploading", State.INTENT, 0),
        ("uploaded", State.UPLOADED, 0),
        ("sending", State.SENDING, 0),
        ("created", State.SENDING, 1),
        ("submitted", State.SUBMITTED, 1),
    ],
)
@pytest.mark.long
def test_killed_at_any_stage_the_next_call_finishes_it(
    moment: str,
    state: State,
    made: int,
    desk: Desk,
    submit_and_die: Callable[[str, Path], int],
) -> None:
    file = desk.file(sum(moment.encode()), f"{moment}.csv")
    assert submit_and_die(moment, file) == -signal.SIGKILL
    (row,) = [row for row in desk.rows() if row.sha256]
    assert row.state == state and len(desk.taken(file)) == made
    outcome = desk.submit(file)
    (remote,) = desk.taken(file)
    assert outcome.submission.ref == remote.ref
    assert outcome.submission.public_score == remote.public_score is not None
    assert [one.id for one in desk.rows() if one.sha256] == [row.id]


@pytest.mark.long
def test_ctrl_c_while_the_score_is_pending_loses_nothing(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(delay=60)
    file = desk.file(18)
    command = [sys.executable, "-m", "submissions", "submit", str(file)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "pending" in line:
            break
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    assert "Traceback" not in process.stderr.read()
    (row,) = desk.rows()
    assert row.pending and row.ref == desk.taken(file)[0].ref
