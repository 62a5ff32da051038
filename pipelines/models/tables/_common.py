"""What pipelines for tables have in common."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from competition.problem.targets import Kind
from pipelines.base import Classifier, Params, Pipeline, Regressor
from pipelines.features.tables.view import View
from pipelines.models.estimators.tables.estimator import (
    Encoder,
    Learner,
    TableClassifier,
    TableRegressor,
)

if TYPE_CHECKING:
    import optuna

Made = TypeVar("Made", bound=Any)

VIEWED = ("trends", "topics", "codes", "counts", "groups", "pairs", "crossings")

_WIDTHS = {"codes": 0.5, "counts": 0.5, "groups": 1.0, "pairs": 2.0, "crossings": 2.0}


class TablePipeline(Pipeline):
    """A view of the table, an encoder and a learner; classes and numbers are built alike.

    Class attributes:
        cycles: Whether dates go round in cycles, for models without cuts.
    """

    rows: ClassVar[str] = "tables"
    cycles: ClassVar[bool] = False

    def classifies(self, kind: Kind) -> bool | None:
        """Return whether a classifier is to learn it: ordered classes are learnt as numbers."""
        return kind == Kind.CLASSES

    @abstractmethod
    def encoder(self, params: Params) -> Encoder:
        """Return the unfitted encoder of these parameters."""

    @abstractmethod
    def learner(self, params: Params, seed: int) -> Learner:
        """Return the unfitted learner of these parameters."""

    def build(self, params: Params, seed: int) -> Classifier:
        """Return a classifier; `seed` decides inner folds and whatever is drawn."""
        return TableClassifier(*self._steps(params, seed), seed)

    def build_regressor(self, params: Params, seed: int) -> Regressor:
        """Return a regressor, with a model for each target; `seed` as for a classifier."""
        return TableRegressor(*self._steps(params, seed), seed)

    def _steps(self, params: Params, seed: int) -> tuple[View, Encoder, Learner]:
        wanted: dict[str, Any] = {name: params[name] for name in VIEWED if name in params}
        view = View(cycles=self.cycles, **wanted)
        return view, self.encoder(params), self.learner(params, seed)


def suggested_view(trial: "optuna.trial.BaseTrial", *without: str) -> Params:
    """Ask which features are seen beside the cells, but for some."""
    views = [name for name in VIEWED if name not in without]
    return {name: trial.suggest_categorical(name, [False, True]) for name in views}


def made(kind: type[Made], params: Params, seed: int) -> Made:
    """Return a learner with those of the parameters that it has."""
    wanted = {name: value for name, value in params.items() if name in kind().get_params()}
    learner: Made = kind(**wanted, seed=seed)
    return learner


def width_of(params: Params) -> float:
    """Return how many features are seen, where 1 stands for the cells alone."""
    return 1.0 + sum(share for view, share in _WIDTHS.items() if params.get(view))
