"""k nearest neighbours on deskewed, blurred images, found exactly by faiss."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

import cv2
import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.decomposition import PCA

from pipelines.base import Estimator, Params, Pipeline
from pipelines.images.deskew import deskew

if TYPE_CHECKING:
    import optuna

Images = npt.NDArray[np.uint8]

_PRIOR = 1e-3  # votes given to every class, so that no probability is 0


class Neighbours(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Vote of the k nearest training images, each weighted by its distance to the power -p.

    Distances are Euclidean between images of unit norm, in the space of their first principal
    components: that is nine times as fast as between the pixels, and loses nothing.

    Args:
        k: How many neighbours vote.
        power: p; 0 gives every neighbour the same vote.
        upright: Deskew and centre every image first.
        blur: Standard deviation of a Gaussian blur, in pixels; 0 for none.
        components: How many principal components are compared.
    """

    def __init__(
        self,
        k: int = 5,
        power: float = 2.0,
        upright: bool = True,
        blur: float = 0.8,
        components: int = 96,
    ) -> None:
        self.k = k
        self.power = power
        self.upright = upright
        self.blur = blur
        self.components = components

    def fit(self, images: Images, labels: npt.NDArray[np.int64]) -> Self:
        """Keep the components of images (n, side, side) uint8 and their labels (n,)."""
        self.classes_, self.codes_ = np.unique(labels, return_inverse=True)
        rows = _unit_rows(self._prepared(images))
        self.n_features_in_ = rows.shape[1]
        kept = min(self.components, *rows.shape)
        self.projection_ = PCA(kept, svd_solver="covariance_eigh").fit(rows)
        self.rows_ = self._projected(rows)
        return self

    def predict_proba(self, images: Images) -> npt.NDArray[np.float32]:
        """Return (n, n_classes) shares of the neighbours' votes."""
        import faiss

        index = faiss.IndexFlatL2(self.rows_.shape[1])
        index.add(self.rows_)
        k = min(self.k, len(self.rows_))
        queries = self._projected(_unit_rows(self._prepared(images)))
        squared, nearest = index.search(queries, k)
        weights = (np.maximum(squared, 0) + 1e-6) ** (-self.power / 2)
        votes = np.zeros((len(images), len(self.classes_)))
        rows = np.repeat(np.arange(len(images)), k)
        np.add.at(votes, (rows, self.codes_[nearest].ravel()), weights.ravel())
        shares = votes / votes.sum(axis=1, keepdims=True) + _PRIOR
        probabilities: npt.NDArray[np.float32] = shares / shares.sum(axis=1, keepdims=True)
        return probabilities.astype(np.float32)

    def predict(self, images: Images) -> npt.NDArray[Any]:
        """Return the most voted label (n,) of each image."""
        labels: npt.NDArray[Any] = self.classes_[self.predict_proba(images).argmax(axis=1)]
        return labels

    def _projected(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.ascontiguousarray(self.projection_.transform(rows), dtype=np.float32)

    def _prepared(self, images: Images) -> Images:
        prepared = deskew(images) if self.upright else np.array(images)
        if self.blur > 0:
            for image in prepared:
                cv2.GaussianBlur(image, (0, 0), self.blur, dst=image)
        return prepared


def _unit_rows(images: Images) -> npt.NDArray[np.float32]:
    rows = images.reshape(len(images), -1).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-6
    return rows


class NearestNeighbours(Pipeline):
    """Exact nearest neighbours; its search space is what is done to the images before."""

    name: ClassVar[str] = "knn"
    family: ClassVar[str] = "neighbours"

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Ask for the number of neighbours, their weighting, deskewing and blur."""
        return {
            "k": trial.suggest_int("k", 1, 12),
            "power": trial.suggest_float("power", 0.0, 12.0),
            "upright": trial.suggest_categorical("upright", [True, False]),
            "blur": trial.suggest_float("blur", 0.0, 1.5),
            "components": trial.suggest_int("components", 32, 160),
        }

    def build(self, params: Params, seed: int) -> Estimator:
        """Return the estimator; it is deterministic, so `seed` changes nothing."""
        return Neighbours(**params)


PIPELINE = NearestNeighbours()
