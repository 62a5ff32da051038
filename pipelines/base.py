"""What a pipeline is, and the registry: every module in `pipelines/models/` is one."""

import importlib
import tomllib
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from competition.errors import PodiumError
from competition.extras import cure_of, lacking
from competition.problem.targets import Kind
from competition.spec import Competition

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import optuna

MODELS = Path(__file__).parent / "models"

Params = dict[str, Any]


class Estimator(Protocol):
    """What scikit-learn's classifiers and regressors have in common, on rows of the data set."""

    def fit(self, rows: "npt.NDArray[Any]", truth: "npt.NDArray[Any]") -> Self:
        """Learn from rows, such as images (n, side, side[, 3]) uint8, and their truth.

        The truth is class indices (n,) int for a classifier; for a regressor, values (n,) float or,
        of several targets, (n, t).
        """


class Classifier(Estimator, Protocol):
    """scikit-learn's classifier contract."""

    def predict_proba(self, rows: "npt.NDArray[Any]") -> "npt.NDArray[np.float32]":
        """Return probabilities (n, n_classes), rows summing to 1, columns in label order."""


class Regressor(Estimator, Protocol):
    """scikit-learn's regressor contract."""

    def predict(self, rows: "npt.NDArray[Any]") -> "npt.NDArray[Any]":
        """Return values (n,), or (n, t) where it learnt several targets."""


@dataclass(frozen=True)
class ShippedPoint:
    """Parameters found by real tuning, tried before anything is sampled.

    Attributes:
        name: What to call it, such as `quick` or `strong`.
        params: Values by the names that the pipeline's `suggest` asks for.
        cost: Time of a fit, as the pipeline's `cost` reckons it.
        score: What it reached out of fold on the data that it was found on; None if unknown.
        standard_error: Of that score.
    """

    name: str
    params: Params
    cost: float
    score: float | None = None
    standard_error: float | None = None


class Pipeline(ABC):
    """One family of model: a search space, and how to build an estimator from a point of it.

    Class attributes:
        name: The name of its file in `pipelines/models/<rows>/`.
        rows: The kind of rows that it takes: `images`.
        family: What kind of model it is, for people.
        space_version: Goes up whenever `suggest` or `build` changes what a parameter means, so that
            an old study is never continued in a new space.
        deep: True where a fit has a costly start-up, and runs on a GPU if there is one (a network).
        budget_share: Share of the tuning time, relative to the other pipelines.
        priority: Those of a greater one are tuned first, so that a short time goes to what tells
            most.
        quick: Whether a fit takes little time on rows of any kind: in a run too short for others,
            it is tuned before them.
        columns: How many of its best trials become columns for the blend.
        floor: Whether it only shows what the others have to beat.
        most_rows: How many rows it can learn from; None for any number.
        needs: Modules that a small installation lacks.
        defaults: The first trial's parameters, where tuning has found none to ship yet.
    """

    name: ClassVar[str]
    rows: ClassVar[str] = "images"
    family: ClassVar[str]
    space_version: ClassVar[int] = 1
    deep: ClassVar[bool] = False
    budget_share: ClassVar[float] = 1.0
    priority: ClassVar[int] = 0
    quick: ClassVar[bool] = False
    columns: ClassVar[int] = 1
    floor: ClassVar[bool] = False
    most_rows: ClassVar[int | None] = None
    needs: ClassVar[tuple[str, ...]] = ()
    defaults: ClassVar[Params] = {}

    @abstractmethod
    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask a trial for one point of the search space; return the arguments of `build`."""

    def grid(self) -> dict[str, list[Any]]:
        """Return the values of a small grid over some parameters, for the grid sampler.

        The other parameters are those of the cheapest shipped point.
        """
        return {}

    def build(self, params: Params, seed: int) -> Classifier:
        """Return an unfitted classifier of these parameters; not defined where it takes none."""
        raise TypeError(f"{self.name} learns no classes")

    def build_regressor(self, params: Params, seed: int) -> Regressor:
        """Return an unfitted regressor of these parameters; not defined where it takes none."""
        raise TypeError(f"{self.name} learns no numbers")

    @property
    def takes_classes(self) -> bool:
        """Whether it learns classes: whether it defines `build`."""
        return type(self).build is not Pipeline.build

    @property
    def takes_numbers(self) -> bool:
        """Whether it learns numbers: whether it defines `build_regressor`."""
        return type(self).build_regressor is not Pipeline.build_regressor

    def classifies(self, kind: Kind) -> bool | None:
        """Return whether a classifier is to learn this kind of truth, or a regressor.

        Ordered classes are learnt as classes where the pipeline can, and else as numbers.

        Returns:
            None where the pipeline cannot learn it at all.
        """
        if kind != Kind.NUMBERS and self.takes_classes:
            return True
        return False if kind != Kind.CLASSES and self.takes_numbers else None

    def cost(self, params: Params) -> float:
        """Return how long a fit takes, relative to one of other parameters of this pipeline.

        The clock is held against it before a trial starts; 1 where the time hardly varies.
        """
        return 1.0

    def shortened(self, params: Params, share: float) -> Params | None:
        """Return parameters whose fit takes this share of the time, for a point that does not fit.

        None where a fit that is cut short is not worth its time, as it is here.
        """
        return None

    def redrawn(self, params: Params, draw: int) -> Params | None:
        """Return the same configuration from another random start, to be averaged with the first.

        None where chance has little part in a fit, as here: sampled points tell more.
        """
        return None

    def shipped(self) -> list[ShippedPoint]:
        """Return the shipped points of `models/shipped/<rows>/<name>.toml`, cheapest first.

        Without such a file there is one point, of the `defaults`.
        """
        points = [
            ShippedPoint(
                point["name"],
                point["params"],
                self.cost(suggested(self, point["params"])),
                point.get("score"),
                point.get("standard_error"),
            )
            for point in self._shipped_table()["point"]
        ]
        return sorted(points, key=lambda point: point.cost)

    def study(self) -> dict[str, Any]:
        """Return the summary of the study that found the shipped points; empty if there is none."""
        summary: dict[str, Any] = self._shipped_table().get("study", {})
        return summary

    def _shipped_table(self) -> dict[str, Any]:
        path = MODELS / "shipped" / self.rows / f"{self.name}.toml"
        if not path.exists():
            return {"point": [{"name": "default", "params": self.defaults}]}
        return tomllib.loads(path.read_text(encoding="utf-8"))


def available_pipelines(rows: str = "images") -> list[str]:
    """Return the names of all pipelines for a kind of rows, without importing any of them."""
    return sorted(
        path.stem for path in (MODELS / rows).glob("*.py") if not path.stem.startswith("_")
    )


@cache
def load_pipeline(name: str, rows: str = "images") -> Pipeline:
    """Import a pipeline by its name.

    Args:
        name: Of its file in `pipelines/models/<rows>/`.
        rows: The kind of rows that it takes: `Competition.rows_kind`.

    Raises:
        PodiumError: there is no pipeline of that name.
    """
    if name not in available_pipelines(rows):
        raise PodiumError(
            f"There is no pipeline {name!r} for {rows}: known are "
            f"{', '.join(available_pipelines(rows))}. Check PIPELINES, or add a file to "
            f"pipelines/models/{rows}/."
        )
    pipeline = importlib.import_module(f"pipelines.models.{rows}.{name}").PIPELINE
    assert isinstance(pipeline, Pipeline)
    return pipeline


@dataclass(frozen=True)
class Chosen:
    """The pipelines of a run.

    Attributes:
        pipelines: By their priority, and then in the order in which their budgets grow, so that
            time that cheap ones leave unused goes to the expensive ones.
        left_out: Why each other one that was asked for has no part in it, by its name.
    """

    pipelines: list[Pipeline]
    left_out: dict[str, str]


def chosen_pipelines(names: str | None, competition: Competition) -> Chosen:
    """Return the pipelines that a space- or comma-separated text names; all for none.

    Raises:
        PodiumError: a name is unknown, or none of them can learn what is asked here.
    """
    wanted = (names or "").replace(",", " ").split() or available_pipelines(competition.rows_kind)
    kept, left_out = [], {}
    for name in wanted:
        pipeline = _installed(name, competition.rows_kind)
        if isinstance(pipeline, str):
            left_out[name] = pipeline
        elif pipeline.classifies(competition.problem.kind) is None:
            left_out[name] = f"it cannot learn {competition.problem.kind}"
        else:
            kept.append(pipeline)
    if not kept:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise PodiumError(
            f"No pipeline can learn what {competition.slug} asks for ({reasons}). Choose other "
            "PIPELINES."
        )
    kept.sort(key=lambda each: (-each.priority, each.deep, each.budget_share))
    return Chosen(kept, left_out)


def _installed(name: str, rows: str) -> Pipeline | str:
    """Return a pipeline, or in words what it lacks here."""
    try:
        pipeline = load_pipeline(name, rows)
    except ModuleNotFoundError as error:
        module = error.name or ""
    else:
        module = lacking(*pipeline.needs) or ""
        if not module:
            return pipeline
    return cure_of(module) or f"it needs {module}, which is not installed"


def suggested(pipeline: Pipeline, params: Mapping[str, Any]) -> Params:
    """Return what `suggest` makes of fixed parameters, without a study.

    Raises:
        PodiumError: a parameter is missing or lies outside its range in the search space.
    """
    import optuna

    with warnings.catch_warnings():  # of a number outside its range, Optuna only warns
        warnings.filterwarnings("error", "The value .* is out of", UserWarning)
        try:
            return pipeline.suggest(optuna.trial.FixedTrial(dict(params)))
        except (UserWarning, ValueError) as error:
            raise PodiumError(
                f"The pipeline {pipeline.name} cannot take these parameters ({error}); fix its "
                "shipped points or its search space."
            ) from error
