"""The practice leaderboard's other teams: what hardly any work achieves."""

import io
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.practice.scoring import Solution


def read_pixels(rows: list[bytes], name: str) -> npt.NDArray[np.uint8]:
    """Return the pixels of CSV lines without their labels, (n, side²) uint8.

    Raises:
        PodiumError: a pixel is no whole number from 0 to 255; `name` is the file to name.
    """
    try:
        return np.loadtxt(
            io.BytesIO(b"\n".join(rows)), np.uint8, delimiter=",", comments=None, ndmin=2
        )
    except ValueError as error:
        raise PodiumError(
            f"{name}: {str(error).rstrip('.;')} (labelled rows counted from 0, pixels from 1). "
            "Pixels are whole numbers from 0 to 255; mend the file."
        ) from None


def nearest_mean(
    pixels: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    train: npt.NDArray[np.int64],
    hidden: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Return for each hidden row the class whose mean training image is nearest.

    Args:
        pixels: (n, side²) uint8.
        labels: (n,) class numbers, of which only those of the training rows are looked at.
        train: The numbers of the training rows.
        hidden: The (m,) numbers of the hidden rows.

    Returns:
        (m,) class numbers.
    """
    classes = np.unique(labels[train])
    means = np.stack([pixels[train[labels[train] == each]].mean(0) for each in classes])
    # |x - m|² without |x|², which is the same for all classes.
    distances = (means**2).sum(1) - 2 * pixels[hidden].astype(means.dtype) @ means.T
    nearest: npt.NDArray[np.int64] = classes[distances.argmin(1)]
    return nearest


def baselines(solution: Solution, nearest: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Return the teams and their scores, ready for JSON.

    Args:
        solution: The hidden labels.
        nearest: What `nearest_mean` predicts for them, in the order of the ids.
    """
    classes = solution.competition.classes
    predictions = {
        "all zeros" if classes[0] == "0" else f"all {classes[0]}": np.zeros_like(nearest),
        "nearest class mean": nearest,
    }
    rows = []
    for team, predicted in predictions.items():
        answers = {str(i): classes[each] for i, each in enumerate(predicted.tolist(), start=1)}
        public, private = solution.accuracies(answers)
        rows.append({"team": team, "public": public, "private": private})
    return {"created": datetime.now(UTC).timestamp(), "rows": rows}
