"""Columns in one file: they come out as they went in, and nothing else comes in."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from competition.errors import PodiumError
from pipelines.columns import read_columns
from pipelines.kernels.archive import merge_columns, pack_columns
from pipelines.search.plan import Plan
from tests.columns import KEY, made_column


@pytest.fixture
def plan(make_plan_of: Callable[..., Plan]) -> Plan:
    return make_plan_of()


@pytest.fixture
def packed(plan: Plan, tmp_path: Path) -> Callable[..., Path]:
    """Return what packs a column, with changes to its manifest, into a file."""

    def pack(**changes: Any) -> Path:
        column = made_column(plan, tmp_path / "there", **changes)
        (column.folder / "fold-0.npz").write_bytes(b"a fit")
        (column.folder / "notes.txt").write_text("not of a column")
        pack_columns([column], tmp_path / "columns.zip")
        return tmp_path / "columns.zip"

    return pack


def of(plan: Plan) -> list[str]:
    found = read_columns(
        plan.workspace.predictions, plan.data.fingerprint, plan.problem.metric.name
    )
    return [column.key for column in found]


def test_a_column_comes_out_as_it_went_in(
    plan: Plan, packed: Callable[..., Path], tmp_path: Path
) -> None:
    path = packed()
    merged = merge_columns(path, plan)
    (column,) = merged.added
    there = tmp_path / "there" / "logistic" / KEY
    assert sorted(each.name for each in column.folder.iterdir()) == [
        *("fold-0.npz", "manifest.json", "oof.npy", "test.npy")
    ]
    for name in ("oof.npy", "test.npy"):
        np.testing.assert_array_equal(np.load(column.folder / name), np.load(there / name))
    assert of(plan) == [KEY]
    again = merge_columns(path, plan)
    assert (again.added, again.known) == ([], 1)


def test_fits_that_are_here_stay(plan: Plan, packed: Callable[..., Path]) -> None:
    here = plan.workspace.predictions / "logistic" / KEY / "fold-0.npz"
    here.parent.mkdir(parents=True)
    here.write_bytes(b"fitted here")
    merge_columns(packed(), plan)
    assert here.read_bytes() == b"fitted here"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"data": "of another day"}, "of other data, folds or metric"),
        ({"metric": "log loss"}, "of other data, folds or metric"),
        ({"folds": {"count": 9, "seed": 0, "by": "stratified"}}, "of other data, folds or metric"),
        ({"score": {"value": 0.25}}, "and not what it says"),
    ],
)
def test_what_is_not_of_this_run_is_refused(
    changes: dict[str, Any], why: str, plan: Plan, packed: Callable[..., Path]
) -> None:
    with pytest.raises(PodiumError, match=why):
        merge_columns(packed(**changes), plan)
    assert of(plan) == []


@pytest.mark.parametrize(
    "name", ["../../escaped.npy", "logistic/notakey/oof.npy", f"logistic/{KEY}/run.sh", "/oof.npy"]
)
def test_other_files_are_refused(
    name: str, plan: Plan, packed: Callable[..., Path], tmp_path: Path
) -> None:
    path = packed()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"")
    with pytest.raises(PodiumError, match="is no file of a column"):
        merge_columns(path, plan)
    assert of(plan) == [] and not list(tmp_path.rglob("escaped.npy"))


def test_damage_is_a_sentence(plan: Plan, packed: Callable[..., Path], tmp_path: Path) -> None:
    path = packed()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PodiumError, match="is damaged"):
        merge_columns(path, plan)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"logistic/{KEY}/manifest.json", json.dumps([1, 2]))
    with pytest.raises(PodiumError, match="is damaged"):
        merge_columns(path, plan)
    assert of(plan) == []
