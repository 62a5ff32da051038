"""How a labelled table becomes a practice competition."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from competition.data.dataset import load_dataset
from competition.errors import PodiumError
from competition.practice.holdout import hidden_units, prepare
from competition.practice.scoring import Solution
from competition.problem.sample import read_sample
from competition.spec import load_competition
from tests.competition.practice.tables import as_csv, by, pets, rows_of, table_spec, zipped


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_served_is_what_was_written(tmp_path: Path, end: str) -> None:
    rows = pets()
    file = tmp_path / "pets.csv"
    file.write_bytes(as_csv(rows, end))
    made = prepare(tmp_path / "made", table_spec(), file)
    public = tmp_path / "made" / "public"
    train, test = rows_of(public / "train.csv"), rows_of(public / "test.csv")
    assert (made.train_rows, made.test_rows) == (len(train), len(test)) == (40, 20)
    hidden = {row["id"]: row for row in rows if row not in train}
    assert [row for row in rows if row["id"] not in hidden] == train
    assert test == [
        {name: cell for name, cell in row.items() if name != "kind"} for row in hidden.values()
    ]
    whole = (public / "train.csv").read_bytes() + (public / "test.csv").read_bytes()
    assert whole.count(end.encode()) >= 62
    assert (end == "\r\n") is (b"\r" in whole)
    assert read_sample(made, public).ids == tuple(hidden)
    solution = Solution.read(tmp_path / "made" / "hidden.csv", made)
    assert [made.classes[each] for each in solution.truth] == [
        row["kind"] for row in hidden.values()
    ]
    assert solution.public.sum() == 5


def test_a_table_without_ids_gets_some(tmp_path: Path) -> None:
    rows = [{name: cell for name, cell in row.items() if name != "id"} for row in pets()]
    file = tmp_path / "pets.csv"
    file.write_bytes(as_csv(rows))
    made = prepare(tmp_path / "made", table_spec(), file)
    public = tmp_path / "made" / "public"
    test = rows_of(public / "test.csv")
    assert [row.pop("id") for row in test] == [str(number) for number in range(1, 21)]
    assert all(row | {"kind": kind} in rows for row in test for kind in ("cat", "dog")) is False
    assert rows_of(public / "train.csv")[0].keys() == rows[0].keys()
    assert read_sample(made, public).ids[:2] == ("1", "2")


@pytest.mark.parametrize("doubled", ["a", ""])
def test_ids_that_name_no_row_get_numbers_instead(tmp_path: Path, doubled: str) -> None:
    file = tmp_path / "pets.csv"
    file.write_bytes(as_csv(row | {"id": doubled} for row in pets()))
    made = prepare(tmp_path / "made", table_spec(), file)
    test = rows_of(tmp_path / "made" / "public" / "test.csv")
    assert [row["id"] for row in test[:2]] == ["1", "2"]
    assert list(test[0]) == ["id", "name", "weight", "colour", "seen"]
    load_dataset(made, tmp_path / "made" / "public")


def test_the_zips_test_file_says_which_columns_are_served(tmp_path: Path) -> None:
    """`colour` is in train only, and ids have another name in the test file."""
    test = as_csv(
        {"nr": f"t{n}", "weight": row["weight"], "seen": row["seen"], "name": row["name"]}
        for n, row in enumerate(pets(9))
    )
    file = zipped(tmp_path / "pets.zip", learn=as_csv(pets()), ask=test)
    spec = table_spec(train_file="learn.csv", test_file="ask.csv", test_id="nr", bundled="wine")
    made = prepare(tmp_path / "made", spec, file)
    served = rows_of(tmp_path / "made" / "public" / "ask.csv")
    assert list(served[0]) == ["nr", "name", "weight", "seen"]
    ids = [row["nr"] for row in served]
    assert set(ids) <= {row["id"] for row in pets()}
    assert read_sample(made, tmp_path / "made" / "public").ids == tuple(ids)
    data = load_dataset(made, tmp_path / "made" / "public")
    assert data.schema is not None
    assert {"weight", "seen"} <= set(data.schema.names)


def test_a_test_file_without_ids_stays_without(tmp_path: Path) -> None:
    file = zipped(
        tmp_path / "pets.zip",
        train=as_csv(pets()),
        test=as_csv({"weight": row["weight"]} for row in pets(9)),
    )
    made = prepare(tmp_path / "made", table_spec(), file)
    public = tmp_path / "made" / "public"
    assert list(rows_of(public / "test.csv")[0]) == ["weight"]
    assert len(load_dataset(made, public).test) == 20


@pytest.mark.parametrize(
    "rule", [by("group", "id", "(.+)_"), by("time", "seen"), by("blocks", "seen")]
)
def test_the_folds_of_what_is_served_can_be_dealt(tmp_path: Path, rule) -> None:
    file = tmp_path / "pets.csv"
    file.write_bytes(as_csv(pets(120)))
    made = prepare(tmp_path / "made", table_spec(folds=rule), file)
    public = tmp_path / "made" / "public"
    train, test = rows_of(public / "train.csv"), rows_of(public / "test.csv")
    assert 36 <= len(test) <= 44
    if rule.match:
        groups = [{row["id"][:3] for row in part} for part in (train, test)]
        assert not groups[0] & groups[1]
    elif rule.by == "time":
        assert max(row["seen"] for row in train) < min(row["seen"] for row in test)
    data = load_dataset(made, public)
    assert data.units is not None
    assert len(data.units) == len(train)


def test_groups_that_the_test_file_does_not_name_part_no_hidden_rows(tmp_path: Path) -> None:
    rows = [row | {"owner": f"owner {number // 3}"} for number, row in enumerate(pets(120))]
    served = [{k: cell for k, cell in row.items() if k not in ("kind", "owner")} for row in rows]
    sample = [{"id": row["id"], "kind": "cat"} for row in rows]
    parts = {"train": rows, "test": served[:30], "sample_submission": sample[:30]}
    archive = zipped(tmp_path / "pets.zip", **{name: as_csv(each) for name, each in parts.items()})
    made = prepare(tmp_path / "made", table_spec(folds=by("group", "owner")), archive)
    assert hidden_units(tmp_path / "made", made) is None
    file = tmp_path / "pets.csv"
    file.write_bytes(as_csv(rows))
    made = prepare(tmp_path / "whole", table_spec(folds=by("group", "owner")), file)
    units = hidden_units(tmp_path / "whole", made)
    assert units is not None
    assert np.unique(units, return_counts=True)[1].tolist() == [3] * (len(units) // 3)


def test_own_features_go_along_as_they_are_now(tmp_path: Path) -> None:
    file = tmp_path / "pets.csv"
    file.write_bytes(as_csv(pets()))
    source = "def features(train, test):\n    return train[['weight']], test[['weight']]\n"
    spec = table_spec(features=source)
    made = prepare(tmp_path / "made", spec, file)
    assert load_competition(str(tmp_path / "made" / "competition.toml")) == made
    assert made.features == source
    data = load_dataset(made, tmp_path / "made" / "public")
    assert data.schema is not None and data.schema.names == ["weight"]
    again = prepare(tmp_path / "made", replace(spec, features=None), file)
    assert load_competition(str(tmp_path / "made" / "competition.toml")) == again
    assert again.features is None


@pytest.mark.parametrize(
    ("changes", "label", "words"),
    [
        ({}, "cow", r"pets\.csv, row 61: the label 'cow' is not one of the classes"),
        ({}, "", r"row 61: the label ''"),
        ({"label_columns": ("sort",)}, "cat", "label column 'sort' is nowhere"),
        ({"folds": by("group", "den")}, "cat", "no column 'den', which folds.column names"),
        ({"folds": by("time", "name")}, "cat", "date or a number"),
        ({"metric": "rmse"}, "cat", "row 2: the label 'cat' is not a number"),
    ],
)
def test_what_cannot_be_served_is_a_sentence(
    tmp_path: Path, changes: dict[str, object], label: str, words: str
) -> None:
    rows = pets()
    rows[-1]["kind"] = label
    file = tmp_path / "pets.csv"
    file.write_bytes(as_csv(rows))
    with pytest.raises(PodiumError, match=words):
        prepare(tmp_path / "made", table_spec(**changes), file)
    assert not (tmp_path / "made" / "competition.toml").exists()


def test_the_public_rows_can_be_scored_although_one_class_is_rare(tmp_path: Path) -> None:
    """Of 300 rows eight are dogs; a quarter of a hundred hidden rows seldom has one of three."""
    rows = pets(300)
    for number, row in enumerate(rows):
        row["kind"] = "dog" if number % 40 == 0 else "cat"
    file = tmp_path / "pets.csv"
    file.write_bytes(as_csv(rows))
    made = prepare(tmp_path / "made", table_spec(metric="auc", positive="dog"), file)
    solution = Solution.read(tmp_path / "made" / "hidden.csv", made)
    for part in (solution.public, ~solution.public):
        assert set(solution.truth[part]) == {0, 1}


def test_a_linear_model_and_a_constant_are_on_the_board(tmp_path: Path) -> None:
    file = tmp_path / "pets.csv"
    file.write_bytes(as_csv(pets(120)))
    prepare(tmp_path / "made", table_spec(), file)
    rows = json.loads((tmp_path / "made" / "baselines.json").read_text())["rows"]
    scores = {row["team"]: row["private"] for row in rows}
    assert list(scores) == ["the sample", "most frequent class", "linear model"]
    assert scores["linear model"] == 1.0


@pytest.mark.parametrize("slug", ["breast-cancer", "wine", "diabetes"])
def test_bundled_tables_are_as_shipped(tmp_path: Path, slug: str) -> None:
    made = prepare(tmp_path / "made", load_competition(slug), None)
    assert load_competition(str(tmp_path / "made" / "competition.toml")) == load_competition(slug)
    rows = json.loads((tmp_path / "made" / "baselines.json").read_text())["rows"]
    sign = 1 if made.problem.greater_is_better else -1
    worth = [sign * row["private"] for row in rows]
    assert rows[-1]["team"] == "linear model"
    assert worth[-1] == max(worth)
    train = rows_of(tmp_path / "made" / "public" / "train.csv")
    assert train != sorted(train, key=lambda row: row[made.label_columns[0]])
