"""What networks have in common that keep scikit-learn's contract on images."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from competition.errors import PodiumError
from pipelines.features.images.augmentation import Distortion, in_background
from pipelines.features.images.deskew import deskew
from pipelines.features.images.preparation import are_square_images
from pipelines.networks.architectures import Head, NetworkShape, network_side
from pipelines.networks.ranges import RANGES
from pipelines.networks.training.recipe import (
    Recipe,
    Targets,
    fitting_batch,
    reporter,
    sampled,
    training_chunks,
)
from pipelines.networks.training.trainers import Trainer, number_format, trainer_of
from pipelines.parameters import Constraints

Images = npt.NDArray[np.uint8]
Outputs = npt.NDArray[np.float32]

# Images in a chunk of the compiled loop: the unit of augmentation and of progress.
_CHUNK = 4096
_APART = 1000  # seeds between two random starts: folds, which count on from a seed, never meet

# Batches of undistorted training images, which the images to predict resemble, that
# normalisation's statistics are measured on: held-out log loss falls by a twentieth against those
# of distorted ones.
_STATISTICS_BATCHES = 24


class ImageNetwork(BaseEstimator):  # type: ignore[misc]
    """A network with augmentation, one learning-rate cycle and averaged weights.

    Images may be grey or in colour, of any side. The same seed, data, machine and number of threads
    give the same probabilities within 0.02 for all but a few images in a thousand; refitting starts
    from fresh weights. TensorFlow is imported by the first `fit` or prediction, and uses
    `OMP_NUM_THREADS` threads, or every core.

    Args:
        architecture: A key of `pipelines.networks.architectures.ARCHITECTURES`.
        width: Factor on the number of filters.
        hidden: Units of each hidden layer of the `dense` architecture; the others have none.
        dropout: Dropout rate.
        epochs: Passes over the training images.
        min_steps: The least number of optimisation steps, so that few images get more passes.
        batch_size: Images per step; less where the images are few.
        learning_rate: Peak of the one-cycle schedule.
        weight_decay: AdamW's, relative to the learning rate.
        label_smoothing: Share of each label that is spread over all classes; values have none.
        averaging: Time constant of the weights' moving average, as a share of the steps.
        rotation: Augmentation, in degrees; this and the next are half-widths about 'unchanged'.
        zoom: Relative change of size.
        shear: Tangent of the shear angle.
        shift: Share of the image's side.
        elastic: Standard deviation of elastic displacements, as a share of the side.
        views: Distorted copies of each image to predict, beside itself, and to average with; at
            half the ranges of the augmentation.
        upright: Whether images are deskewed and centred before anything else.
        precision: `auto`, or a Keras dtype policy: `float32` or `mixed_bfloat16`.
        draw: Which of several random starts of one seed.
        seed: Of weights, order, augmentation and dropout.
    """

    head: ClassVar[Head]
    constraints: ClassVar[Constraints] = RANGES

    def __init__(
        self,
        *,
        architecture: str = "compact",
        width: float = 1.0,
        hidden: tuple[int, ...] = (),
        dropout: float = 0.3,
        epochs: float = 4,
        min_steps: int = 400,
        batch_size: int = 128,
        learning_rate: float = 4e-3,
        weight_decay: float = 0.01,
        label_smoothing: float = 0.03,
        averaging: float = 0.03,
        rotation: float = 12.0,
        zoom: float = 0.12,
        shear: float = 0.15,
        shift: float = 0.08,
        elastic: float = 0.0,
        views: int = 0,
        upright: bool = False,
        precision: str = "auto",
        draw: int = 0,
        seed: int = 0,
    ) -> None:
        self.architecture = architecture
        self.width = width
        self.hidden = hidden
        self.dropout = dropout
        self.epochs = epochs
        self.min_steps = min_steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.averaging = averaging
        self.rotation = rotation
        self.zoom = zoom
        self.shear = shear
        self.shift = shift
        self.elastic = elastic
        self.views = views
        self.upright = upright
        self.precision = precision
        self.draw = draw
        self.seed = seed

    def _fit(self, images: Images, targets: Targets, outputs: int) -> None:
        """Learn from images and, of each, its class (n,) int32 or its values (n, t) float32.

        Raises:
            PodiumError: the loss leaves the finite numbers.
        """
        self.shape_, self.outputs_ = images.shape[1:], outputs
        self.number_format_ = number_format(self.precision)
        images = self._prepared(images)
        recipe = self._recipe(len(images))
        chunks = in_background(
            training_chunks(
                images,
                targets,
                recipe,
                self._distortion(1.0),
                seed=self._seed,
                steps=max(1, _CHUNK // recipe.batch_size),
            )
        )
        trainer = self._trainer(recipe.batch_size)
        trainer.train(chunks, recipe, self._seed, reporter(recipe, len(images)))
        trainer.measure_statistics(
            sampled(images, _STATISTICS_BATCHES * recipe.batch_size, self._seed)
        )
        self.weights_ = [np.asarray(weight) for weight in trainer.network.get_weights()]
        if not all(np.isfinite(weight).all() for weight in self.weights_):
            raise PodiumError(
                f"Training diverged at a learning rate of {self.learning_rate:g}; lower it."
            )

    def _predicted(self, images: Images) -> Outputs:
        """Return the outputs (1 + views, n, outputs) for images, and for distorted copies of them.

        Raises:
            PodiumError: the images have another shape or type than the fitted ones.
        """
        check_is_fitted(self, "weights_")
        images = checked_images(images)
        if images.shape[1:] != self.shape_:
            raise PodiumError(
                f"This network was fitted on images of {_times(self.shape_)} pixels; these have "
                f"{_times(images.shape[1:])}. Resize them first."
            )
        if not len(images):
            return np.empty((1, 0, self.outputs_), np.float32)
        trainer = self._trainer(None)
        trainer.network.set_weights(self.weights_)
        images = self._prepared(images)
        copies = [images, *self._distortion(0.5).views(images, self.views, self._seed)]
        outputs = trainer.predict(np.concatenate(copies))
        return outputs.reshape(len(copies), len(images), self.outputs_)

    @property
    def _seed(self) -> int:
        return (self.seed + _APART * self.draw) % 2**32

    def _prepared(self, images: Images) -> Images:
        """Return images as the network sees them: upright if so wanted, and large enough."""
        if self.upright:
            images = deskew(images)
        return _resized(images, network_side(self.shape_[0]))

    def _distortion(self, share: float) -> Distortion:
        """Return the augmentation at a share of its ranges."""
        ranges = (self.rotation, self.zoom, self.shear, self.shift, self.elastic)
        return Distortion(*(share * half_width for half_width in ranges))

    def _recipe(self, n_images: int) -> Recipe:
        """Return what a fit to this many images does."""
        batch = fitting_batch(self.batch_size, n_images)
        return Recipe(
            steps=max(self.min_steps, round(self.epochs * n_images / batch)),
            batch_size=batch,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            label_smoothing=self.label_smoothing,
            averaging=self.averaging,
        )

    def _trainer(self, batch_size: int | None) -> Trainer:
        """Return this network's trainer: for `batch_size`, with fresh weights; or to predict."""
        shape = NetworkShape(
            architecture=self.architecture,
            side=network_side(self.shape_[0]),
            outputs=self.outputs_,
            width=self.width,
            dropout=self.dropout,
            hidden=self.hidden,
            channels=self.shape_[2] if len(self.shape_) == 3 else 1,
            head=self.head,
        )
        return trainer_of(shape, self.precision, batch_size, self._seed)


def checked_images(images: Images) -> Images:
    """Return the images as an array, or say what is wrong with them.

    Raises:
        PodiumError: they are not square images, (n, side, side) or (n, side, side, 3) uint8.
    """
    images = np.asarray(images)
    if not are_square_images(images):
        raise PodiumError(
            "A network takes square images, shape (n, side, side) or (n, side, side, 3) and type "
            f"uint8; these are {images.shape} {images.dtype}."
        )
    return images


def _resized(images: Images, side: int) -> Images:
    """Return images (n, side, side[, 3]) of another side, by bilinear interpolation."""
    if images.shape[1] == side or not len(images):
        return images
    import cv2

    return np.stack([cv2.resize(image, (side, side)) for image in images])


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
