"""Each real competition is drafted to what a careful person would write."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from competition.data.tables.fold_rule import STRATIFIED, By, FoldRule
from competition.data.tables.schema import Role
from competition.drafting.from_files import draft_from_zip
from competition.drafting.toml import to_toml
from competition.spec import load_competition


@dataclass(frozen=True)
class Written:
    """What a careful person would write."""

    metric: str
    known_as: str
    id_column: str
    targets: tuple[str, ...]
    label: tuple[str, ...]
    rows: tuple[int, int]
    classes: tuple[str, ...] = ()
    folds: FoldRule = STRATIFIED
    sample: str = "sample_submission.csv"
    roles: tuple[tuple[str, Role], ...] = ()


EXPECTED = {
    "titanic": Written(
        "Categorization Accuracy",
        "accuracy",
        "PassengerId",
        ("Survived",),
        ("Survived",),
        (891, 418),
        ("0", "1"),
        sample="gender_submission.csv",
        roles=(("Name", Role.TEXT),),
    ),
    "house-prices-advanced-regression-techniques": Written(
        "Root Mean Squared Logarithmic Error",
        "rmsle",
        "Id",
        ("SalePrice",),
        ("SalePrice",),
        (1460, 1459),
    ),
    "spaceship-titanic": Written(
        "accuracy",
        "accuracy",
        "PassengerId",
        ("Transported",),
        ("Transported",),
        (8693, 4277),
        ("False", "True"),
        FoldRule(By.GROUP, "PassengerId", "(.+)_"),
    ),
    "bike-sharing-demand": Written(
        "RMSLE",
        "rmsle",
        "datetime",
        ("count",),
        ("count",),
        (10886, 6493),
        folds=FoldRule(By.BLOCKS, "datetime"),
        sample="sampleSubmission.csv",
        roles=(("datetime", Role.DATE),),
    ),
    "playground-series-s3e5": Written(
        "QuadraticWeightedKappa",
        "quadratic weighted kappa",
        "Id",
        ("quality",),
        ("quality",),
        (2056, 1372),
        ("3", "4", "5", "6", "7", "8"),
    ),
    "playground-series-s3e7": Written(
        "Area Under Receiver Operating Characteristic Curve",
        "auc",
        "id",
        ("booking_status",),
        ("booking_status",),
        (42100, 28068),
        ("0", "1"),
    ),
    "playground-series-s3e26": Written(
        "log_loss",
        "log loss",
        "id",
        ("Status_C", "Status_CL", "Status_D"),
        ("Status",),
        (7905, 5271),
        ("C", "CL", "D"),
    ),
    "tabular-playground-series-jul-2021": Written(
        "Mean Columnwise RMSLE (MCRMSLE)",
        "rmsle",
        "date_time",
        ("target_carbon_monoxide", "target_benzene", "target_nitrogen_oxides"),
        ("target_carbon_monoxide", "target_benzene", "target_nitrogen_oxides"),
        (7111, 2247),
        folds=FoldRule(By.TIME, "date_time"),
        roles=(("date_time", Role.DATE),),
    ),
}


@pytest.mark.parametrize("slug", EXPECTED)
def test_a_real_competition(slug: str, table_zip: Callable[[str], Path], tmp_path: Path) -> None:
    expected = EXPECTED[slug]
    draft = draft_from_zip(table_zip(slug), expected.metric)
    spec = draft.competition
    assert spec.slug == slug
    assert spec.metric == expected.known_as
    assert spec.files == ("train.csv", "test.csv", expected.sample)
    assert (spec.id_column, spec.test_id) == (expected.id_column, None)
    assert spec.target_columns == expected.targets
    assert spec.label_columns == expected.label
    assert (spec.classes, spec.positive) == (expected.classes, None)
    assert spec.folds == expected.folds
    assert spec.roles == expected.roles
    assert (spec.train_rows, spec.test_rows) == expected.rows
    assert "adversarial AUC" in draft.reasons["folds"]
    assert draft.questions == []
    path = tmp_path / "drafted.toml"
    path.write_text(to_toml(draft), encoding="utf-8")
    assert load_competition(str(path)) == spec
