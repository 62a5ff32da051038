"""The eight real tables load, each with the columns that a person would see in it."""

import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from competition.data.dataset import load_dataset
from competition.spec import load_competition
from tests.competition.data.tables.real import REAL


@pytest.mark.parametrize("slug", REAL)
def test_a_real_table(slug: str, table_zip: Callable[[str], Path], tmp_path: Path) -> None:
    real = REAL[slug]
    with zipfile.ZipFile(table_zip(slug)) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "spec.toml").write_text(real.spec(slug))
    data = load_dataset(load_competition(str(tmp_path / "spec.toml")), tmp_path)
    assert data.schema is not None
    assert len(data.train) == len(data.truth) == real.train
    assert len(data.test) == len(data.test_ids) == real.test
    assert Counter(column.role for column in data.schema.columns) == real.roles
    found = {column.name: column.role for column in data.schema.columns}
    assert {name: found[name] for name in real.is_role} == real.is_role
    assert (None if data.units is None else len(np.unique(data.units))) == real.units


def test_na_is_a_category_or_a_gap_as_its_column_says(
    table_zip: Callable[[str], Path], tmp_path: Path
) -> None:
    slug = "house-prices-advanced-regression-techniques"
    with zipfile.ZipFile(table_zip(slug)) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "spec.toml").write_text(REAL[slug].spec(slug))
    data = load_dataset(load_competition(str(tmp_path / "spec.toml")), tmp_path)
    assert data.schema is not None
    pool, frontage = map(data.schema.names.index, ("PoolQC", "LotFrontage"))
    assert data.schema.levels(pool) == ["Ex", "Fa", "Gd", "NA"]
    assert not np.isnan(data.train[:, pool]).any()
    assert np.isnan(data.train[:, frontage]).sum() == 259
