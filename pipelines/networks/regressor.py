"""A network that keeps scikit-learn's regressor contract on images."""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from pipelines.features.images.preparation import check_training_set
from pipelines.networks.architectures import Head
from pipelines.networks.estimator import ImageNetwork, Images, checked_images
from pipelines.parameters import check_parameters
from pipelines.targets import StandardisedRegressor, Values


class NetworkRegressor(ImageNetwork, StandardisedRegressor):
    """A network that learns values; its parameters are those of `ImageNetwork`.

    It learns standardised targets by their mean squared error, several of them together.
    """

    head: ClassVar[Head] = "linear"

    def fit(self, images: Images, values: npt.NDArray[Any]) -> Self:
        """Learn from images and values.

        Args:
            images: (n, side, side) or (n, side, side, 3) uint8.
            values: (n,) float, or (n, t) of several targets.

        Raises:
            PodiumError: a parameter is out of its range, the images have another shape or type,
                a value is not finite, or the loss leaves the finite numbers.
        """
        check_parameters(self)
        images, values = check_training_set(checked_images(images), values, numbers=True)
        targets = self._standardised(values).astype(np.float32)
        self._fit(images, targets, targets.shape[1])
        return self

    def predict(self, images: Images) -> Values:
        """Return values (n,) float64, or (n, t) where several targets were learnt.

        Raises:
            PodiumError: the images have another shape or type than the fitted ones.
        """
        return self._restored(self._predicted(images).mean(axis=0))
