"""What a pushed script does: the same columns as here, or a sentence."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from competition.errors import PodiumError
from competition.problem.checking.checks import check
from competition.problem.sample import read_sample
from competition.workspace import Workspace
from pipelines.base import load_pipeline
from pipelines.kernels.archive import COLUMNS_FILE, merge_columns
from pipelines.kernels.machine import (
    ASKED_FILE,
    SPEC_FILE,
    SUBMISSION_FILE,
    Asked,
    carry_out,
)
from pipelines.search.plan import Plan, make_plan
from pipelines.search.run import tune_all

ASKED = Asked("logistic", 0.5, 0, 300, "tpe", gpu=False, data="", attempt=1)


@pytest.fixture
def plan(workplace: Workspace) -> Plan:
    """On 300 of the optical digits."""
    return make_plan(workplace, 0, rows=300)


@pytest.fixture
def there(plan: Plan, tmp_path: Path) -> Path:
    """A machine on which the files are mounted, and a script was unpacked."""
    mounted = tmp_path / "kaggle" / "input" / "competitions" / plan.competition.slug
    shutil.copytree(plan.workspace.data, mounted, ignore=shutil.ignore_patterns("cache"))
    working, folder = tmp_path / "kaggle" / "working", tmp_path / "unpacked"
    working.mkdir()
    folder.mkdir()
    (folder / SPEC_FILE).write_text(plan.competition.to_toml())
    (folder / ASKED_FILE).write_text(replace(ASKED, data=plan.data.fingerprint).to_json())
    return tmp_path


def carried_out(there: Path) -> Path:
    carry_out(there / "unpacked", there / "kaggle" / "working", [there / "kaggle" / "input"])
    return there / "kaggle" / "working"


@pytest.mark.long
def test_its_columns_are_those_of_a_run_here(
    there: Path, plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    working = carried_out(there)
    assert "column     logistic 0." in capsys.readouterr().out
    sample = read_sample(plan.competition, plan.workspace.data)
    assert check(working / SUBMISSION_FILE, plan.competition, sample).valid
    (merged,) = merge_columns(working / COLUMNS_FILE, plan).added
    oof, test = np.array(merged.oof()), np.array(merged.test())
    shutil.rmtree(plan.workspace.runs)
    tuned = tune_all(plan, [load_pipeline("logistic")], 0.5, "tpe", lambda *_: None)
    here = next(each for each in tuned.columns["logistic"] if each.key == merged.key)
    np.testing.assert_allclose(here.oof(), oof, atol=1e-6)
    np.testing.assert_allclose(here.test(), test, atol=1e-6)


def test_files_that_are_read_otherwise_are_refused(there: Path) -> None:
    (there / "unpacked" / ASKED_FILE).write_text(replace(ASKED, data="another").to_json())
    with pytest.raises(PodiumError, match="read differently here"):
        carried_out(there)
    assert not list((there / "kaggle" / "working").iterdir())


def test_files_that_are_not_mounted_are_a_sentence(there: Path, plan: Plan) -> None:
    mounted = there / "kaggle" / "input" / "competitions" / plan.competition.slug
    (mounted / "test.csv").unlink()
    with pytest.raises(PodiumError, match="is not mounted here"):
        carried_out(there)
