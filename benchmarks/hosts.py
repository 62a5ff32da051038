"""Hosts that fall silent in the middle of a run: does it end with the same trials and scores?

    sudo .venv/bin/python -m benchmarks.hosts [--pipeline knn] [--away 60] [--only worker]

Four hosts with addresses of their own (Linux network namespaces on one switch): a scheduler, two
workers and a coordinator, which tunes on the bundled optical digits with SAMPLER=grid. The tuning
runs undisturbed first, then again from nothing for each of these, once ten fits are done:

- worker: a worker's host is cut off: no process ends and no connection is closed, the switch just
  drops every packet; `--away` seconds later the cut is healed;
- hung: a worker process is stopped (SIGSTOP): its host answers, and it does not;
- coordinator: the coordinator's host is cut off for 20 seconds;
- scheduler: the scheduler is killed and started again 5 seconds later.

Prints what became of each, when the scheduler noticed, and how the trials compare. Needs root and
iproute2; leaves the machine's own network as it is. Ends with status 1 when anything differs.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from pathlib import Path

import optuna
from optuna.trial import TrialState

from benchmarks.netns import Hosts
from competition.practice.holdout import prepare
from competition.spec import load_competition
from pipelines.execution.threads import cores

_SLUG = "optical-digits"
_PORT, _PAGE = 8786, 8787
_WORKERS = ("worker1", "worker2")
_FITS = 10  # so many are done when something happens
_COORDINATOR_AWAY, _SCHEDULER_AWAY = 20.0, 5.0
_CASES = ("worker", "hung", "coordinator", "scheduler")
_LIMIT = 900.0  # seconds after which a run, or the return of a worker, counts as failed
_LOOK = 0.25

Trials = dict[str, tuple[str, str, str]]
Step = tuple[float, str, Callable[[], object]]  # seconds after the first, what it is, how


class Run:
    """One tuning run on fresh hosts.

    Args:
        hosts: Where its parts run.
        folder: For its results.
        data: Where the competition's files are.
    """

    def __init__(self, hosts: Hosts, folder: Path, data: Path) -> None:
        self.hosts, self.folder = hosts, folder
        self.environment = {"DATA_DIR": str(data), "RUNS_DIR": str(folder), "COMPETITION": _SLUG}
        self.began = 0.0

    def start_scheduler(self) -> None:
        """Start the scheduler, without workers."""
        address = self.hosts.address("scheduler")
        options = f"--scheduler-only --host {address} --port {_PORT} --dashboard {_PAGE}"
        self.hosts.start("scheduler", f"cluster {options}", self.folder, {})

    def tune(self, pipeline: str, steps: list[Step]) -> float:
        """Tune, let the steps happen, see all workers back, and return the tuning's seconds."""
        scheduler = f"tcp://{self.hosts.address('scheduler')}:{_PORT}"
        self.start_scheduler()
        command = f"worker --scheduler {scheduler} --workers 1"
        for name, core in zip(_WORKERS, cycle(sorted(os.sched_getaffinity(0))), strict=False):
            # Two that take the same cores for their own would keep each other waiting.
            self.hosts.start(name, command, self.folder, {}, core)
        self.began = time.monotonic()
        while not self._complete():
            self._rest()
        self.began = time.monotonic()
        command = f"tune -p {pipeline} --budget 30m --sampler grid --scheduler {scheduler}"
        tuning = self.hosts.start("coordinator", command, self.folder, self.environment)
        pending, first, seconds, counted = list(steps), 0.0, 0.0, len(_WORKERS)
        while not seconds or pending or not self._complete():
            now = time.monotonic()
            if not seconds and tuning.poll() is not None:
                seconds = now - self.began
                self._note("the run is complete" if tuning.returncode == 0 else "the run failed")
            if pending and not first and self._fits() >= _FITS:
                first = now
            if pending and first and now >= first + pending[0][0]:
                _, what, act = pending.pop(0)
                act()
                self._note(what)
            if (count := self._workers()) != counted:
                counted = count
                self._note(f"the scheduler counts {count} of {len(_WORKERS)} workers")
            self._rest()
        if tuning.returncode != 0:
            sys.exit((self.folder / "coordinator.log").read_text())
        return seconds

    def trials(self) -> Trials:
        """Return state, accuracy and log loss of every finished trial, by its parameters."""
        storage = optuna.storages.RDBStorage(f"sqlite:///{self.folder}/{_SLUG}/podium.db")
        (study,) = optuna.get_all_study_names(storage)
        return {
            str(sorted(trial.params.items())): (
                trial.state.name,
                f"{trial.value or 0.0:.6f}",
                f"{trial.user_attrs.get('log_loss', 0.0):.6f}",
            )
            for trial in optuna.load_study(study_name=study, storage=storage).trials
            if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
        }

    def _workers(self) -> int:
        """Return how many workers the scheduler counts; 0 while it does not answer."""
        counts = self.hosts.get_json("scheduler", _PAGE, "/json/counts.json")
        return int(counts.get("workers", 0))

    def _complete(self) -> bool:
        return self._workers() == len(_WORKERS)

    def _fits(self) -> int:
        return len(list((self.folder / _SLUG / "predictions").glob("*/*/fold-*.npz")))

    def _rest(self) -> None:
        if time.monotonic() - self.began > _LIMIT:
            sys.exit(f"Not all is well after {_LIMIT:.0f} seconds.")
        time.sleep(_LOOK)

    def _note(self, what: str) -> None:
        print(f"  {time.monotonic() - self.began:6.1f} s  {what}", flush=True)


def steps_of(run: Run, case: str, away: float) -> list[Step]:
    """Return what happens in a run, and when."""
    hosts = run.hosts
    if case == "worker":
        return [
            (0.0, "worker2's host is cut off", partial(hosts.cut_off, "worker2")),
            (away, "the cut is healed", partial(hosts.heal, "worker2")),
        ]
    if case == "hung":
        return [(0.0, "worker2 is stopped", partial(hosts.stop_newest, "worker2"))]
    if case == "coordinator":
        return [
            (0.0, "the coordinator's host is cut off", partial(hosts.cut_off, "coordinator")),
            (_COORDINATOR_AWAY, "the cut is healed", partial(hosts.heal, "coordinator")),
        ]
    if case == "scheduler":
        return [
            (0.0, "the scheduler is killed", partial(hosts.kill, "scheduler")),
            (_SCHEDULER_AWAY, "it is started again", run.start_scheduler),
        ]
    return []


def measure(case: str, pipeline: str, away: float, data: Path) -> tuple[float, Trials]:
    """Return the seconds of a run in which something happens, and its trials."""
    names = ["scheduler", "coordinator", *_WORKERS]
    print(f"{case}:", flush=True)
    with tempfile.TemporaryDirectory() as folder, Hosts(names) as hosts:
        run = Run(hosts, Path(folder), data)
        seconds = run.tune(pipeline, steps_of(run, case, away))
        return seconds, run.trials()


def main() -> None:
    """Print each run's course, then how their trials compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pipeline", default="knn", help="whose grid is tried")
    parser.add_argument("--away", type=float, default=60.0, help="seconds that a worker is away")
    parser.add_argument("--only", choices=_CASES, help="one of the cases")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), load_competition(_SLUG), None)
        data = Path(folder) / "data"
        data.mkdir()
        (data / _SLUG).symlink_to(Path(folder) / "public")
        calm, expected = measure("undisturbed", given.pipeline, given.away, data)
        differ = False
        for case in [given.only] if given.only else _CASES:
            seconds, trials = measure(case, given.pipeline, given.away, data)
            same = trials == expected
            differ |= not same
            print(
                f"{case}: {seconds:.0f} s, undisturbed {calm:.0f} s; {len(trials)} trials, "
                f"{'the same' if same else f'NOT the same as {len(expected)}'}, best accuracy "
                f"{max(found[1] for found in trials.values())}",
                flush=True,
            )
            if not same:
                print(f"  {sorted(set(trials.items()) ^ set(expected.items()))}")
    print(f"{given.pipeline}, {cores()} cores, {datetime.now(UTC).date()}")
    sys.exit(differ)


if __name__ == "__main__":
    main()
