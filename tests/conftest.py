"""Fixtures that every package's tests share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# One process a core runs the tests, so each may use one thread; read when a library is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def real_zip() -> Path:
    """The real competition's zip: needed in CI, skipped visibly where a user has none."""
    given = os.environ.get("DIGIT_RECOGNIZER_ZIP")
    path = Path(given) if given else ROOT.parent / "shared" / "data" / "digit-recognizer.zip"
    if path.is_file():
        return path
    reason = "needs Kaggle's digit-recognizer.zip; set DIGIT_RECOGNIZER_ZIP to its path"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
