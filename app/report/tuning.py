"""The tuning: Optuna's own plots of every study of this data."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from competition.settings import database_url

from app.report.figures import Plot, plot, recoloured
from app.report.findings import Findings
from competition.database import missing_file

if TYPE_CHECKING:
    import optuna
    import plotly.graph_objects as go

_ENOUGH = 4  # completed trials that importances and parallel coordinates need to say something
_TARGET = "accuracy"
_WIDTHS = {"Slice": 130, "Parallel coordinates": 90}  # pixels for each parameter
_LINES = 150  # trials that the parallel coordinates show, the best ones


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
    url = database_url(findings.competition)
    if missing_file(url):
        return []

    from pipelines.search.storage import explained_database_errors, open_database

    with explained_database_errors(url):
        storage = open_database(url)
        try:
            names = [study.study_name for study in storage.get_all_studies()]
            ours = f"{findings.competition.slug}/"
            data = f"/{findings.data.fingerprint[:8]}/"
            drawn = [
                _study(storage, name)
                for name in sorted(names)
                if name.startswith(ours) and data in name
            ]
        finally:
            storage.engine.dispose()
    return [section for section in drawn if section is not None]


def _study(storage: "optuna.storages.RDBStorage", name: str) -> StudySection | None:
    import optuna
    from optuna.trial import TrialState

    study = optuna.load_study(study_name=name, storage=storage)
    trials = study.get_trials(deepcopy=False)
    # A copy in memory: to draw, Optuna reads all trials again and again.
    study = _in_memory(trials)
    completed = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not completed:
        return None
    best = max(completed, key=lambda trial: (trial.value, -trial.user_attrs.get("log_loss", 0.0)))
    ended = {
        word: sum(trial.state == state for trial in trials)
        for word, state in (
            ("completed", TrialState.COMPLETE),
            ("pruned", TrialState.PRUNED),
            ("unfinished", TrialState.FAIL),
        )
    }
    counts = ", ".join(f"{count} {word}" for word, count in ended.items() if count)
    plots, missing = _plots(study, completed)
    _, pipeline, version, _, folds, seed = name.rsplit("/", 5)
    count, fold_seed = folds.split("x")
    return StudySection(
        name=pipeline,
        summary=f"{counts}; the best, trial {best.number}, at {best.value:.4f}. Search space "
        f"{version}, {count} folds of seed {fold_seed}, seed {seed}.",
        params=[(param, _short(value)) for param, value in best.params.items()],
        plots=plots,
        missing=missing,
    )


def _plots(
    study: "optuna.Study", completed: "list[optuna.trial.FrozenTrial]"
) -> tuple[list[Plot], str]:
    import optuna
    from optuna import visualization
    from optuna.importance import PedAnovaImportanceEvaluator

    ranked = sorted(completed, key=lambda trial: trial.value or 0.0, reverse=True)
    few = _in_memory(ranked[:_LINES])
    drawings: dict[str, Callable[[], go.Figure]] = {
        "History": lambda: visualization.plot_optimization_history(study, target_name=_TARGET)
    }
    missing = ""
    if len(completed) >= _ENOUGH:
        drawings["Importance"] = lambda: visualization.plot_param_importances(
            study, evaluator=PedAnovaImportanceEvaluator(), target_name=_TARGET
        )
        drawings["Parallel coordinates"] = lambda: visualization.plot_parallel_coordinate(
            few, target_name=_TARGET
        )
    else:
        missing = (
            f"Too few trials for importances and parallel coordinates ({len(completed)} "
            f"completed, {_ENOUGH} needed): make tune adds more."
        )
    drawings["Slice"] = lambda: visualization.plot_slice(study, target_name=_TARGET)
    plots = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        for title, draw in drawings.items():
            try:
                width = _WIDTHS.get(title, 0) * len(completed[0].params)
                plots.append(plot(recoloured(draw()), title, 340, width))
            except (ValueError, RuntimeError) as error:  # such as parameters that never varied
                missing += f" {title} cannot be drawn: {error}"
    return plots, missing.strip()


def _in_memory(trials: "list[optuna.trial.FrozenTrial]") -> "optuna.Study":
    import optuna

    study = optuna.create_study(direction="maximize")
    study.add_trials(trials)
    return study


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
