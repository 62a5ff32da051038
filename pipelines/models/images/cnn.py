"""Convolutional networks, trained by Podium's own engine."""

from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.base import Classifier, Params, Pipeline, Regressor

if TYPE_CHECKING:
    import optuna

# Seconds of a pass over the images at width 1, relative to `compact`: measured on 2 cores.
_TIME = {
    "compact": 1.0,
    "pooled": 3.0,
    "deotte": 5.0,
    "residual": 5.0,
    "two_block": 5.0,
    "k5": 20.0,
    "k7": 25.0,
    "k3": 35.0,
}
_DRAWS = 4  # random starts of a configuration
# What a pass takes by width, measured on `compact` from 1 on: in between, oneDNN fills up blocks.
_WIDTHS = {0.25: 0.15, 0.5: 0.35, 1.0: 1.0, 1.25: 2.0, 1.5: 2.5, 2.0: 2.9, 3.0: 6.2}
_START = 0.7  # passes that could be made while a graph is traced: most of what a short fit takes


class CnnPipeline(Pipeline):
    """Convolutional stacks: eight shapes, their width, the recipe and the augmentation."""

    name = "cnn"
    family = "convolutional network"
    space_version = 5
    deep = True
    needs = ("keras",)
    budget_share = 24.0
    priority = 1  # before the weak ones, which get what it leaves
    columns = 5

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask a trial for the architecture, its training recipe and the distortions."""
        return {
            "architecture": trial.suggest_categorical("architecture", list(_TIME)),
            "width": trial.suggest_categorical("width", list(_WIDTHS)),
            "dropout": trial.suggest_float("dropout", 0.0, 0.6),
            "epochs": trial.suggest_int("epochs", 2, 64, log=True),
            "batch_size": trial.suggest_categorical("batch_size", [64, 128, 256]),
            "learning_rate": trial.suggest_float("learning_rate", 5e-4, 2e-2, log=True),
            "weight_decay": trial.suggest_float("weight_decay", 1e-4, 0.3, log=True),
            "label_smoothing": trial.suggest_float("label_smoothing", 0.0, 0.1),
            "averaging": trial.suggest_float("averaging", 0.01, 0.1, log=True),
            "rotation": trial.suggest_float("rotation", 0.0, 25.0),
            "zoom": trial.suggest_float("zoom", 0.0, 0.25),
            "shear": trial.suggest_float("shear", 0.0, 0.4),
            "shift": trial.suggest_float("shift", 0.0, 0.15),
            "elastic": trial.suggest_float("elastic", 0.0, 0.05),
            "upright": trial.suggest_categorical("upright", [False, True]),
            "views": trial.suggest_categorical("views", [0, 4, 8]),
            "draw": trial.suggest_int("draw", 0, _DRAWS - 1),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the shapes, each a half and once as wide as published."""
        return {"architecture": list(_TIME), "width": [0.5, 1.0]}

    def cost(self, params: Params) -> float:
        """Return passes over the images, times the time of one relative to the plain network's."""
        wider = np.interp(params["width"], list(_WIDTHS), list(_WIDTHS.values()))
        return float(_START + params["epochs"] * _TIME[params["architecture"]] * wider)

    def shortened(self, params: Params, share: float) -> Params:
        """Return the same network with fewer passes over the images: its schedule shrinks too."""
        return params | {"epochs": round(share * params["epochs"])}

    def redrawn(self, params: Params, draw: int) -> Params:
        """Return the same network of another seed: what two err in differs by half."""
        return params | {"draw": draw}

    def build(self, params: Params, seed: int) -> Classifier:
        """Return an unfitted network that tells classes apart."""
        from pipelines.networks.classifier import NetworkClassifier

        return NetworkClassifier(**params, seed=seed)

    def build_regressor(self, params: Params, seed: int) -> Regressor:
        """Return an unfitted network that learns values; the smoothing of labels has no part."""
        from pipelines.networks.regressor import NetworkRegressor

        return NetworkRegressor(**params, seed=seed)


PIPELINE = CnnPipeline()
