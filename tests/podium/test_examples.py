"""The examples of the docstrings, as a person would run them."""

import doctest
import importlib
from pathlib import Path

import pytest

MODULES = ("podium", "podium.run", "podium.opening", "competition.verbs", "competition.extras")


@pytest.mark.parametrize("name", MODULES)
def test_examples_show_what_they_say(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("DATA_DIR", "RUNS_DIR", "DATABASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    module = importlib.import_module(name)
    podium = importlib.import_module("podium")
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    done = doctest.testmod(module, extraglobs={"podium": podium}, optionflags=flags)
    assert done.attempted and not done.failed
