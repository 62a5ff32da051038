"""Networks: embeddings of categories, and numbers in pieces after Gorishniy et al. 2022."""

from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.base import Params
from pipelines.features.tables.learnt.bins import NetworkEncoder
from pipelines.features.tables.learnt.scaling import SCALINGS
from pipelines.models.estimators.tables.estimator import Encoder, Learner
from pipelines.models.estimators.tables.network import TableNetwork
from pipelines.models.tables._common import TablePipeline, made, suggested_view, width_of

if TYPE_CHECKING:
    import optuna

_EMBEDDED = 40  # levels of a category; more would be learnt by heart, so they are the truth's means


class Network(TablePipeline):
    """What is seen of the table, how numbers are given, and the network and its training."""

    name: ClassVar[str] = "mlp"
    family: ClassVar[str] = "network"
    space_version: ClassVar[int] = 2
    priority: ClassVar[int] = 1
    deep: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("keras",)
    columns: ClassVar[int] = 2
    cycles: ClassVar[bool] = True

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the features, the network, and how it is trained."""
        return {
            **suggested_view(trial, "crossings"),
            "scaling": trial.suggest_categorical("scaling", SCALINGS),
            "pieces": trial.suggest_int("pieces", 0, 32),
            "width": trial.suggest_int("width", 32, 512, log=True),
            "depth": trial.suggest_int("depth", 1, 4),
            "dropout": trial.suggest_float("dropout", 0.0, 0.5),
            "epochs": trial.suggest_int("epochs", 5, 100, log=True),
            "batch_size": trial.suggest_categorical("batch_size", [128, 256, 512, 1024]),
            "learning_rate": trial.suggest_float("learning_rate", 5e-4, 2e-2, log=True),
            "weight_decay": trial.suggest_float("weight_decay", 1e-3, 0.5, log=True),
            "label_smoothing": trial.suggest_float("label_smoothing", 0.0, 0.1),
            "members": trial.suggest_int("members", 1, 4),
            "stopped": trial.suggest_categorical("stopped", [False, True]),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the units of a layer, and how long is trained."""
        return {"width": [64, 256], "epochs": [15, 40]}

    def cost(self, params: Params) -> float:
        """Return the members, times the passes over the rows and the size of the network."""
        size = 0.3 + params["width"] * (params["depth"] + params["pieces"] / 8) / 256
        steps = params["epochs"] * (256 / params["batch_size"]) ** 0.5
        return float(params["members"] * steps * size * width_of(params)) / 20

    def encoder(self, params: Params) -> Encoder:
        """Return the encoder."""
        return NetworkEncoder(params["scaling"], params["pieces"], _EMBEDDED)

    def learner(self, params: Params, seed: int) -> Learner:
        """Return the network."""
        return made(TableNetwork, params, seed)


PIPELINE = Network()
