"""A network that keeps scikit-learn's classifier contract on images."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin

from pipelines.features.images.preparation import check_training_set
from pipelines.networks.architectures import Head
from pipelines.networks.estimator import ImageNetwork, Images, Outputs, checked_images
from pipelines.parameters import check_parameters

Labels = npt.NDArray[np.int64]


class NetworkClassifier(ClassifierMixin, ImageNetwork):  # type: ignore[misc]
    """A network that tells classes apart; its parameters are those of `ImageNetwork`.

    Example:
        >>> model = NetworkClassifier(epochs=3, seed=1).fit(images, labels)  # doctest: +SKIP
        >>> model.predict_proba(others).shape  # doctest: +SKIP
        (599, 10)
    """

    head: ClassVar[Head] = "softmax"

    def fit(self, images: Images, labels: Labels) -> Self:
        """Learn from images and labels (n,), whose values become `classes_`.

        Args:
            images: (n, side, side) or (n, side, side, 3) uint8.
            labels: (n,) int.

        Raises:
            PodiumError: a parameter is out of its range, the images have another shape or type,
                there is one class only, or the loss leaves the finite numbers.
        """
        check_parameters(self)
        images, labels = check_training_set(checked_images(images), labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self._fit(images, codes.astype(np.int32), len(self.classes_))
        return self

    def predict_proba(self, images: Images) -> Outputs:
        """Return class probabilities (n, n_classes) float32 for images of the fitted shape.

        Raises:
            PodiumError: the images have another shape or type than the fitted ones.
        """
        total: Outputs = _softmax(self._predicted(images)).sum(axis=0)
        total /= total.sum(axis=1, keepdims=True)
        return total

    def predict(self, images: Images) -> Labels:
        """Return the most probable label (n,) of each image."""
        best: Labels = self.classes_[self.predict_proba(images).argmax(axis=1)]
        return best


def _softmax(logits: Outputs) -> Outputs:
    """Return the softmax of logits (…, n_classes) over the classes."""
    powers: Outputs = np.exp(logits - logits.max(axis=-1, keepdims=True))
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers
