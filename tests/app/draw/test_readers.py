"""The models of the page: which are offered, how they are weighed, what keeps one out."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

from app.draw.readers import BLEND, Reader, load_readers
from competition.data.dataset import Dataset
from competition.errors import PodiumError
from competition.practice.bundled.optical_digits import optical_digits
from competition.workspace import Workspace
from pipelines.features.images.flatten import ScaledPixels
from pipelines.saved_models import dump_model
from tests.app.stored import data_of, prepared_workspace, store_blend, store_column


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Dataset]:
    workspace = prepared_workspace(tmp_path_factory.mktemp("readers"), "optical-digits")
    return workspace, data_of(workspace)


@pytest.fixture
def place(prepared: tuple[Workspace, Dataset], tmp_path: Path) -> tuple[Workspace, Dataset]:
    """A workspace with data, and no runs yet."""
    shared, data = prepared
    return Workspace.in_folders(shared.competition, shared.data.parent, tmp_path), data


@cache
def model(strength: float) -> bytes:
    images, labels = optical_digits()
    linear = make_pipeline(ScaledPixels(), LogisticRegression(C=strength, max_iter=5))
    return dump_model(linear.fit(images[:200], labels[:200]))


def read_with(workspace: Workspace, data: Dataset | None) -> list[Reader]:
    return load_readers(workspace, data, lambda title: None)


def notes(workspace: Workspace, data: Dataset) -> dict[str, str]:
    return {reader.name: reader.note for reader in read_with(workspace, data)}


def test_a_blend_weighs_its_members(place: tuple[Workspace, Dataset]) -> None:
    workspace, data = place
    columns = [
        store_column(workspace, data, "logistic", "a" * 16, skill=0.8, model=model(1e-4)),
        store_column(workspace, data, "knn", "b" * 16, skill=0.95, model=model(1.0)),
    ]
    store_blend(workspace, data, columns, {"logistic": 0.25, "knn": 0.75})
    told: list[str] = []
    blend, knn, logistic = load_readers(workspace, data, told.append)
    assert (blend.name, knn.name) == (BLEND, f"knn/{'b' * 16}")  # the better one first
    assert told == [f"knn bbbb ({columns[1].score})", f"logistic aaaa ({columns[0].score})"]
    images = optical_digits()[0][300:310]
    expected = 0.25 * logistic.read(images) + 0.75 * knn.read(images)
    np.testing.assert_allclose(blend.read(images), expected, atol=1e-5)
    assert read_with(workspace, None)[0].title == blend.title  # without the training images too


def test_what_a_blend_lacks_is_said_and_the_rest_still_sums_to_one(
    place: tuple[Workspace, Dataset],
) -> None:
    workspace, data = place
    columns = [
        store_column(workspace, data, "logistic", "a" * 16, model=model(1.0)),
        store_column(workspace, data, "knn", "b" * 16),
    ]
    store_blend(workspace, data, columns, {"logistic": 0.25, "knn": 0.75})
    blend = read_with(workspace, data)[0]
    assert blend.note == "without 75% of its weight, whose models are not here"
    np.testing.assert_allclose(blend.read(optical_digits()[0][:3]).sum(axis=1), 1, atol=1e-5)


def test_a_model_that_is_not_here_is_named(place: tuple[Workspace, Dataset]) -> None:
    workspace, data = place
    store_column(workspace, data, "logistic", "a" * 16, skill=0.9, model=model(1.0))
    store_column(workspace, data, "logistic", "c" * 16, skill=0.8)  # a better one is here
    store_column(workspace, data, "svm", "d" * 16, skill=0.97)
    found = notes(workspace, data)
    assert set(found) == {f"logistic/{'a' * 16}", f"svm/{'d' * 16}"}
    assert "no fitted model" in found[f"svm/{'d' * 16}"]


def test_a_broken_or_unfit_model_does_not_keep_the_others_away(
    place: tuple[Workspace, Dataset],
) -> None:
    workspace, data = place
    other_side = make_pipeline(ScaledPixels(), LogisticRegression())
    other_side.fit(np.eye(8, dtype=np.uint8).reshape(4, 4, 4), [0, 1, 0, 1])
    store_column(workspace, data, "logistic", "a" * 16, model=model(1.0))
    store_column(workspace, data, "knn", "b" * 16, model=b"not a model")
    store_column(workspace, data, "svm", "c" * 16, model=dump_model(other_side))
    found = notes(workspace, data)
    assert found[f"logistic/{'a' * 16}"] == ""
    assert "cannot be read as a model" in found[f"knn/{'b' * 16}"]
    assert "does not read here" in found[f"svm/{'c' * 16}"]


def test_models_of_other_data_are_not_offered(place: tuple[Workspace, Dataset]) -> None:
    workspace, data = place
    older = replace(data, fingerprint="0" * 16)
    store_column(workspace, older, "logistic", "a" * 16, model=model(1.0))
    store_column(workspace, data, "knn", "b" * 16, model=model(1.0))
    assert set(notes(workspace, data)) == {f"knn/{'b' * 16}"}


@pytest.mark.parametrize("known", [True, False], ids=["with data", "without"])
def test_without_any_model_the_next_step_is_named(
    known: bool, place: tuple[Workspace, Dataset]
) -> None:
    workspace, data = place
    store_column(workspace, data, "svm", "a" * 16)
    with pytest.raises(PodiumError, match="`make tune` makes them"):
        load_readers(workspace, data if known else None, lambda title: None)


def test_labels_are_made_by_the_metrics_decision(tmp_path: Path) -> None:
    """Balanced accuracy decides by multipliers: they are learnt as for what is sent."""
    workspace = prepared_workspace(tmp_path, "digits-balanced-accuracy")
    data, problem = data_of(workspace), workspace.competition.problem
    column = store_column(workspace, data, "knn", "a" * 16, skill=0.2, model=model(1.0))
    (reader,) = read_with(workspace, data)
    predictions, truth = np.asarray(column.oof()), np.asarray(data.truth)
    expected = problem.decide(truth, predictions).answers(predictions)
    np.testing.assert_array_equal(reader.labels(predictions), expected)
    assert (expected != predictions.argmax(axis=1)).any()


def test_a_number_is_read_as_a_number(tmp_path: Path) -> None:
    workspace = prepared_workspace(tmp_path, "digits-rmse")
    data = data_of(workspace)
    images, labels = optical_digits()
    ridge = make_pipeline(ScaledPixels(), Ridge(100.0)).fit(images[:600], labels[:600])
    store_column(workspace, data, "ridge", "a" * 16, model=dump_model(ridge))
    (reader,) = read_with(workspace, data)
    values = reader.labels(reader.read(images[700:720]))
    assert values.shape == (20, 1)
    assert 0 <= values.min() <= values.max() <= 9
    assert np.corrcoef(values[:, 0], labels[700:720])[0, 1] > 0.7
