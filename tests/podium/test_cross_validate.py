"""Any estimator on the shared folds: scikit-learn's own cross-validation is the yardstick."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import Ridge
from sklearn.metrics import cohen_kappa_score, log_loss, root_mean_squared_error
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from competition.errors import PodiumError
from podium import Run


class Centroids:
    """A classifier of one's own, which knows nothing of scikit-learn."""

    def __init__(self) -> None:
        self.centres: Any = None

    def fit(self, rows: Any, labels: Any) -> Self:
        values, labels = np.asarray(rows, float), np.asarray(labels)
        self.classes_ = np.unique(labels)
        self.scale = values.std(axis=0)
        self.centres = np.stack([values[labels == each].mean(axis=0) for each in self.classes_])
        return self

    def predict_proba(self, rows: Any) -> Any:
        gaps = (np.asarray(rows, float)[:, np.newaxis] - self.centres) / self.scale
        closeness = np.exp(-np.square(gaps).mean(axis=2))
        return closeness / closeness.sum(axis=1, keepdims=True)


class ScikitCentroids(Centroids, BaseEstimator):  # type: ignore[misc]
    """The same for scikit-learn."""

    def predict(self, rows: Any) -> Any:
        return self.classes_[self.predict_proba(rows).argmax(axis=1)]


def keras_network() -> Any:
    import keras
    from keras.wrappers import SKLearnClassifier

    def network(X: Any, y: Any) -> Any:
        keras.utils.set_random_seed(0)
        layers = [keras.Input((X.shape[1],)), keras.layers.Dense(y.shape[1], "softmax")]
        model = keras.Sequential(layers)
        # A graph for each of ten fits would take longer to make than its few steps.
        model.compile("adam", "categorical_crossentropy", run_eagerly=True)
        return model

    how = {"epochs": 2, "batch_size": 256, "verbose": 0, "shuffle": False}
    wrapped = SKLearnClassifier(network, fit_kwargs=how)
    return make_pipeline(StandardScaler(), wrapped)


ESTIMATORS = {
    "support-vectors": lambda: make_pipeline(
        StandardScaler(), CalibratedClassifierCV(SVC(random_state=0), ensemble=False)
    ),
    "gradient-boosting": lambda: LGBMClassifier(n_estimators=10, verbose=-1, n_jobs=1),
    "bayes": GaussianNB,
    "own": Centroids,
    "keras": keras_network,
}


def by_scikit(estimator: Any, run: Run, method: str) -> Any:
    """Return out-of-fold predictions (n, k), the mean of the dealings."""
    dealings = [
        cross_val_predict(estimator, run.train, run.target, cv=folds, method=method)
        for folds in run.folds
    ]
    return np.mean(dealings, axis=0)


@pytest.mark.long
@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_column_is_what_scikit_learn_makes_of_the_same_folds(
    name: str, opened: Callable[[str], Run]
) -> None:
    # Of a table as small as wine there are twenty fits, and a network takes its time to start.
    run, estimator = opened("digits-log-loss" if name == "keras" else "wine"), ESTIMATORS[name]()
    column = run.cross_validate(name, estimator)
    peer = ScikitCentroids() if name == "own" else estimator
    method = "decision_function" if name == "keras" else "predict_proba"
    expected = by_scikit(peer, run, method)
    assert np.allclose(column.oof, expected, atol=1e-5)
    truth = [run.classes.index(str(label)) for label in run.target]
    clipped = np.clip(expected.astype(float), 1e-15, 1)
    assert column.score.value == pytest.approx(log_loss(truth, clipped), rel=1e-4)
    assert column.test.shape == (len(run.test), len(run.classes))
    assert run.results["pipeline"].tolist() == [name]


def test_numbers_are_learnt_as_they_are(opened: Callable[[str], Run]) -> None:
    run = opened("diabetes")
    column = run.cross_validate("ridge", Ridge())
    expected = by_scikit(Ridge(), run, "predict")
    assert column.score.value == pytest.approx(
        root_mean_squared_error(run.target, expected), rel=1e-5
    )


def test_ordered_classes_are_learnt_as_classes_or_as_numbers(opened: Callable[[str], Run]) -> None:
    run = opened("digits-kappa")
    of_numbers = run.cross_validate("ridge", Ridge(alpha=1e6))
    of_classes = run.cross_validate("bayes", GaussianNB(var_smoothing=0.1))
    assert of_numbers.oof.shape == of_classes.oof.shape == (len(run.train), 1)
    rounded = np.clip(np.rint(of_classes.oof[:, 0]), 0, 9)
    kappa = cohen_kappa_score(run.target, rounded, weights="quadratic")
    assert of_classes.score.value == pytest.approx(kappa, abs=0.03)  # its cut points are learnt
    assert of_numbers.score.value > 0.5


def test_the_next_blend_takes_part_of_it_and_a_name_holds_one_column(
    opened: Callable[[str], Run],
) -> None:
    run = opened("wine")
    run.cross_validate("mine", make_pipeline(StandardScaler(), GaussianNB(var_smoothing=1.0)))
    run.cross_validate("mine", make_pipeline(StandardScaler(), GaussianNB()))
    run.cross_validate("yours", LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1))
    assert sorted(run.results["pipeline"]) == ["mine", "yours"]
    blend = run.blend()
    assert set(blend.weights.index.get_level_values("pipeline")) <= {"mine", "yours"}
    assert blend.test.shape == (len(run.test), 3)
    assert "<table" in blend._repr_html_() and "mine" in repr(blend)
    written = run.write("mine.csv").read_text().splitlines()
    assert len(written) == len(run.test) + 1
    assert run.scores(offline=True).empty


@pytest.mark.parametrize(
    ("name", "estimator", "told"),
    [
        ("LightGBM", GaussianNB(), "LightGBM is a name of Podium's own"),
        ("blend", GaussianNB(), "blend is a name of Podium's own"),
        ("a b", GaussianNB(), "'a b' cannot name a column"),
        ("linear-svc", LinearSVC(), "gives no probabilities. Wrap it in scikit-learn's Calibrated"),
        ("ridge", Ridge(), "ridge cannot be fitted: ValueError: "),
        ("bad", GaussianNB(priors=[2, 3]), "bad cannot be fitted: ValueError: "),
    ],
)
def test_what_cannot_be_a_column_is_a_sentence(
    name: str, estimator: Any, told: str, opened: Callable[[str], Run]
) -> None:
    run = opened("wine")
    with pytest.raises(PodiumError, match=told) as caught:
        run.cross_validate(name, estimator)
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value._render_traceback_() == [str(caught.value)]
    assert run.results.empty
