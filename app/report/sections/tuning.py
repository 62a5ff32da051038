"""The tuning: Optuna's own plots of every study of this data."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.report.drawing.figures import Plot, plot, recoloured
from app.report.findings import Findings
from competition.problem.scores import with_error

if TYPE_CHECKING:
    import optuna
    import plotly.graph_objects as go
    from optuna.trial import FrozenTrial

# Fewer completed trials say nothing of what a parameter does: an importance would be noise.
LEAST_TRIALS = 10
TRIALS_PER_PARAMETER = 2
_AXES = 10  # of the parallel coordinates: the parameters with the most different values
_LINES = 150  # trials that they show, the best ones
_AXIS_WIDTH = 96  # pixels
_SLICE_WIDTH = 130


@dataclass(frozen=True)
class StudySection:
    """What the page shows of a study.

    Attributes:
        name: The pipeline, and what sets the study apart.
        summary: How many trials ended how, and the best.
        params: Parameters of the best trial.
        plots: Optuna's.
        missing: Which plots there are not, and why.
    """

    name: str
    summary: str
    params: list[tuple[str, str]]
    plots: list[Plot]
    missing: str


def tuning_section(findings: Findings) -> list[StudySection]:
    """Draw the studies of this data that have a completed trial.

    Raises:
        PodiumError: the database cannot be used.
    """
    database = findings.workspace.database
    if database.missing:
        return []

    from optuna.exceptions import StorageInternalError

    from pipelines.search.studies.patience import failed
    from pipelines.search.studies.study import open_storage

    storage = open_storage(database)
    try:
        with database.explained():
            names = [study.study_name for study in storage.get_all_studies()]
            ours = (name for name in sorted(names) if _is_of(findings, name))
            drawn = [_study(storage, name, findings.problem.metric.name) for name in ours]
    except StorageInternalError as error:
        raise failed(database, error) from error
    finally:
        storage.engine.dispose()
    return [section for section in drawn if section is not None]


def _is_of(findings: Findings, name: str) -> bool:
    ours = f"{findings.competition.slug}/"
    data, metric = f"/{findings.data.fingerprint[:8]}/", f"/{findings.problem.metric.name}"
    return name.startswith(ours) and data in name and name.endswith(metric)


def _study(storage: "optuna.storages.RDBStorage", name: str, metric: str) -> StudySection | None:
    import optuna
    from optuna.trial import TrialState

    stored = optuna.load_study(study_name=name, storage=storage)
    trials = stored.get_trials(deepcopy=False)
    ranked = _ranked(trials, stored.direction)
    if not ranked:
        return None
    best = ranked[0]
    ended = {
        word: sum(trial.state == state for trial in trials)
        for word, state in (
            ("completed", TrialState.COMPLETE),
            ("pruned", TrialState.PRUNED),
            ("unfinished", TrialState.FAIL),
        )
    }
    counts = ", ".join(f"{count} {word}" for word, count in ended.items() if count)
    # A copy in memory: to draw, Optuna reads all trials again and again.
    plots, missing = study_plots(_in_memory(trials, stored.direction), metric)
    _, pipeline, version, _, folds, seed, _ = name.split("/")
    count, fold_seed = folds.split("x")
    return StudySection(
        name=pipeline,
        summary=f"{counts}; the best, trial {best.number}, at {with_error(best.value, None)}. "
        f"Search space {version}, {count} folds of seed {fold_seed}, seed {seed}.",
        params=[(param, _short(value)) for param, value in best.params.items()],
        plots=plots,
        missing=missing,
    )


def _ranked(
    trials: "Sequence[FrozenTrial]", direction: "optuna.study.StudyDirection"
) -> "list[FrozenTrial]":
    """Return the completed trials, best first."""
    from optuna.study import StudyDirection
    from optuna.trial import TrialState

    completed = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    sign = -1 if direction == StudyDirection.MAXIMIZE else 1
    return sorted(completed, key=lambda trial: sign * (trial.value or 0.0))


def study_plots(study: "optuna.Study", metric: str) -> tuple[list[Plot], str]:
    """Draw a study.

    Importances need at least `LEAST_TRIALS` completed trials, and `TRIALS_PER_PARAMETER` for each
    parameter that varied.

    Args:
        study: With at least one completed trial.
        metric: The name of what its values are.

    Returns:
        The plots, and which are missing and why; empty where none is.
    """
    import optuna
    from optuna import visualization
    from optuna.importance import PedAnovaImportanceEvaluator

    ranked = _ranked(study.get_trials(deepcopy=False), study.direction)
    varied = varied_parameters(ranked)
    axes = varied[:_AXES]
    drawings: dict[str, tuple[int, Callable[[], go.Figure]]] = {
        "History": (0, lambda: visualization.plot_optimization_history(study, target_name=metric))
    }
    needed, missing = max(LEAST_TRIALS, TRIALS_PER_PARAMETER * len(varied)), ""
    if varied and len(ranked) >= needed:
        drawings[f"Importance, by {len(ranked)} completed trials"] = (
            0,
            lambda: visualization.plot_param_importances(
                study, evaluator=PedAnovaImportanceEvaluator(), target_name=metric
            ),
        )
    else:
        missing = (
            f"Importance is left out: it needs {needed} completed trials for {len(varied)} "
            f"parameters that varied, and has {len(ranked)}."
        )
    if len(ranked) > 1 and axes:
        few = _in_memory(ranked[:_LINES], study.direction)
        drawings[_parallel_title(len(few.trials), len(axes), len(varied))] = (
            _AXIS_WIDTH * (len(axes) + 1),
            lambda: _slanted(
                visualization.plot_parallel_coordinate(few, params=axes, target_name=metric)
            ),
        )
    drawings["Slice"] = (
        _SLICE_WIDTH * len(ranked[0].params),
        lambda: visualization.plot_slice(study, target_name=metric),
    )
    plots = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        for title, (width, draw) in drawings.items():
            try:
                plots.append(plot(recoloured(draw()), title, 340, width))
            except (ValueError, RuntimeError) as error:  # such as parameters that never varied
                missing += f" {title} cannot be drawn: {error}"
    return plots, missing.strip()


def varied_parameters(trials: "Sequence[FrozenTrial]") -> list[str]:
    """Return the parameters that have more than one value, the one with the most values first."""
    values: dict[str, set[Any]] = {}
    for trial in trials:
        for name, value in trial.params.items():
            values.setdefault(name, set()).add(value)
    varied = [name for name, found in values.items() if len(found) > 1]
    return sorted(varied, key=lambda name: (-len(values[name]), name))


def _parallel_title(lines: int, axes: int, varied: int) -> str:
    title = f"Parallel coordinates of the best {lines} trials"
    return title if axes == varied else f"{title}, {axes} most varied of {varied} parameters"


def _slanted(figure: "go.Figure") -> "go.Figure":
    """Slant the names of the axes, which would overlap side by side."""
    figure.update_xaxes(tickangle=-35)
    return figure


def _in_memory(
    trials: "Sequence[FrozenTrial]", direction: "optuna.study.StudyDirection"
) -> "optuna.Study":
    import optuna

    study = optuna.create_study(direction=direction)
    study.add_trials(trials)
    return study


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
