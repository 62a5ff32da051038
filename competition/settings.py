"""Where a competition's files and results live, by environment variable or default."""

import os
from pathlib import Path

from competition.spec import Competition

DEFAULT_COMPETITION = "digit-recognizer"


def data_folder(competition: Competition) -> Path:
    """Return `DATA_DIR/<slug>`: the files as Kaggle gave them, and the arrays made of them."""
    return Path(os.environ.get("DATA_DIR") or "data") / competition.slug


def runs_folder(competition: Competition) -> Path:
    """Return `RUNS_DIR/<slug>`: predictions, submissions and the database."""
    return Path(os.environ.get("RUNS_DIR") or "runs") / competition.slug


def database_url(competition: Competition) -> str:
    """Return `DATABASE_URL`, or the SQLite file in the competition's runs folder."""
    given = os.environ.get("DATABASE_URL")
    return given or f"sqlite:///{runs_folder(competition) / 'podium.db'}"


def kaggle_endpoint() -> str | None:
    """Return `KAGGLE_ENDPOINT` without a trailing slash; None means the real Kaggle."""
    given = os.environ.get("KAGGLE_ENDPOINT", "").strip().rstrip("/")
    return given or None
