"""What podium.toml may hold, and what counts more."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from competition.errors import PodiumError
from competition.settings import VARIABLES, Setting, apply_settings, read_settings, settings_of
from pipelines.__main__ import app
from tests.typed import typed

ROOT = Path(__file__).parents[2]


def test_the_environment_counts_more_than_the_file_and_that_more_than_the_default(
    tmp_path: Path,
) -> None:
    (tmp_path / "podium.toml").write_text('pipelines = ["svm", "knn"]\nSEED = 3\nrows = 100\n')
    environment = {"SEED": "4", "ROWS": "", "HOME": "somewhere"}
    found = settings_of(tmp_path, environment)
    assert found["SEED"] == Setting("4", "environment")
    assert found["PIPELINES"] == Setting("svm knn", "podium.toml")
    assert found["ROWS"] == Setting("100", "podium.toml")
    assert found["BUDGET"] == Setting(None, "default")
    assert sorted(apply_settings(tmp_path, environment)) == ["PIPELINES", "ROWS"]
    assert environment == {"SEED": "4", "PIPELINES": "svm knn", "ROWS": "100", "HOME": "somewhere"}


def test_a_folder_without_the_file_changes_nothing(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    apply_settings(tmp_path, environment)
    assert environment == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budgt = '2h'", "'budgt', which is no variable: did you mean BUDGET"),
        ("zzz = 1", "it may hold COMPETITION"),
        ("kaggle_endpoint = 'http://somewhere'", "kaggle_endpoint, which is not taken from a file"),
        ("KAGGLE_KEY = 'k'", "not taken from a file"),
        ("notify = 'https://ntfy.sh/topic'", "notify, which is not taken from a file"),
        ("seed = true", "seed must be a text, a number or a list of texts"),
        ("seed = {a = 1}", "seed must be"),
        ("pipelines = [1]", "pipelines must be"),
        ('data = "a\\u0000b"', "data must be"),
        ("seed = ", "is not valid TOML"),
    ],
)
def test_what_does_not_belong_there_is_a_sentence(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "podium.toml"
    path.write_text(text)
    with pytest.raises(PodiumError, match=said):
        read_settings(path)


def test_other_bytes_are_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "podium.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PodiumError, match="cannot be read"):
        read_settings(path)


def test_a_wrong_value_is_told_as_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "podium.toml").write_text("seed = 'x'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEED", raising=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", dict(os.environ))
        wrong = typed(app, "pipelines", "results")
    assert wrong.returncode == 2
    assert wrong.stderr.endswith("podium.toml sets SEED here.\n")


@pytest.mark.long
def test_every_command_line_reads_it_and_config_shows_where_from(tmp_path: Path) -> None:
    url = "postgresql://me:secret@host/name"
    (tmp_path / "podium.toml").write_text(f"competition = 'wine'\ndatabase_url = '{url}'\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SEED": "7"}
    command = [sys.executable, "-m", "competition"]

    def said(*words: str) -> str:
        return subprocess.check_output([*command, *words], cwd=tmp_path, env=environment, text=True)

    assert "(wine)" in said("describe")
    assert "(diabetes)" in said("describe", "--competition", "diabetes")
    shown = json.loads(said("config", "--json"))
    assert shown.keys() == VARIABLES.keys()
    assert shown["COMPETITION"] == {"value": "wine", "source": "podium.toml"}
    assert shown["SEED"] == {"value": "7", "source": "environment"}
    assert "secret" not in json.dumps(shown) + said("config")
