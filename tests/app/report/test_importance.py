"""What the columns tell: the one that decides stands first, and one that does not tells nothing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.report.findings import gather
from app.report.sections.data.tables.importance import Importance, importance_of
from competition.data.tables.fold_rule import By, FoldRule
from competition.spec import Competition
from competition.workspace import Workspace
from tests.competition.data.tables.small import PRICES, SHOP, write

ROWS = 600


def importance(folder: Path, competition: Competition) -> Importance | None:
    """Return it for a table in which `size` decides, `make` helps and `luck` says nothing."""
    chance = np.random.default_rng(0)
    sizes, makes = chance.normal(size=ROWS), chance.integers(0, 3, ROWS)
    worth = sizes + 0.5 * makes + chance.normal(0, 0.3, ROWS)
    cells = {
        "size": sizes.round(4).astype(str).tolist(),
        "make": [f"maker {each}" for each in makes],
        "luck": chance.normal(size=ROWS).round(4).astype(str).tolist(),
        "shop": [f"shop {row // 10}" for row in range(ROWS)],
    }
    labels = ["yes" if each > 0.5 else "no" for each in worth]
    if not competition.classes:
        labels = [f"{each:.4f}" for each in worth]
    (folder / "data").mkdir()
    write(folder / "data" / competition.slug, cells, None, competition, labels)
    workspace = Workspace.in_folders(competition, folder / "data", folder / "runs")
    findings = gather(workspace)
    assert findings.data.schema is not None
    return importance_of(findings, findings.data.schema)


@pytest.mark.parametrize(
    "competition",
    [
        SHOP,
        PRICES,
        replace(SHOP, metric="auc"),
        replace(SHOP, metric="f1", positive="yes"),
        replace(SHOP, folds=FoldRule(By.GROUP, "shop")),
    ],
    ids=["accuracy", "rmse", "auc", "f1", "groups"],
)
def test_the_column_that_decides_comes_first(tmp_path: Path, competition: Competition) -> None:
    found = importance(tmp_path, competition)
    assert found is not None
    bars = json.loads(found.plot.spec)["data"][0]
    names, lost = bars["y"], bars["x"]
    assert names[-2:] == ["make", "size"]
    errors = dict(zip(names, bars["error_x"]["array"], strict=True))  # two standard errors
    losses = dict(zip(names, lost, strict=True))
    assert losses["size"] > errors["size"] > 0
    assert losses["luck"] < errors["luck"] + 0.02
    assert found.shuffled == found.columns and found.useless >= 1
    assert sum(found.rows) <= ROWS


def test_too_few_rows_tell_nothing(tmp_path: Path) -> None:
    cells = {"size": ["1", "2", "3", "4", "5", "6"]}
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / SHOP.slug, cells)
    findings = gather(Workspace.in_folders(SHOP, tmp_path / "data", tmp_path / "runs"))
    assert findings.data.schema is not None
    assert importance_of(findings, findings.data.schema) is None
