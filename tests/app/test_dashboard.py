"""Optuna's dashboard shows a study while it is written, and never writes itself."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from playwright.sync_api import Browser

from app.dashboard import address, make_dashboard, reading_storage
from competition.database import Database
from competition.errors import PodiumError
from pipelines.search.studies.study import open_storage
from tests.app.conftest import watched

NAME = "digits/knn"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/podium.db")


@pytest.fixture
def study(database: Database) -> optuna.Study:
    return optuna.create_study(study_name=NAME, storage=open_storage(database))


@pytest.fixture
def served(database: Database, study: optuna.Study) -> Iterator[str]:
    """A dashboard's address."""
    with make_dashboard(database, port=0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield address(server)
        server.shutdown()


def test_trials_appear_while_a_study_runs(served: str, study: optuna.Study) -> None:
    for _ in range(5):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=4)
    shown = trials_shown(served)
    deadline = time.monotonic() + 30  # the dashboard looks for new trials every few seconds
    while shown < 20 and time.monotonic() < deadline:
        time.sleep(0.5)
        shown = trials_shown(served)
    assert shown == 20


def study_address(served: str) -> str:
    """Return where the dashboard answers for the one study."""
    with urllib.request.urlopen(f"{served}api/studies") as reply:
        (summary,) = json.load(reply)["study_summaries"]
    return f"{served}api/studies/{summary['study_id']}"


def trials_shown(served: str) -> int:
    with urllib.request.urlopen(study_address(served)) as reply:
        return len(json.load(reply)["trials"])


@pytest.mark.long
def test_the_page_opens_without_an_error(
    served: str, study: optuna.Study, browser: Browser
) -> None:
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    page = browser.new_page()
    troubles = watched(page)
    page.goto(served)
    page.get_by_text("digits/knn").first.wait_for(timeout=15_000)
    assert not [trouble for trouble in troubles if trouble.startswith("called")]
    page.close()


def test_it_only_reads(served: str, database: Database) -> None:
    asked = urllib.request.Request(study_address(served), method="DELETE")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked)
    assert refused.value.code == 403
    assert optuna.get_all_study_names(open_storage(database)) == [NAME]


def test_other_names_of_this_machine_are_refused(served: str) -> None:
    asked = urllib.request.Request(served, headers={"Host": "rebound.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked)
    assert refused.value.code == 403


def test_no_database_is_a_sentence(database: Database) -> None:
    with pytest.raises(PodiumError, match="make tune"):
        make_dashboard(database, port=0)


def test_a_damaged_database_is_a_sentence(database: Database) -> None:
    assert database.file is not None
    database.file.write_bytes(b"not a database" * 100)
    with pytest.raises(PodiumError, match="damaged, or not a database"):
        make_dashboard(database, port=0)


def test_nothing_can_be_written_through_its_storage(
    database: Database, study: optuna.Study
) -> None:
    storage = reading_storage(database)
    assert [each.study_name for each in storage.get_all_studies()] == [NAME]
    with pytest.raises(StorageInternalError) as refused:
        optuna.create_study(study_name="another", storage=storage)
    assert "readonly" in str(refused.value.__cause__)
