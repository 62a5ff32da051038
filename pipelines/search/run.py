"""One tuning run over several pipelines: the time is divided, each is tuned, columns are kept."""

import time
from collections.abc import Callable

from competition.settings import data_folder, database_url, runs_folder

from competition.data.subset import load_subset
from competition.spec import Competition
from pipelines.base import Pipeline
from pipelines.execution.threads import cores
from pipelines.search.budget import share_of
from pipelines.search.coordinator import tune
from pipelines.search.folds import Folds
from pipelines.search.plan import Plan
from pipelines.search.progress import Progress
from pipelines.search.storage import explained_database_errors, open_storage
from pipelines.search.store import Column, Store
from pipelines.search.study import open_study, owner_of, queue_again, sole_coordinator, study_name

FOLDS = 5


def make_plan(
    competition: Competition,
    seed: int,
    workers: int | None = None,
    scheduler: str = "",
    rows: int | None = None,
) -> Plan:
    """Load the data of a competition and say how it is learnt from.

    Args:
        competition: The competition.
        seed: Of folds, samplers and fits.
        workers: Cores of this machine to use; None or 0 for all.
        scheduler: Address of a Dask scheduler whose workers fit instead.
        rows: Learn from a stratified subset of this many rows; None or 0 for all.

    Raises:
        PodiumError: the data is missing or broken, or a class has fewer rows than folds.
    """
    folder = data_folder(competition)
    data = load_subset(competition, folder, rows or None)
    folds = Folds(FOLDS, seed)
    folds.assign(data.train_labels)
    runs = runs_folder(competition)
    return Plan(
        competition,
        folder,
        data,
        folds,
        seed,
        workers or cores(),
        Store(runs / "predictions", data.fingerprint),
        owner_of(runs),
        scheduler,
        rows or None,
    )


def tune_all(
    plan: Plan,
    pipelines: list[Pipeline],
    seconds: float,
    sampler: str,
    report: Callable[[Progress, float], None],
) -> dict[str, list[Column]]:
    """Tune pipelines one after the other; what one leaves of its share goes to those after it.

    Args:
        plan: The data, folds and cores.
        pipelines: In the order in which they are tuned.
        seconds: For all of them together, the making of their columns included.
        sampler: `tpe`, `random` or `grid`.
        report: Called with each step's progress and the seconds left of the whole.

    Returns:
        The finished columns of each pipeline, best first.

    Raises:
        PodiumError: another run is at work, the database cannot be used, or a pipeline cannot be
            fitted.
    """
    deadline = time.monotonic() + seconds
    competition = plan.competition
    columns = {}
    url = database_url(competition)
    with sole_coordinator(runs_folder(competition)), explained_database_errors(url):
        storage = open_storage(url, queue_again)
        for position, pipeline in enumerate(pipelines):
            name = study_name(
                competition.slug, pipeline, plan.data.fingerprint, plan.folds, plan.seed
            )
            study = open_study(storage, name, sampler, plan.seed, plan.owner)
            left = max(0.0, deadline - time.monotonic())
            share = share_of(pipeline, pipelines[position + 1 :], left)
            columns[pipeline.name] = tune(
                pipeline,
                study,
                plan,
                share,
                lambda progress: report(progress, deadline - time.monotonic()),
                grid=sampler == "grid",
            )
    return columns
