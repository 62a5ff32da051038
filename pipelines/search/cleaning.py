"""What the store can do without: the fits of trials that nothing needs any more."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from competition.errors import PodiumError
from competition.files import explained_os_errors
from competition.workspace import Workspace
from pipelines.base import load_pipeline
from pipelines.search.studies.patience import patient
from pipelines.search.studies.study import open_storage, sole_coordinator

_SPARE = 2  # so many completed trials of a study are kept beside those that become columns

Configuration = tuple[str, str]  # pipeline and key


@dataclass(frozen=True)
class Freed:
    """What was deleted, or would be.

    Attributes:
        configurations: Folders of the store.
        files: In them.
        megabytes: That these take.
    """

    configurations: int
    files: int
    megabytes: float

    def __str__(self) -> str:
        """Return `12 configurations, 84 files, 31.5 MB`."""
        size = f"{self.megabytes:,.1f} MB"
        return f"{self.configurations:,} configurations, {self.files:,} files, {size}"


def clean(workspace: Workspace, used: Iterable[str], *, dry_run: bool = False) -> Freed:
    """Delete the predictions of trials that ended and are needed no more.

    Kept are what the current blend uses; of every study of the competition, whatever its data and
    seed, the best completed trials (as many as become columns, and two to spare) and all that is
    not finished; and what no study knows of, since it may be another database's.

    Args:
        workspace: Whose store.
        used: Keys of the columns that the current blend uses.
        dry_run: Delete nothing.

    Raises:
        PodiumError: a tuning run is at work.
        InfrastructureError: the database cannot be read, or a file not deleted.
    """
    if workspace.database.missing or not workspace.predictions.is_dir():
        return Freed(0, 0, 0.0)
    with sole_coordinator(workspace.runs):
        known, kept = _sorted_out(workspace)
        in_use = set(used)
        folders = [
            folder
            for pipeline, key in sorted(known - kept)
            if key not in in_use and (folder := workspace.predictions / pipeline / key).is_dir()
        ]
        files = [path for folder in folders for path in folder.iterdir()]
        freed = Freed(len(folders), len(files), sum(path.stat().st_size for path in files) / 1e6)
        if not dry_run:
            for folder in folders:
                _delete(folder)
        return freed


def _sorted_out(workspace: Workspace) -> tuple[set[Configuration], set[Configuration]]:
    """Return the configurations that studies know of, and those to keep of them."""
    database = workspace.database
    storage = open_storage(database)
    known: set[Configuration] = set()
    kept: set[Configuration] = set()
    with database.explained():
        names = optuna.get_all_study_names(storage)
    for name in names:
        slug, _, rest = name.partition("/")
        pipeline = rest.partition("/")[0]
        if slug != workspace.competition.slug or not pipeline:
            continue
        with database.explained():
            study = optuna.load_study(study_name=name, storage=storage)
        study = patient(study, database)
        trials = [one for one in study.get_trials(deepcopy=False) if "key" in one.user_attrs]
        here = [one for one in trials if _folder(workspace, pipeline, one).is_dir()]
        open_ones = [trial for trial in trials if not trial.state.is_finished()]
        best = _best(here, study.direction)[: _columns(workspace, pipeline) + _SPARE]
        known |= {(pipeline, trial.user_attrs["key"]) for trial in trials}
        kept |= {(pipeline, trial.user_attrs["key"]) for trial in (*open_ones, *best)}
    return known, kept


def _folder(workspace: Workspace, pipeline: str, trial: FrozenTrial) -> Path:
    return workspace.predictions / pipeline / str(trial.user_attrs["key"])


def _best(trials: list[FrozenTrial], direction: StudyDirection) -> list[FrozenTrial]:
    """Return the completed trials of different keys, best first."""
    completed = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    sign = -1 if direction == StudyDirection.MAXIMIZE else 1
    by_key: dict[str, FrozenTrial] = {}
    for trial in sorted(completed, key=lambda one: sign * (one.value or 0.0)):
        by_key.setdefault(trial.user_attrs["key"], trial)
    return list(by_key.values())


def _columns(workspace: Workspace, pipeline: str) -> int:
    try:
        return load_pipeline(pipeline, workspace.competition.rows_kind).columns
    except PodiumError:  # there is no such pipeline any more
        return 1


def _delete(folder: Path) -> None:
    """Delete a configuration, its manifest first: what is left of a column is no column."""
    files = sorted(folder.iterdir(), key=lambda path: path.name != "manifest.json")
    for path in files:
        with explained_os_errors(path):
            path.unlink(missing_ok=True)
    with explained_os_errors(folder):
        folder.rmdir()
