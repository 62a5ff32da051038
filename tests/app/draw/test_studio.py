"""What the page is told of a reading: a label with its probability, or a value."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from app.draw.neighbours import NearestImages
from app.draw.readers import Reader
from app.draw.serving import DrawingServer
from app.draw.studio import Library, Studio
from competition.errors import PodiumError
from competition.workspace import Workspace
from tests.app.stored import data_of, prepared_workspace, tinted_squares


class Always:
    """A model that always predicts the same."""

    def __init__(self, row: list[float]) -> None:
        self._row = np.array([row], np.float32)

    def predict(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        return np.repeat(self._row, len(images), axis=0)


class AlwaysLikely(Always):
    """A classifier that does."""

    def predict_proba(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        return self.predict(images)


def studio_of(workspace: Workspace, model: object) -> Studio:
    data, problem = data_of(workspace), workspace.competition.problem
    reader = Reader("one", "one", problem, problem.decision(), (model,))  # type: ignore[arg-type]
    few = NearestImages(data.train[:50])
    return Studio(workspace.competition, [reader], Library(data, few))


def drawing() -> npt.NDArray[np.uint8]:
    picture = np.zeros((60, 60), np.uint8)
    picture[10:50, 28:32] = 255
    return picture


SHARES = [0.02] * 6 + [0.8] + [0.04, 0.02, 0.02]


@pytest.mark.parametrize(
    ("slug", "model", "label", "said", "bars"),
    [
        ("optical-digits", AlwaysLikely(SHARES), "6", "Read as 6, at 80.0%.", 10),
        ("digits-map3", AlwaysLikely(SHARES), "6", "Read as 6, at 80.0%.", 10),
        ("digits-auc", AlwaysLikely([0.3, 0.7]), "1", "Read as 1, at 70.0%.", 2),
        (
            "digits-kappa",
            Always([6.2]),
            "6",
            "Read as 6; the mean class number is 6.20 of 0 to 9.",
            0,
        ),
        ("digits-rmse", Always([6.25]), "6.25", "Read as 6.25.", 0),
    ],
)
def test_every_kind_of_answer_is_said(
    slug: str, model: Always, label: str, said: str, bars: int, tmp_path: Path
) -> None:
    studio = studio_of(prepared_workspace(tmp_path, slug), model)
    digit = studio.read_drawing(drawing(), "one")["digit"]
    assert (digit["label"], digit["said"]) == (label, said)
    assert len(digit["probabilities"]) == bars
    assert len(studio.describe()["classes"]) == bars
    assert len(digit["neighbours"]) == 8
    same = {each["same"] for each in digit["neighbours"]}
    assert (same == {None}) is (slug == "digits-rmse")


def test_colour_cannot_be_drawn(tmp_path: Path) -> None:
    workspace = prepared_workspace(tmp_path, *tinted_squares(tmp_path, "accuracy"))
    with pytest.raises(PodiumError, match="tinted are in colour"):
        DrawingServer(workspace, port=0)
