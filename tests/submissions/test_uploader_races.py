import os
import re
import subprocess
import sys
import threading

import pytest

from competition.kaggle.client import KaggleClient
from submissions.submitter import AlreadySubmitted
from submissions.uploader import submit_file
from tests.submissions.conftest import Desk


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_several_at_once_make_one_submission(
    database: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database == "postgresql":
        if "PODIUM_TEST_POSTGRES" not in os.environ:
            pytest.skip("needs a PostgreSQL server; set PODIUM_TEST_POSTGRES to its address")
        monkeypatch.setenv("DATABASE_URL", os.environ["PODIUM_TEST_POSTGRES"])
    file = desk.file(16 if database == "sqlite" else 116)
    start, ends = threading.Barrier(4), []

    def one() -> None:
        client = KaggleClient(desk.competition)
        start.wait()
        try:
            ends.append(submit_file(file, desk.competition, client).submission.ref)
        except AlreadySubmitted as late:  # it came after the others' end
            ends.append(int(re.findall(r"submission (\d+)", str(late))[0]))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (remote,) = desk.taken(file)
    assert ends == [remote.ref] * 4


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
