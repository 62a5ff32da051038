"""Dense networks on distorted images, trained by Podium's own engine."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.base import Classifier, Params, Pipeline, Regressor

if TYPE_CHECKING:
    import optuna

_UNITS = [64, 128, 256, 512, 800, 1024]


class Mlp(Pipeline):
    """One to four hidden layers, their widths, the recipe and the distortions.

    Elastic distortions are what made dense networks good at digits: Simard, Steinkraus & Platt,
    'Best practices for convolutional neural networks applied to visual document analysis' (2003).
    """

    name: ClassVar[str] = "mlp"
    family: ClassVar[str] = "dense network"
    space_version: ClassVar[int] = 2
    deep: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("keras",)
    budget_share: ClassVar[float] = 0.5

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask a trial for the layers, the training recipe and the distortions."""
        layers = trial.suggest_int("layers", 1, 4)
        return {
            "hidden": tuple(
                trial.suggest_categorical(f"units_{layer}", _UNITS) for layer in range(layers)
            ),
            "dropout": trial.suggest_float("dropout", 0.0, 0.5),
            "epochs": trial.suggest_int("epochs", 4, 64, log=True),
            "batch_size": trial.suggest_categorical("batch_size", [128, 256, 512]),
            "learning_rate": trial.suggest_float("learning_rate", 3e-4, 1e-2, log=True),
            "weight_decay": trial.suggest_float("weight_decay", 1e-4, 0.3, log=True),
            "label_smoothing": trial.suggest_float("label_smoothing", 0.0, 0.1),
            "rotation": trial.suggest_float("rotation", 0.0, 20.0),
            "zoom": trial.suggest_float("zoom", 0.0, 0.25),
            "shear": trial.suggest_float("shear", 0.0, 0.4),
            "shift": trial.suggest_float("shift", 0.0, 0.1),
            "elastic": trial.suggest_float("elastic", 0.0, 0.05),
            "views": trial.suggest_categorical("views", [0, 4, 8]),
            "upright": trial.suggest_categorical("upright", [False, True]),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the width of the first layer and the elastic distortion."""
        return {"units_0": [128, 512, 1024], "elastic": [0.0, 0.03]}

    def cost(self, params: Params) -> float:
        """Return passes over the images, times the weights of the layers in millions."""
        sizes = [784, *params["hidden"], 10]
        weights = sum(below * above for below, above in pairwise(sizes))
        return float(params["epochs"] * (0.3 + weights / 1e6))

    def build(self, params: Params, seed: int) -> Classifier:
        """Return an unfitted network that tells classes apart."""
        from pipelines.networks.classifier import NetworkClassifier

        return NetworkClassifier(architecture="dense", **params, seed=seed)

    def build_regressor(self, params: Params, seed: int) -> Regressor:
        """Return an unfitted network that learns values; the smoothing of labels has no part."""
        from pipelines.networks.regressor import NetworkRegressor

        return NetworkRegressor(architecture="dense", **params, seed=seed)


PIPELINE = Mlp()
