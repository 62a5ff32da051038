"""Fixtures that every package's tests share."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateSchema, DropSchema

from pipelines.execution.threads import cores

ROOT = Path(__file__).parents[1]

# Machines are noisy: how long an example takes says nothing.
settings.register_profile("podium", deadline=None)
settings.load_profile("podium")

# Thousands of small files and databases come and go, which takes less time in memory.
_MEMORY = Path("/dev/shm")
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 8 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

# A shell ignores Ctrl-C for what it runs in the background, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# One process a core runs the tests, so each may use one thread; read when a library is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_xdist_auto_num_workers() -> int:
    """Take three processes more than there are cores, as many wait for a server or a child."""
    return cores() + 3


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


@pytest.fixture(scope="session")
def table_zip() -> Callable[[str], Path]:
    """Return a real table's zip by its slug: needed in CI, skipped visibly where there is none."""
    given = os.environ.get("KAGGLE_TABLES")
    folder = Path(given) if given else ROOT.parent / "shared" / "data" / "tables"

    def find(slug: str) -> Path:
        path = folder / f"{slug}.zip"
        if path.is_file():
            return path
        reason = f"needs Kaggle's {slug}.zip; set KAGGLE_TABLES to its folder"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return find


@pytest.fixture
def postgres_schema() -> Iterator[str]:
    """Yield the address of an empty schema of a real PostgreSQL."""
    server = os.environ.get("PODIUM_TEST_POSTGRES")
    if not server:
        pytest.skip("needs a PostgreSQL server; set PODIUM_TEST_POSTGRES to its address")
    name = f"podium_test_{uuid4().hex}"
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(CreateSchema(name))
    own = make_url(server).update_query_dict({"options": f"-csearch_path={name}"})
    yield own.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(DropSchema(name, cascade=True))
    engine.dispose()
