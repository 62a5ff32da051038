"""The one command, as a person starts it."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from podium.steps import HEADINGS, STEPS

ROOT = Path(__file__).parents[2]
PACKAGES = ("competition", "pipelines", "submissions", "app")


def podium(*words: str, folder: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    code = f"import sys; sys.path.append({str(ROOT)!r}); import podium.__main__ as one; one.main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_step_of_the_packages_is_one_of_podium() -> None:
    """Each has one word, under a heading of the help."""
    offered = {}
    for package in PACKAGES:
        app = importlib.import_module(f"{package}.__main__").app
        group = typer.main.get_command(app)
        offered |= dict.fromkeys(group.commands, package)  # type: ignore[attr-defined]
    assert {word: step.package for word, step in STEPS.items()} == offered
    assert {step.heading for step in STEPS.values()} == set(range(len(HEADINGS)))


def test_help_names_every_step_and_loads_next_to_nothing() -> None:
    said = podium("--help")
    assert said.returncode == 0 and said.stderr == ""
    assert all(f"\n  {word} " in said.stdout for word in STEPS)
    code = "import sys, podium.__main__ as one; sys.argv[1:] = ['--help']\ntry: one.main()\n"
    code += "except SystemExit: print(len(sys.modules), 'typer' in sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert loaded.splitlines()[-1].endswith("False")


def test_a_step_is_that_of_its_package_under_podiums_name() -> None:
    said = podium("describe", "--competition", "wine")
    assert said.returncode == 0 and "scored by log loss" in said.stdout
    usage = podium("tune", "--help").stdout
    assert usage.startswith("Usage: podium tune")


def test_a_first_word_is_the_competition_where_a_step_takes_one(tmp_path: Path) -> None:
    assert "scored by log loss" in podium("describe", "wine").stdout
    said = podium("new", "my-table", "--metric", "auc", "--data", "none.zip", folder=tmp_path)
    assert said.returncode == 1 and "none.zip" in said.stderr
    said = podium("rehearse", "none.zip", "--metric", "auc", folder=tmp_path)
    assert said.returncode == 1 and "none.zip" in said.stderr
    for package in PACKAGES:
        group = typer.main.get_command(importlib.import_module(f"{package}.__main__").app)
        for word, command in group.commands.items():  # type: ignore[attr-defined]
            takes_words = hasattr(command, "commands") or any(
                each.param_type_name == "argument" for each in command.params
            )
            has_option = any(each.name == "competition" for each in command.params)
            assert STEPS[word].of_competition == (has_option and not takes_words), word


def test_what_is_no_step_gets_the_nearest_one() -> None:
    said = podium("tuen")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == "There is no step 'tuen'. Did you mean `podium tune`?\n"
    assert podium().returncode == 2


def test_next_steps_are_podiums(tmp_path: Path) -> None:
    said = podium("scores", folder=tmp_path)
    assert "`podium submit` sends the first" in said.stderr


@pytest.mark.parametrize("name", PACKAGES)
def test_a_foreign_package_of_the_same_name_is_a_sentence(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    said = podium("scores", folder=tmp_path)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith(f"Another package called {name} hides Podium's: ")
    assert said.stderr.count("\n") == 1
