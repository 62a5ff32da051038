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

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import optuna

MODELS = Path(__file__).parent / "models"

Params = dict[str, Any]


class Estimator(Protocol):
    """scikit-learn's classifier contract, on images instead of rows of features."""

    def fit(self, images: "npt.NDArray[np.uint8]", labels: "npt.NDArray[np.int64]") -> Self:
        """Learn from images (n, side, side) uint8 and labels (n,) int."""

    def predict_proba(self, images: "npt.NDArray[np.uint8]") -> "npt.NDArray[np.float32]":
        """Return probabilities (n, n_classes), rows summing to 1, columns in label order."""


@dataclass(frozen=True)
class ShippedPoint:
    """Parameters found by real tuning, tried before anything is sampled.

    Attributes:
        name: What to call it, such as `quick` or `strong`.
        params: Values by the names that the pipeline's `suggest` asks for.
        cost: Time of a fit, as the pipeline's `cost` reckons it.
        accuracy: What it reached out of fold on the data that it was found on; None if unknown.
        standard_error: Of that accuracy.
    """

    name: str
    params: Params
    cost: float
    accuracy: float | None = None
    standard_error: float | None = None


class Pipeline(ABC):
    """One family of model: a search space, and how to build an estimator from a point of it.

    Class attributes:
        name: The name of its file in `pipelines/models/`.
        family: What kind of model it is, for people.
        space_version: Goes up whenever `suggest` or `build` changes what a parameter means, so that
            an old study is never continued in a new space.
        deep: True where one fit uses every core and a costly start-up (a network).
        budget_share: Share of the tuning time, relative to the other pipelines.
        columns: How many of its best trials become columns for the blend.
        defaults: The first trial's parameters, where tuning has found none to ship yet.
    """

    name: ClassVar[str]
    family: ClassVar[str]
    space_version: ClassVar[int] = 1
    deep: ClassVar[bool] = False
    budget_share: ClassVar[float] = 1.0
    columns: ClassVar[int] = 1
    defaults: ClassVar[Params] = {}

    @abstractmethod
    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask a trial for one point of the search space; return the arguments of `build`."""

    def grid(self) -> dict[str, list[Any]]:
        """Return the values of a small grid over some parameters, for the grid sampler.

        The other parameters are those of the cheapest shipped point.
        """
        return {}

    @abstractmethod
    def build(self, params: Params, seed: int) -> Estimator:
        """Return an unfitted estimator of these parameters."""

    def cost(self, params: Params) -> float:
        """Return how long a fit takes, relative to one of other parameters of this pipeline.

        The clock is held against it before a trial starts; 1 where the time hardly varies.
        """
        return 1.0

    def shipped(self) -> list[ShippedPoint]:
        """Return the shipped points of `models/shipped/<name>.toml`, cheapest first.

        Without such a file there is one point, of the `defaults`.
        """
        points = [
            ShippedPoint(
                point["name"],
                point["params"],
                self.cost(suggested(self, point["params"])),
                point.get("accuracy"),
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
        path = MODELS / "shipped" / "images" / f"{self.name}.toml"
        if not path.exists():
            return {"point": [{"name": "default", "params": self.defaults}]}
        return tomllib.loads(path.read_text(encoding="utf-8"))


def available_pipelines() -> list[str]:
    """Return the names of all pipelines, sorted, without importing any of them."""
    return sorted(path.stem for path in (MODELS / "images").glob("*.py") if not path.stem.startswith("_"))


@cache
def load_pipeline(name: str) -> Pipeline:
    """Import a pipeline by its name.

    Raises:
        PodiumError: there is no pipeline of that name.
    """
    if name not in available_pipelines():
        raise PodiumError(
            f"There is no pipeline {name!r}: known are {', '.join(available_pipelines())}. "
            "Check PIPELINES, or add a file to pipelines/models/."
        )
    pipeline = importlib.import_module(f"pipelines.models.images.{name}").PIPELINE
    assert isinstance(pipeline, Pipeline)
    return pipeline


def chosen_pipelines(names: str | None) -> list[Pipeline]:
    """Return the pipelines that a space- or comma-separated text names; all for none.

    They come in the order in which their budgets grow, so that time that cheap ones leave unused
    goes to the dear ones.

    Raises:
        PodiumError: a name is unknown.
    """
    wanted = (names or "").replace(",", " ").split() or available_pipelines()
    pipelines = {name: load_pipeline(name) for name in wanted}
    return sorted(pipelines.values(), key=lambda pipeline: (pipeline.deep, pipeline.budget_share))


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
                f"The pipeline {pipeline.name} cannot take these parameters ({error}); mend its "
                "shipped points or its search space."
            ) from error
