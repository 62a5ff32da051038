"""From a notebook to a practice Kaggle and back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sklearn.naive_bayes import GaussianNB

import podium
from competition.errors import PodiumError
from competition.journal import read_journal
from competition.spec import load_competition
from tests.serving import Served


@pytest.fixture
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    served = Served(tmp_path / "kaggle", load_competition("wine"), daily=5, delay=0)
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    yield served
    served.end()


def test_a_notebook_downloads_submits_once_and_sees_the_score(practice: Served) -> None:
    run = podium.open(str(practice.spec_path))
    run.download()
    run.cross_validate("bayes", GaussianNB())
    score = run.submit("from a notebook", note="a first one")
    assert score is not None and score < 1
    with pytest.raises(PodiumError, match="was submitted"):
        run.submit()
    table = run.scores()
    assert table["public_score"].tolist() == [score] and table["cv_score"].notna().all()
    (entry,) = read_journal(run.workspace)
    assert entry.note == "a first one" and entry.found["submission"] == 1
