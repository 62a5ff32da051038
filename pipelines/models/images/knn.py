"""k nearest neighbours among training images and slightly moved copies of them, by faiss."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from pipelines.base import Classifier, Params, Pipeline, Regressor
from pipelines.features.components import FewComponents
from pipelines.features.feature_store import features_of
from pipelines.features.images.augmentation import moved_copies
from pipelines.features.images.described import FEATURES, described
from pipelines.features.images.preparation import PREPARED, check_images, check_training_set
from pipelines.parameters import (
    BELOW_ONE,
    COUNT,
    NOT_NEGATIVE,
    Constraints,
    between,
    check_parameters,
    one_of,
)

if TYPE_CHECKING:
    import optuna

Images = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]

_PRIOR = 1e-3  # votes given to every class, so that no probability is 0
_COPIES = {"none": (0, 0), "rotated": (2, 0), "shifted": (0, 4), "both": (2, 4)}


class _Neighbourhood(BaseEstimator):  # type: ignore[misc]
    """The k nearest training images, each with a vote of its distance to the power -p.

    Distances are Euclidean between rows of unit length, of pixels or of gradient histograms, in the
    space of their first principal components. The components are kept as bytes: that changes one
    prediction in thousands, and the model is a quarter as large.

    Args:
        k: How many neighbours vote.
        power: p, 100 at most; 0 gives every neighbour the same vote.
        features: `pixels`, or another of `pipelines.features.images.described.FEATURES`.
        upright: Deskew and centre every image first.
        blur: Standard deviation of a Gaussian blur, in pixels; 0 for none.
        components: How many principal components are compared.
        copies: What joins each training image: `none`, `rotated` (one copy each way), `shifted`
            (one copy in each of four directions), or `both`.
        rotation: Of the copies, in degrees.
        shift: Of the copies, as a share of the side.
    """

    constraints: ClassVar[Constraints] = {
        "k": COUNT,
        "power": between(0.0, 100.0),  # above it, votes leave the numbers
        "features": one_of(FEATURES),
        "upright": PREPARED["upright"],
        "blur": PREPARED["blur"],
        "components": COUNT,
        "copies": one_of(_COPIES),
        "rotation": NOT_NEGATIVE,
        "shift": BELOW_ONE,
    }

    def __init__(
        self,
        k: int = 4,
        power: float = 8.0,
        features: str = "4+7",
        upright: bool = True,
        blur: float = 0.0,
        components: int = 100,
        copies: str = "none",
        rotation: float = 10.0,
        shift: float = 0.04,
    ) -> None:
        self.k = k
        self.power = power
        self.features = features
        self.upright = upright
        self.blur = blur
        self.components = components
        self.copies = copies
        self.rotation = rotation
        self.shift = shift

    def _keep(self, images: Images) -> int:
        """Keep the components of images and of their copies; return how many of each there are."""
        check_images(images)
        rows = self._rows(images)
        self.components_ = FewComponents(self.components).fit(rows)
        rotated, shifted = _COPIES[self.copies]
        parts = [self.components_.transform(rows)]
        parts.extend(
            self.components_.transform(self._rows(copies))
            for copies in moved_copies(
                images, self.rotation if rotated else 0.0, self.shift if shifted else 0.0
            )
        )
        projected = np.concatenate(parts)
        self.lowest_ = float(projected.min(initial=0))
        self.step_ = float(np.ptp(projected)) / 255 or 1.0
        self.bytes_ = np.rint((projected - self.lowest_) / self.step_).astype(np.uint8)
        self._index: Any = None
        return len(parts)

    def _votes(self, images: Images) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Return the votes (n, k) and the numbers (n, k) of the nearest that were kept."""
        squared, nearest = self.neighbours(images, self.k)
        # In float64, as a high power of the distance to a copy is beyond float32.
        votes = (np.maximum(squared, 0, dtype=np.float64) + 1e-6) ** (-self.power / 2)
        return votes, nearest

    def neighbours(self, images: Images, k: int) -> tuple[Rows, npt.NDArray[np.int64]]:
        """Return squared distances (n, k) and numbers (n, k) of the nearest that were kept.

        Numbers count the training images first, then their copies, one kind of copy after another.
        """
        queries = self.components_.transform(self._rows(images))
        squared, nearest = self._searched().search(queries, min(k, len(self.bytes_)))
        return squared, nearest

    def _searched(self) -> Any:
        """Return the index, made when it is first asked for."""
        if self._index is None:
            import faiss

            rows = self.bytes_.astype(np.float32) * np.float32(self.step_)
            self._index = faiss.IndexFlatL2(rows.shape[1])
            self._index.add(rows + np.float32(self.lowest_))
        return self._index

    def __getstate__(self) -> dict[str, Any]:
        """Leave the index out: it is made again from the bytes."""
        return {**super().__getstate__(), "_index": None}

    def _rows(self, images: Images) -> Rows:
        seen = described(self.features, upright=self.upright, blur=self.blur)
        rows = features_of(seen, images)
        unit: Rows = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + np.float32(1e-6))
        return unit


class Neighbours(ClassifierMixin, _Neighbourhood):  # type: ignore[misc]
    """Vote of the nearest training images; the parameters are those of `_Neighbourhood`."""

    def fit(self, images: Images, labels: npt.NDArray[np.int64]) -> Self:
        """Learn from images (n, side, side[, 3]) uint8 and labels (n,).

        Raises:
            PodiumError: the images are not square, or too small to be described, there is nothing
                to learn from, or a parameter is out of its range.
        """
        check_parameters(self)
        images, labels = check_training_set(images, labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self.codes_ = np.tile(codes, self._keep(images)).astype(np.int32)
        return self

    def predict_proba(self, images: Images) -> npt.NDArray[np.float32]:
        """Return (n, n_classes) shares of the neighbours' votes."""
        weights, nearest = self._votes(images)
        votes = np.zeros((len(images), len(self.classes_)))
        rows = np.repeat(np.arange(len(images)), nearest.shape[1])
        np.add.at(votes, (rows, self.codes_[nearest].ravel()), weights.ravel())
        shares = votes / votes.sum(axis=1, keepdims=True) + _PRIOR
        probabilities: npt.NDArray[np.float32] = shares / shares.sum(axis=1, keepdims=True)
        return probabilities.astype(np.float32)

    def predict(self, images: Images) -> npt.NDArray[Any]:
        """Return the most voted label (n,) of each image."""
        labels: npt.NDArray[Any] = self.classes_[self.predict_proba(images).argmax(axis=1)]
        return labels


class NeighbourValues(RegressorMixin, _Neighbourhood):  # type: ignore[misc]
    """Mean of the nearest images' values by their votes; the parameters are `_Neighbourhood`'s."""

    def fit(self, images: Images, values: npt.NDArray[Any]) -> Self:
        """Learn from images (n, side, side[, 3]) uint8 and values (n,) or (n, t).

        Raises:
            PodiumError: the images are not square, or too small to be described, there is nothing
                to learn from, or a parameter is out of its range.
        """
        check_parameters(self)
        images, values = check_training_set(images, values, numbers=True)
        self.values_ = np.concatenate([values] * self._keep(images))
        return self

    def predict(self, images: Images) -> npt.NDArray[np.float64]:
        """Return values (n,), or (n, t) where several targets were learnt."""
        votes, nearest = self._votes(images)
        shares = votes / votes.sum(axis=1, keepdims=True)
        means: npt.NDArray[np.float64] = np.einsum("nk,nk...->n...", shares, self.values_[nearest])
        return means


class NearestNeighbours(Pipeline):
    """What is compared, which copies are added, and how the neighbours vote."""

    name: ClassVar[str] = "knn"
    family: ClassVar[str] = "neighbours"
    priority: ClassVar[int] = 3
    quick: ClassVar[bool] = True
    space_version: ClassVar[int] = 2
    needs: ClassVar[tuple[str, ...]] = ("faiss",)

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the features, the copies, the number of neighbours and their weighting."""
        return {
            "k": trial.suggest_int("k", 1, 12),
            "power": trial.suggest_float("power", 0.0, 12.0),
            "features": trial.suggest_categorical("features", FEATURES),
            "upright": trial.suggest_categorical("upright", [True, False]),
            "blur": trial.suggest_float("blur", 0.0, 1.5),
            "components": trial.suggest_int("components", 32, 160),
            "copies": trial.suggest_categorical("copies", list(_COPIES)),
            "rotation": trial.suggest_float("rotation", 5.0, 15.0),
            "shift": trial.suggest_float("shift", 0.02, 0.08),
        }

    def grid(self) -> dict[str, list[Any]]:
        """Return the number of neighbours and the copies."""
        return {"k": [2, 4, 7], "copies": list(_COPIES)}

    def cost(self, params: Params) -> float:
        """Return how many rows are kept for each training image."""
        return float(1 + sum(_COPIES[params["copies"]]))

    def build(self, params: Params, seed: int) -> Classifier:
        """Return a classifier; it is deterministic, so `seed` changes nothing."""
        return Neighbours(**params)

    def build_regressor(self, params: Params, seed: int) -> Regressor:
        """Return a regressor of one target or several, deterministic too."""
        return NeighbourValues(**params)


PIPELINE = NearestNeighbours()
