"""What the features say of real digits and of simple drawings."""

import cv2
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from competition.errors import PodiumError
from pipelines.features.images.gradients import GRIDS, GradientHistograms, pooling_weights
from pipelines.features.images.preparation import Preparation
from pipelines.features.images.shape_features import ShapeFeatures
from tests.pipelines.digits import digits


def ring(side: int = 28) -> np.ndarray:
    image = np.zeros((side, side), np.uint8)
    image[6:22, 6:22] = 255
    image[10:18, 10:18] = 0
    return image


@pytest.mark.parametrize("grids", GRIDS.values())
def test_gradients_tell_digits_apart(grids: tuple[int, ...]) -> None:
    images, labels = digits()
    rows = GradientHistograms(8, grids).transform(images[:1200])
    assert rows.shape == (1200, 8 * sum(cells**2 for cells in grids))
    assert rows.dtype == np.float32
    assert rows.min() >= 0 and rows.max() <= 1
    model = LogisticRegression(C=10, max_iter=40).fit(rows[:800], labels[:800])
    assert model.score(rows[800:], labels[800:1200]) > 0.95


def test_edges_are_found_where_they_are_and_in_their_direction() -> None:
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 4:24, 4:6] = 255
    rows = GradientHistograms(4, (2,), upright=False).transform(image).reshape(4, 2, 2)
    right, down, left, up = (rows[direction] ** 2 for direction in range(4))
    assert min(right[0].min(), left[0].min()) > 3 * max(down.max(), up.max())
    assert max(right[1].max(), left[1].max()) == 0


def test_every_pixel_belongs_somewhere() -> None:
    for side, cells in ((28, 4), (28, 10), (8, 10), (21, 7)):
        assert (pooling_weights(side, cells).sum(axis=1) > 0).all()
        assert (pooling_weights(side, cells).sum(axis=0) > 0).all()


def test_holes_are_counted_and_placed() -> None:
    features = ShapeFeatures(projections=False, zones=False, upright=False)
    blank, one = np.zeros((28, 28), np.uint8), ring()
    counts = features.transform(np.stack([blank, one, np.full((28, 28), 255, np.uint8)]))
    np.testing.assert_allclose(counts[:, 0], [0, 1 / 3, 0])
    area, x, y = counts[1, 1:4]
    assert area == pytest.approx(10 * 64 / 784)
    assert (x, y) == (pytest.approx(13.5 / 28), pytest.approx(13.5 / 28))


def test_projections_are_the_ink_of_columns_and_rows() -> None:
    features = ShapeFeatures(zones=False, holes=False, upright=False)
    (row,) = features.transform(ring()[None])
    assert row.shape == (56,)
    assert row[6] == pytest.approx(2 * 16 / 28) and row[0] == 0


def test_binarised_images_have_two_levels() -> None:
    images = digits()[0][:20]
    prepared = Preparation(median=3, threshold=64, upright=False).apply(images)
    assert set(np.unique(prepared)) == {0, 255}
    assert prepared.shape == images.shape


@pytest.mark.parametrize("side", [8, 28])
@pytest.mark.parametrize("blur", [0.3, 1.0, 4.0])
def test_images_are_filtered_each_by_itself(side: int, blur: float) -> None:
    images = digits(side)[0][:70]
    prepared = Preparation(median=3, upright=False, blur=blur).apply(images)
    alone = [cv2.GaussianBlur(cv2.medianBlur(image, 3), (0, 0), blur) for image in images]
    np.testing.assert_array_equal(prepared, np.stack(alone))


def test_features_do_not_depend_on_the_images_beside() -> None:
    images = digits()[0][:150]
    for features in (GradientHistograms(12, (4, 7, 10), 3, 64, True, 0.5), ShapeFeatures()):
        together = features.transform(images)
        alone = np.concatenate([features.transform(images[i : i + 1]) for i in range(150)])
        np.testing.assert_allclose(together, alone, atol=1e-6)
        assert features.transform(images[:0]).shape == (0, together.shape[1])


@pytest.mark.parametrize("wrong", [{"orientations": 0}, {"grids": (4, 0)}, {"grids": ()}])
def test_grids_without_cells_are_a_sentence(wrong: dict[str, object]) -> None:
    with pytest.raises(PodiumError, match="parameter of GradientHistograms must be"):
        GradientHistograms(**wrong).transform(np.zeros((1, 28, 28), np.uint8))  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(3, 28, 20), (3, 5, 5), (3, 28)])
def test_images_without_features_are_a_sentence(shape: tuple[int, ...]) -> None:
    with pytest.raises(PodiumError, match="cannot be described"):
        GradientHistograms().transform(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("wrong", [{"median": 4}, {"threshold": 300}, {"blur": -1.0}])
def test_a_step_out_of_its_range_is_a_sentence(wrong: dict[str, float]) -> None:
    with pytest.raises(PodiumError, match="parameter of Preparation must be"):
        Preparation(**wrong).apply(np.zeros((1, 28, 28), np.uint8))  # type: ignore[arg-type]
