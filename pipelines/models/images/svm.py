"""A support vector machine on the principal components of gradient histograms."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import SVC

from pipelines.base import Estimator, Params, Pipeline
from pipelines.features.components import FewComponents
from pipelines.features.images.cached import Cached
from pipelines.features.images.gradients import GRIDS, GradientHistograms, named_grids
from pipelines.parameters import POSITIVE, Constraints, check_parameters, one_of, up_to
from pipelines.steps import in_steps

if TYPE_CHECKING:
    import optuna

_KERNELS = ("rbf", "poly")
_CACHE = 1000  # MiB of kernel rows that libsvm keeps


class PairwiseVoting(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """An exact SVC whose probabilities come from its pairwise margins, at no further fit.

    The probability of a class is proportional to the product, over the other classes, of a logistic
    function of the margin between the two: a fixed slope in place of Platt's, which would take a
    cross-validation inside the fit.

    Args:
        C: Penalty of an error.
        kernel: `rbf` or `poly` (of degree 3).
        gamma: Width of the kernel, where the rows have unit mean square.
        slope: Of the logistic function.
    """

    _parameter_constraints: ClassVar[Constraints] = {
        "C": POSITIVE,
        "kernel": one_of(_KERNELS),
        "gamma": up_to(1e6),  # cubed, it has to stay a number
        "slope": POSITIVE,
    }

    def __init__(
        self, C: float = 10.0, kernel: str = "rbf", gamma: float = 0.01, slope: float = 4.0
    ) -> None:
        self.C = C
        self.kernel = kernel
        self.gamma = gamma
        self.slope = slope

    def fit(self, rows: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> Self:
        """Learn from rows (n, n_features) and labels (n,).

        Raises:
            PodiumError: a parameter is out of its range.
        """
        check_parameters(self)
        self.scale_ = float(np.sqrt(np.mean(np.square(rows)))) or 1.0
        self.svc_ = SVC(
            C=self.C,
            kernel=self.kernel,
            gamma=self.gamma,
            coef0=1.0,
            decision_function_shape="ovo",
            cache_size=_CACHE,
        ).fit(rows / self.scale_, labels)
        self.classes_ = self.svc_.classes_
        return self

    def predict_proba(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return probabilities (n, n_classes)."""
        margins = self.svc_.decision_function(rows / self.scale_).reshape(len(rows), -1)
        if len(self.classes_) == 2:
            margins = -margins  # for two classes alone, positive speaks for the second
        first, second = np.triu_indices(len(self.classes_), 1)
        logs = np.zeros((len(rows), len(self.classes_)))
        for column, (a, b) in enumerate(zip(first, second, strict=True)):
            logs[:, a] -= np.logaddexp(0, -self.slope * margins[:, column])
            logs[:, b] -= np.logaddexp(0, self.slope * margins[:, column])
        powers = np.exp(logs - logs.max(axis=1, keepdims=True))
        probabilities: npt.NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
        return probabilities.astype(np.float32)

    def predict(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
        """Return the most probable label (n,) of each row."""
        labels: npt.NDArray[Any] = self.classes_[self.predict_proba(rows).argmax(axis=1)]
        return labels


class SupportVectors(Pipeline):
    """The features, how many of their components are kept, and the kernel."""

    name: ClassVar[str] = "svm"
    family: ClassVar[str] = "support vectors"

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the gradients' grids, the components, the kernel and its penalty."""
        return {
            "upright": trial.suggest_categorical("upright", [True, False]),
            "blur": trial.suggest_float("blur", 0.0, 1.0),
            "orientations": trial.suggest_categorical("orientations", [8, 10, 12]),
            "grids": trial.suggest_categorical("grids", list(GRIDS)),
            "components": trial.suggest_int("components", 40, 200),
            "kernel": trial.suggest_categorical("kernel", _KERNELS),
            "C": trial.suggest_float("C", 0.5, 50.0, log=True),
            "gamma": trial.suggest_float("gamma", 1e-3, 0.05, log=True),
            "slope": trial.suggest_float("slope", 1.0, 10.0, log=True),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the penalty and the width of the kernel."""
        return {"C": [3.0, 10.0, 30.0], "gamma": [0.003, 0.006, 0.012]}

    def build(self, params: Params, seed: int) -> Estimator:
        """Return the estimator; all of it is deterministic, so `seed` changes nothing.

        Raises:
            PodiumError: there are no such grids.
        """
        gradients = GradientHistograms(
            params["orientations"],
            named_grids(params["grids"]),
            upright=params["upright"],
            blur=params["blur"],
        )
        voting = PairwiseVoting(params["C"], params["kernel"], params["gamma"], params["slope"])
        return in_steps(Cached(gradients), FewComponents(params["components"]), voting)


PIPELINE = SupportVectors()
