"""No job of a cluster is forgotten, whichever thread tells of it."""

import sys
import threading
from collections import Counter
from concurrent.futures import Future

from pipelines.execution.base import Job
from pipelines.execution.jobs import Jobs


def test_jobs_that_are_lost_while_others_are_taken_are_all_taken_once() -> None:
    jobs, count = Jobs(), 20_000
    lost = [Job((print, (), {}), Future()) for _ in range(count)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that the threads meet in the middle of things
    try:
        threads = [
            threading.Thread(target=lambda part=part: [jobs.lose(job) for job in part])
            for part in (lost[::2], lost[1::2])
        ]
        for thread in threads:
            thread.start()
        taken: list[Job] = []
        while any(thread.is_alive() for thread in threads):
            taken += jobs.take_lost()
        taken += jobs.take_lost()
    finally:
        sys.setswitchinterval(interval)
    assert Counter(map(id, taken)) == Counter(map(id, lost))


def test_a_future_that_was_abandoned_or_replaced_is_nobodys() -> None:
    jobs, job = Jobs(), Job((print, (), {}), Future())
    jobs.start(job, "first")
    jobs.start(job, "second")
    assert not jobs.end(job, "first")
    assert jobs.end(job, "second")
    assert not jobs.end(job, "second")
    jobs.start(job, "third")
    jobs.lose(Job((print, (), {}), Future()))
    assert jobs.drop() == ["third"]
    assert not jobs.end(job, "third")
    assert jobs.take_lost() == []
