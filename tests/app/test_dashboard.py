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
from playwright.sync_api import Browser

from app.dashboard import address, make_dashboard
from competition import PodiumError
from pipelines.search.storage import open_database
from tests.app.conftest import watched


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/podium.db"


@pytest.fixture
def study(url: str) -> optuna.Study:
    return optuna.create_study(study_name="digits/knn", storage=open_database(url))


@pytest.fixture
def served(url: str, study: optuna.Study) -> Iterator[str]:
    """A dashboard's address."""
    with make_dashboard(url, port=0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield address(server)
        server.shutdown()


def test_trials_appear_while_a_study_runs(served: str, study: optuna.Study) -> None:
    for _ in range(5):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=4)
        shown = trials_shown(served, study)
        assert shown >= 4
    deadline = time.monotonic() + 30  # the dashboard looks for new trials every few seconds
    while shown < 20 and time.monotonic() < deadline:
        time.sleep(0.5)
        shown = trials_shown(served, study)
    assert shown == 20


def trials_shown(served: str, study: optuna.Study) -> int:
    with urllib.request.urlopen(f"{served}api/studies/{study._study_id}") as reply:
        return len(json.load(reply)["trials"])


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


def test_it_only_reads(served: str, study: optuna.Study) -> None:
    asked = urllib.request.Request(f"{served}api/studies/{study._study_id}", method="DELETE")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked)
    assert refused.value.code == 403
    assert study.study_name in optuna.get_all_study_names(study._storage)


def test_other_names_of_this_machine_are_refused(served: str) -> None:
    asked = urllib.request.Request(served, headers={"Host": "rebound.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked)
    assert refused.value.code == 403


def test_no_database_is_a_sentence(url: str) -> None:
    with pytest.raises(PodiumError, match="make tune"):
        make_dashboard(url, port=0)
