"""`kill -9` at any moment of `make download` and `make submit`: the next run puts it right.

PODIUM_TEST_KILLS is how many times each of them is killed.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

import pytest

from competition.kaggle.download import download
from submissions.ledger.tables import State
from submissions.sending.submitter import AlreadySubmitted
from submissions.submit import submit_file
from tests.chain.conftest import Chain, Hurried

KILLS = int(os.environ.get("PODIUM_TEST_KILLS", "2"))
Note = Callable[[str, object], None]

# Everything that takes an instant takes longer, so that moments within it are hit.
SLOWLY = ",".join(
    f"slow=0.2@{call}%100"
    for call in ("ListSubmissions", "StartSubmissionUpload", "upload", "CreateSubmission")
)


def killed(seed: int, rest: float, *arguments: object) -> bool:
    """Run a command, kill it at a moment that the seed decides, and tell whether it still ran.

    One in four dies before it says its first line, the others in the seconds after that.

    Args:
        seed: Of the moment.
        rest: The seconds after the first line in which the others die.
        arguments: The command, as after `python -m`.
    """
    random = Random(seed)
    with subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        if seed % 4 == 3:
            time.sleep(random.uniform(0, 1.2))
        else:
            process.stderr.readline()
            time.sleep(random.uniform(0, rest))
        ran = process.poll() is None
        process.kill()
    return ran


def reached(chain: Chain) -> str:
    """Return how far a killed submitter had come."""
    rows = chain.rows()
    state = rows[0].state if rows else "nothing recorded"
    return f"{state}, taken by Kaggle" if chain.taken() and state == State.SENDING else str(state)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_submit_is_finished_by_the_next_one(
    seed: int, chain: Chain, record_property: Note
) -> None:
    download(chain.workspace, chain.client())
    chain.server.plan(SLOWLY)
    file = chain.file(seed)
    died = killed(seed, 1.0, "submissions", "submit", file)
    record_property("ended", reached(chain) if died else "done before the kill")
    chain.server.plan("")
    with suppress(AlreadySubmitted):
        submit_file(file, chain.workspace, chain.client(), clock=Hurried())
    (remote,) = chain.taken()
    (row,) = chain.rows()
    assert (row.ref, row.state, row.status) == (remote.ref, State.SUBMITTED, "complete")
    assert (row.public_score, row.private_score) == chain.worth(file)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_download_is_finished_by_the_next_one(
    seed: int, chain: Chain, record_property: Note
) -> None:
    chain.server.plan("slow=0.2@ListDataFiles%100,slow=0.2@storage%100")
    died = killed(seed, 0.15, "competition", "download")
    left = [each.name for each in chain.data.glob("*")] if chain.data.exists() else []
    hidden = sum(name.endswith(".part") for name in left)
    told = f"{len(left) - hidden} whole files, {hidden} unfinished"
    record_property("ended", told if died else "done before the kill")
    chain.server.plan("")
    download(chain.workspace, chain.client())
    wanted = {*chain.competition.files, "manifest.json"}
    assert {each.name for each in chain.data.iterdir()} == wanted
    for name in chain.competition.files:
        assert (chain.data / name).read_bytes() == (chain.public / name).read_bytes()
