"""One tuning run over several pipelines: the time is divided, each is tuned, columns are kept."""

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from competition.errors import InfrastructureError, PodiumError
from pipelines.base import Pipeline
from pipelines.columns import Column
from pipelines.execution.base import FitExecutor
from pipelines.search.budget import share_of
from pipelines.search.coordinator import NO_TIME, tune
from pipelines.search.fit import failure_of
from pipelines.search.plan import Plan
from pipelines.search.progress import Progress
from pipelines.search.studies.study import open_storage, open_study, sole_coordinator

_GRACE = 8.0  # seconds that a run may take longer for a pipeline's first trial
_GRACE_SHARE = 0.05  # or this share of its time
_SHARES = 4  # beyond its share, a pipeline's first trial may take so many times that share
_FIRST = 0.5  # of the time left, that the first trial may take while a quick pipeline waits

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tuned:
    """What came of a tuning run.

    Attributes:
        columns: The finished columns of each pipeline, best first.
        left_out: Why each other pipeline has none, by its name.
    """

    columns: dict[str, list[Column]]
    left_out: dict[str, str]


def tune_all(
    plan: Plan,
    pipelines: list[Pipeline],
    seconds: float,
    sampler: str,
    report: Callable[[Progress, float], None],
) -> Tuned:
    """Tune pipelines one after the other; what one leaves of its share goes to those after it.

    A pipeline that cannot be fitted is left out, and those after it are tuned. Where there is no
    time for the first ones, the quick ones of the others come next.

    Args:
        plan: The data, folds and cores.
        pipelines: In the order in which they are tuned.
        seconds: For all of them together, the making of their columns included.
        sampler: `tpe`, `random` or `grid`.
        report: Called with each step's progress and the seconds left of the whole.

    Raises:
        InfrastructureError: the database, the cluster or the disk failed; the columns that could be
            made are in the store.
        PodiumError: another run is at work, or no pipeline could be fitted.
    """
    deadline = time.monotonic() + seconds
    tuned = Tuned({}, _out_of_size(pipelines, plan))
    pipelines = [each for each in pipelines if each.name not in tuned.left_out]
    with sole_coordinator(plan.workspace.runs), closing(_Place(plan)) as place:
        storage = open_storage(plan.workspace.database)
        learnt = False  # by something else than the floor
        waiting = deque(pipelines)
        while waiting:
            pipeline = waiting.popleft()
            left = max(0.0, deadline - time.monotonic())
            # Without a column there is nothing to blend, however late it is.
            grace = max(_GRACE, _GRACE_SHARE * seconds) if tuned.columns else math.inf
            if learnt:  # what is begun now may take as long again as is left
                grace = min(grace, left)
            if deadline + grace <= time.monotonic():
                tuned.left_out[pipeline.name] = NO_TIME
                continue
            study = open_study(storage, plan, pipeline)
            share = share_of(pipeline, list(waiting), left)
            most = left + grace
            if not (learnt or pipeline.floor) and any(each.quick for each in waiting):
                most = max(share, _FIRST * left)
            if tuned.columns:
                most = min(most, share + max(_GRACE, _SHARES * share))
            try:
                tuned.columns[pipeline.name] = tune(
                    pipeline,
                    study,
                    plan,
                    share,
                    lambda progress: report(progress, deadline - time.monotonic()),
                    sampler=sampler,
                    grace=most - share,
                    executor=place.of(pipeline),
                )
                learnt |= not pipeline.floor
            except InfrastructureError:
                raise
            except Exception as error:  # whatever a pipeline's own code may raise
                log.info("%s is left out", pipeline.name, exc_info=True)
                tuned.left_out[pipeline.name] = failure_of(error)
                if not learnt:
                    waiting = deque(sorted(waiting, key=lambda each: not each.quick))
    if not tuned.columns:
        raise PodiumError(f"No pipeline could be tuned. {' '.join(tuned.left_out.values())}")
    return tuned


class _Place:
    """Where fits run, kept from one pipeline to the next of its kind.

    A process takes seconds to import what fits need, which each pipeline would wait for again.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._kept: tuple[bool, FitExecutor] | None = None

    def of(self, pipeline: Pipeline) -> FitExecutor:
        """Return where a pipeline's fits run."""
        if self._kept is not None and self._kept[0] == pipeline.deep:
            return self._kept[1]
        self.close()
        executor = self._plan.executor(pipeline)
        self._kept = pipeline.deep, executor
        return executor

    def close(self) -> None:
        """End the processes."""
        if self._kept is not None:
            self._kept[1].shutdown()
            self._kept = None


def _out_of_size(pipelines: list[Pipeline], plan: Plan) -> dict[str, str]:
    """Return why pipelines that cannot learn from so many rows have no part in a run."""
    rows = len(plan.data.truth) * (plan.folds.count - 1) // plan.folds.count
    return {
        each.name: (
            f"{each.name} learns from up to {each.most_rows:,} rows, and a fold has {rows:,}."
        )
        for each in pipelines
        if each.most_rows is not None and rows > each.most_rows
    }
