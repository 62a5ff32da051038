"""Votes stay numbers however steeply they fall with the distance."""

import numpy as np

from pipelines.models.images.knn import Neighbours, NeighbourValues
from tests.pipelines.digits import digits


def test_a_high_power_of_the_distance_to_a_copy_is_a_number() -> None:
    images, labels = (part[:150] for part in digits())
    model = Neighbours(k=150, power=100.0).fit(images, labels)
    np.testing.assert_array_equal(model.predict(images), labels)
    np.testing.assert_allclose(model.predict_proba(images).sum(axis=1), 1, atol=1e-5)


def test_values_are_means_of_the_neighbours_weighted_by_their_votes() -> None:
    images, labels = (part[:150] for part in digits())
    values = np.stack([labels, -labels], axis=1).astype(float)
    model = NeighbourValues(k=3, power=2.0).fit(images[:100], values[:100])
    squared, nearest = model.neighbours(images[100:], 3)
    expected = [
        np.average(values[numbers, 0], weights=1 / (distances + 1e-6))
        for distances, numbers in zip(squared.astype(float), nearest, strict=True)
    ]
    np.testing.assert_allclose(model.predict(images[100:])[:, 0], expected)
    np.testing.assert_allclose(model.predict(images[100:]).sum(axis=1), 0, atol=1e-9)
    even = NeighbourValues(k=100, power=0.0).fit(images[:100], labels[:100])
    np.testing.assert_allclose(even.predict(images[100:]), labels[:100].mean())


def test_copies_carry_the_values_of_their_images() -> None:
    images, labels = (part[:100] for part in digits())
    plain = NeighbourValues(k=1, components=60).fit(images, labels)
    copied = NeighbourValues(k=1, components=60, copies="both").fit(images, labels)
    assert len(copied.values_) == 7 * len(plain.values_)
    np.testing.assert_array_equal(copied.predict(images), labels)
