"""Real tables where they are, and competitions made up for a test."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def in_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write data frames as CSV files, `train=...` as `train.csv`, and return their folder."""

    def write(*, sep: str = ",", **frames: pd.DataFrame) -> Path:
        folder = tmp_path / "made"
        folder.mkdir(exist_ok=True)
        for name, frame in frames.items():
            frame.to_csv(folder / f"{name}.csv", index=False, sep=sep)
        return folder

    return write
