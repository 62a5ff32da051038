import os
import re
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from competition.errors import PodiumError
from submissions.ledger.ledger import Ledger
from submissions.progress import Progress
from submissions.sending.submitter import AlreadySubmitted
from tests.submissions.conftest import SHORT, Desk


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_several_at_once_make_one_submission(database: str, desk: Desk) -> None:
    if database == "postgresql":
        if "PODIUM_TEST_POSTGRES" not in os.environ:
            pytest.skip("needs a PostgreSQL server; set PODIUM_TEST_POSTGRES to its address")
        desk = desk.at(database_url=os.environ["PODIUM_TEST_POSTGRES"])
    file = desk.file(16 if database == "sqlite" else 116)
    start, ends = threading.Barrier(4), []

    def one() -> None:
        own = desk.at()  # with an engine of its own, as another process has
        start.wait()
        try:
            ends.append(own.submit(file).submission.ref)
        except AlreadySubmitted as late:  # it came after the others' end
            ends.append(int(re.findall(r"submission (\d+)", str(late))[0]))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (remote,) = desk.taken(file)
    assert ends == [remote.ref] * 4


@pytest.mark.long
def test_two_processes_at_once_make_one_submission(desk: Desk) -> None:
    file = desk.file(17)
    command = [sys.executable, "-m", "submissions", "submit", str(file)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60) for process in both]
    assert len(desk.taken(file)) == 1
    assert 0 in [process.returncode for process in both]
    assert all(
        process.returncode == 0 or "submitted on" in errors
        for process, (_, errors) in zip(both, said, strict=True)
    )


def test_a_submit_that_does_not_end_is_not_waited_for_for_ever(desk: Desk) -> None:
    file, heard = desk.file(18), []

    class Heard(Progress):
        def step(self, text: str) -> None:
            heard.append(text)

    ledger = Ledger.open(desk.workspace)
    name = f"submit {ledger.competition} {ledger.endpoint}"
    with (
        ledger.database.locked(name, patience=0),
        pytest.raises(PodiumError, match="Another submit has been under way"),
    ):
        desk.at().submit(file, patience=replace(SHORT, lock=0.2), progress=Heard())
    assert heard == ["Another submit is under way; waiting for its end"]
    assert desk.taken(file) == []
