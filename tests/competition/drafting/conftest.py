"""Real tables where they are, and competitions made up for a test."""

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def table_zip() -> Callable[[str], Path]:
    """Return the zip of a real competition: needed in CI, skipped visibly where a user has none."""

    def find(slug: str) -> Path:
        given = os.environ.get("TABLE_ZIPS")
        folder = Path(given) if given else ROOT.parent / "shared" / "data" / "tables"
        path = folder / f"{slug}.zip"
        if path.is_file():
            return path
        reason = f"needs Kaggle's {slug}.zip; set TABLE_ZIPS to the folder with such zips"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return find


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
