"""Real digits for the networks: scikit-learn's bundled 8 × 8 ones."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from tests.pipelines.digits import in_orange


@dataclass(frozen=True)
class Digits:
    """Optical digits: images (n, side, side) uint8 and labels (n,), to learn from and to test."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    test_images: npt.NDArray[np.uint8]
    test_labels: npt.NDArray[np.int64]

    def resized(self, side: int, *, colour: bool = False) -> "Digits":
        """Return the same digits at another side, in orange ink where they are in colour."""
        learn, test = (
            np.stack([cv2.resize(image, (side, side)) for image in images])
            for images in (self.images, self.test_images)
        )
        if colour:
            learn, test = in_orange(learn), in_orange(test)
        return Digits(learn, self.labels, test, self.test_labels)


@pytest.fixture(scope="session")
def digits() -> Digits:
    bunch = load_digits()
    images = np.round(bunch.images * (255 / 16)).astype(np.uint8)
    parts = train_test_split(
        images, bunch.target, train_size=1198, stratify=bunch.target, random_state=7
    )
    return Digits(parts[0], parts[2], parts[1], parts[3])
