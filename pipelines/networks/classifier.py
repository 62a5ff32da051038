"""A network that keeps scikit-learn's classifier contract on images."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from competition.errors import PodiumError
from pipelines.features.images.augmentation import Distortion, in_background
from pipelines.features.images.preparation import check_training_set
from pipelines.networks.architectures import NetworkShape, network_side
from pipelines.networks.progress import reporter
from pipelines.networks.ranges import RANGES
from pipelines.networks.recipe import Recipe, fitting_batch, sampled, training_chunks
from pipelines.networks.trainers import Trainer, trainer_of
from pipelines.parameters import Constraints, check_parameters

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float32]

# Images in a chunk of the compiled loop: the unit of augmentation and of progress.
_CHUNK = 4096

# Batches of undistorted training images, which the images to predict resemble, that
# normalisation's statistics are measured on: held-out log loss falls by a twentieth against those
# of distorted ones.
_STATISTICS_BATCHES = 24


class NetworkClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A network with augmentation, one learning-rate cycle and averaged weights.

    The same seed, data, machine and number of threads give the same probabilities within 0.02 for
    all but a few images in a thousand; refitting starts afresh. TensorFlow is imported by the
    first `fit` or `predict_proba`, and uses `OMP_NUM_THREADS` threads, or every core.

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
        label_smoothing: Share of each label that is spread over all classes.
        averaging: Time constant of the weights' moving average, as a share of the steps.
        rotation: Augmentation, in degrees; this and the next are half-widths about 'unchanged'.
        zoom: Relative change of size.
        shear: Tangent of the shear angle.
        shift: Share of the image's side.
        elastic: Standard deviation of elastic displacements, as a share of the side.
        views: Distorted copies of each image to predict, beside itself, and to average with; at
            half the ranges of the augmentation.
        upright: Whether images are deskewed and centred before anything else.
        precision: `auto`, or a Keras dtype policy: `float32`, `mixed_bfloat16`, `mixed_float16`.
        seed: Of weights, order, augmentation and dropout.
    """

    _parameter_constraints: ClassVar[Constraints] = RANGES

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
        self.seed = seed

    def fit(self, images: Images, labels: Labels) -> Self:
        """Learn from images (n, side, side) uint8 and labels (n,), whose values become `classes_`.

        Raises:
            PodiumError: a parameter is out of its range, the images have another shape or type,
                there is one class only, or the loss leaves the finite numbers.
        """
        check_parameters(self)
        images, labels = check_training_set(_checked_images(images), labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self.side_ = images.shape[1]
        images = self._prepared(images)
        recipe = self._recipe(len(images))
        chunks = in_background(
            training_chunks(
                images,
                codes.astype(np.int32),
                recipe,
                self._distortion(1.0),
                seed=self.seed,
                steps=max(1, _CHUNK // recipe.batch_size),
            )
        )
        trainer = self._trainer(recipe.batch_size)
        trainer.train(chunks, recipe, self.seed, reporter(recipe, len(images)))
        trainer.measure_statistics(
            sampled(images, _STATISTICS_BATCHES * recipe.batch_size, self.seed)
        )
        self.weights_ = [np.asarray(weight) for weight in trainer.network.get_weights()]
        if not all(np.isfinite(weight).all() for weight in self.weights_):
            raise PodiumError(
                f"Training diverged at a learning rate of {self.learning_rate:g}; lower it."
            )
        return self

    def predict_proba(self, images: Images) -> Probabilities:
        """Return class probabilities (n, n_classes) float32 for images of the fitted side.

        Raises:
            PodiumError: the images have another shape or type than the fitted ones.
        """
        check_is_fitted(self, "weights_")
        images = _checked_images(images)
        if images.shape[1] != self.side_:
            raise PodiumError(
                f"This network was fitted on images of {self.side_} pixels a side; these have "
                f"{images.shape[1]}. Resize them first."
            )
        if not len(images):
            return np.empty((0, len(self.classes_)), np.float32)
        trainer = self._trainer(None)
        trainer.network.set_weights(self.weights_)
        images = self._prepared(images)
        copies = [images, *self._distortion(0.5).views(images, self.views, self.seed)]
        logits = trainer.predict_logits(np.concatenate(copies))
        total: Probabilities = _softmax(logits).reshape(len(copies), len(images), -1).sum(axis=0)
        total /= total.sum(axis=1, keepdims=True)
        return total

    def predict(self, images: Images) -> Labels:
        """Return the most probable label (n,) of each image."""
        best: Labels = self.classes_[self.predict_proba(images).argmax(axis=1)]
        return best

    def _prepared(self, images: Images) -> Images:
        """Return images as the network sees them: upright if so wanted, and large enough."""
        if self.upright:
            from pipelines.features.images.deskew import deskew

            images = deskew(images)
        return _resized(images, network_side(self.side_))

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
            side=network_side(self.side_),
            n_classes=len(self.classes_),
            width=self.width,
            dropout=self.dropout,
            hidden=self.hidden,
        )
        return trainer_of(shape, self.precision, batch_size, self.seed)


def _checked_images(images: Images) -> Images:
    """Return the images as an array, or say what is wrong with them."""
    images = np.asarray(images)
    if images.ndim != 3 or images.shape[1] != images.shape[2] or images.dtype != np.uint8:
        raise PodiumError(
            "A network takes square grey images, shape (n, side, side) and type uint8; these are "
            f"{images.shape} {images.dtype}."
        )
    return images


def _resized(images: Images, side: int) -> Images:
    """Return images (n, side, side) of another side, by bilinear interpolation."""
    if images.shape[1] == side:
        return images
    import cv2

    return (
        np.stack([cv2.resize(image, (side, side)) for image in images]) if len(images) else images
    )


def _softmax(logits: Probabilities) -> Probabilities:
    """Return the softmax of logits (n, n_classes) over the classes."""
    powers: Probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers
