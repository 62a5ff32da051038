"""Features are computed once for a whole data set and looked up by row."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from competition.data.rows import Origin, Rows
from pipelines.features.feature_store import features_of
from pipelines.features.images.cached import Cached
from pipelines.features.images.gradient_pairs import GradientPairs
from pipelines.features.images.gradients import GradientHistograms
from pipelines.models.images.knn import Neighbours
from pipelines.steps import in_steps
from tests.pipelines.digits import digits

WHOLE = np.random.default_rng(0).integers(0, 256, (50, 9, 9), dtype=np.uint8)


class Counting:
    """Describes an image by its mean and its first pixel, and counts what it was asked."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor
        self.asked = 0

    def get_params(self) -> dict[str, Any]:
        return {"factor": self.factor}

    def transform(self, images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        self.asked += len(images)
        rows = np.stack([images.mean(axis=(1, 2)), images[:, 0, 0]], axis=1)
        return (rows * self.factor / 256).astype(np.float32)


def rows_of(
    folder: Path | None, numbers: npt.NDArray[Any] | None = None, name: str = "set"
) -> Rows:
    """Return rows of the whole set that know where they come from."""
    numbers = np.arange(len(WHOLE)) if numbers is None else numbers
    return Rows(WHOLE[numbers], Origin(WHOLE, name, folder, numbers))


def test_rows_are_looked_up_where_the_whole_set_was_computed_once(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    numbers = np.random.default_rng(1).integers(0, 50, 20)  # some rows twice
    found = features_of(first, rows_of(tmp_path, numbers))
    assert first.asked == 50
    np.testing.assert_array_equal(found, features_of(Counting(), WHOLE[numbers]))
    assert features_of(first, rows_of(tmp_path, np.arange(30))).shape == (30, 2)
    np.testing.assert_array_equal(features_of(second, rows_of(tmp_path, numbers)), found)
    assert (first.asked, second.asked) == (50, 0)
    assert type(found) is np.ndarray and found.dtype == np.float32


def test_rows_without_an_origin_are_computed(tmp_path: Path) -> None:
    counting = Counting()
    distorted = rows_of(tmp_path)[:7]
    features_of(counting, distorted)
    features_of(counting, WHOLE[:3])
    assert counting.asked == 10
    assert not list(tmp_path.iterdir())


def test_a_set_without_a_folder_is_kept_in_this_process() -> None:
    counting = Counting()
    for numbers in (np.arange(5), np.arange(20)):
        found = features_of(counting, rows_of(None, numbers, "in memory"))
        np.testing.assert_array_equal(found, features_of(Counting(), WHOLE[numbers]))
    assert counting.asked == 50


def test_other_parameters_and_other_sets_are_other_features(tmp_path: Path) -> None:
    once, twice = (features_of(Counting(factor), rows_of(tmp_path)) for factor in (1.0, 2.0))
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-3)
    other = Counting()
    features_of(other, rows_of(tmp_path, name="another set"))
    assert other.asked == 50


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY"])
def test_a_damaged_file_is_made_again(tmp_path: Path, damage: bytes) -> None:
    counting = Counting()
    first = features_of(counting, rows_of(tmp_path))
    (stored,) = tmp_path.glob("*.npy")
    stored.write_bytes(damage)
    np.testing.assert_array_equal(features_of(counting, rows_of(tmp_path)), first)
    assert counting.asked == 100


def test_the_least_recently_used_make_room(tmp_path: Path) -> None:
    for factor in (1.0, 2.0, 3.0, 4.0):
        features_of(Counting(factor), rows_of(tmp_path), most_bytes=800)
    assert 1 <= len(list(tmp_path.glob("*.npy"))) <= 2
    last = Counting(4.0)
    features_of(last, rows_of(tmp_path))
    assert last.asked == 0


SLOW = """
import sys, time
from pathlib import Path
import numpy as np
from competition.data.rows import Origin, Rows
from pipelines.features.feature_store import features_of

folder = Path(sys.argv[1])

class Slow:
    def get_params(self):
        return {}

    def transform(self, images):
        with (folder / "computed.txt").open("a") as file:
            file.write("once\\n")
        time.sleep(1)
        return images.reshape(len(images), -1).astype(np.float32)

whole = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
rows = Rows(whole[[2]], Origin(whole, "set", folder / "features", np.array([2])))
(folder / f"ready-{sys.argv[2]}").touch()
while not (folder / "ready-a").exists() or not (folder / "ready-b").exists():
    time.sleep(0.01)
print(features_of(Slow(), rows).tolist())
"""


def test_one_process_computes_while_another_waits(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SLOW, str(tmp_path), name], stdout=subprocess.PIPE, text=True
        )
        for name in "ab"
    ]
    answers = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert answers == ["[[8.0, 9.0, 10.0, 11.0]]"] * 2
    assert (tmp_path / "computed.txt").read_text() == "once\n"


def test_estimators_hand_the_origin_on_to_the_store(tmp_path: Path) -> None:
    """Not one feature is computed again for rows of a set that is known."""
    images, labels = digits()
    images, labels = images[:300], labels[:300]
    train, rest = np.arange(200), np.arange(200, 300)

    def rows(numbers: npt.NDArray[Any]) -> Rows:
        return Rows(images[numbers], Origin(images, "digits", tmp_path, numbers))

    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_union

    union = make_union(Cached(GradientHistograms(8, (4,))), GradientPairs(3))
    for estimator in (in_steps(union, LogisticRegression(max_iter=20)), Neighbours(components=20)):
        before = set(tmp_path.glob("*.npy"))
        known = estimator.fit(rows(train), labels[train]).predict_proba(rows(rest))
        assert set(tmp_path.glob("*.npy")) > before
        alone = estimator.fit(images[train], labels[train]).predict_proba(images[rest])
        np.testing.assert_allclose(known, alone, atol=1e-6)
    assert len(list(tmp_path.glob("*.npy"))) == 3
