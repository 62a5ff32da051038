"""A support vector machine on the principal components of gradient histograms."""

from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.base import Classifier, Params, Pipeline, Regressor
from pipelines.features.components import FewComponents
from pipelines.features.images.cached import Cached
from pipelines.features.images.gradients import GRIDS, GradientHistograms, named_grids
from pipelines.models.estimators.support_vectors import (
    KERNELS,
    PairwiseVoting,
    SupportVectorValues,
)
from pipelines.steps import in_steps

if TYPE_CHECKING:
    import optuna


class SupportVectors(Pipeline):
    """The features, how many of their components are kept, and the kernel."""

    name: ClassVar[str] = "svm"
    family: ClassVar[str] = "support vectors"
    priority: ClassVar[int] = 4

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the gradients' grids, the components, the kernel and its penalty."""
        return {
            "upright": trial.suggest_categorical("upright", [True, False]),
            "blur": trial.suggest_float("blur", 0.0, 1.0),
            "orientations": trial.suggest_categorical("orientations", [8, 10, 12]),
            "grids": trial.suggest_categorical("grids", list(GRIDS)),
            "components": trial.suggest_int("components", 40, 200),
            "kernel": trial.suggest_categorical("kernel", KERNELS),
            "C": trial.suggest_float("C", 0.5, 50.0, log=True),
            "gamma": trial.suggest_float("gamma", 1e-3, 0.05, log=True),
            "slope": trial.suggest_float("slope", 1.0, 10.0, log=True),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the penalty and the width of the kernel."""
        return {"C": [3.0, 10.0, 30.0], "gamma": [0.003, 0.006, 0.012]}

    def cost(self, params: Params) -> float:
        """Return the number of components, of which each value of the kernel is computed."""
        return float(params["components"])

    def build(self, params: Params, seed: int) -> Classifier:
        """Return a classifier; all of it is deterministic, so `seed` changes nothing.

        Raises:
            PodiumError: there are no such grids.
        """
        voting = PairwiseVoting(params["C"], params["kernel"], params["gamma"], params["slope"])
        return in_steps(*_components(params), voting)

    def build_regressor(self, params: Params, seed: int) -> Regressor:
        """Return a regressor, deterministic too; the slope has no part in it.

        Raises:
            PodiumError: there are no such grids.
        """
        values = SupportVectorValues(params["C"], params["kernel"], params["gamma"])
        return in_steps(*_components(params), values)


def _components(params: Params) -> tuple[Any, ...]:
    """Return the steps before the support vectors."""
    gradients = GradientHistograms(
        params["orientations"],
        named_grids(params["grids"]),
        upright=params["upright"],
        blur=params["blur"],
    )
    return Cached(gradients), FewComponents(params["components"])


PIPELINE = SupportVectors()
