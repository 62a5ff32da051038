"""A small installation says what it lacks, and does without it where it can."""

import sys
from pathlib import Path

import pytest

from app.subject import subject_of
from competition.drafting.from_files import Told
from competition.extras import cure_of, lacking
from competition.spec import load_competition
from pipelines.base import chosen_pipelines
from tests.typed import typed


def lack(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    from importlib.util import find_spec

    def found(name: str) -> object:
        return None if name in modules else find_spec(name)

    monkeypatch.setattr("competition.extras.find_spec", found)


def test_a_module_of_an_extra_is_told_from_others() -> None:
    assert cure_of("keras.layers") == "it needs keras: pip install 'podium[images]'"
    assert cure_of("nothing_known") is None
    assert lacking("json", "nothing_known") == "nothing_known"
    assert lacking("json") is None


def test_pipelines_that_lack_their_library_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    lack(monkeypatch, "keras", "xgboost")
    chosen = chosen_pipelines("", load_competition("wine"))
    assert chosen.left_out == {
        "mlp": "it needs keras: pip install 'podium[images]'",
        "xgboost": "it needs xgboost: pip install 'podium[xgboost]'",
    }
    assert "lightgbm" in {pipeline.name for pipeline in chosen.pipelines}


def test_a_table_stands_in_for_the_digits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lack(monkeypatch, "cv2")
    subject = subject_of("", None, Told(), tmp_path)
    assert subject.name == "breast-cancer"
    assert "pip install 'podium[images]'" in subject.lines()[0]


def test_a_command_that_lacks_its_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)

    def report() -> None:
        import jinja2

        jinja2.Template("")

    said = typed(report, "app")
    assert said.returncode == 1
    assert said.stderr == "This is not installed: it needs jinja2: pip install 'podium[app]'\n"
