"""Votes stay numbers however steeply they fall with the distance."""

import numpy as np

from competition.data.dataset import Dataset
from pipelines.models.images.knn import Neighbours


def test_a_high_power_of_the_distance_to_a_copy_is_a_number(optical: Dataset) -> None:
    images, labels = np.asarray(optical.train_images[:150]), np.asarray(optical.train_labels[:150])
    model = Neighbours(k=150, power=100.0).fit(images, labels)
    np.testing.assert_array_equal(model.predict(images), labels)
    np.testing.assert_allclose(model.predict_proba(images).sum(axis=1), 1, atol=1e-5)
