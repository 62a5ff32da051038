"""Competitions of the kinds that the field has, made up: drafted right, or asked about."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from competition.data.tables.fold_rule import STRATIFIED, By, FoldRule
from competition.data.tables.schema import Role
from competition.drafting.draft import Draft, Undecided
from competition.drafting.from_files import draft_from_csv, draft_from_zip
from competition.errors import PodiumError

InFolder = Callable[..., Path]

N, M = 400, 250


def table(rows: int, first: int = 0, seed: int = 0, **columns: Any) -> pd.DataFrame:
    """A table with ids that count on, a number and a category, and further columns."""
    random = np.random.default_rng(seed + first)
    plain = {
        "id": np.arange(first, first + rows),
        "size": random.normal(size=rows).round(3),
        "colour": random.choice(["red", "green", "blue"], rows),
    }
    return pd.DataFrame(plain | columns)


def two(**labels: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train, with a target or others, and test."""
    return table(N, **labels), table(M, N)


def sample_of(test: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"id": test["id"]} | columns)


def drawn(*values: Any, rows: int = N, seed: int = 7) -> Any:
    return np.random.default_rng(seed).choice(values, rows)


def drafted(folder: Path, metric: str, **more: Any) -> Draft:
    return draft_from_zip(folder, metric, **more)


# ---------------------------------------------------------------------- columns and classes


def test_without_a_sample_moments_that_all_differ_are_ids(in_folder: InFolder) -> None:
    train, test = (
        pd.DataFrame({"moment": pd.date_range(start, periods=rows, freq="h").astype(str)})
        for start, rows in (("2015-11-01", N), ("2017-01-01", M))
    )
    draft = drafted(in_folder(train=train.assign(use=drawn(*range(9))), test=test), "rmse")
    assert (draft.competition.id_column, draft.competition.label_columns) == ("moment", ("use",))


def test_one_and_nought_written_with_decimals_need_no_question(in_folder: InFolder) -> None:
    train, test = two(target=drawn(0.0, 1.0))
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, target=0)), "auc"
    ).competition
    assert (spec.classes, spec.problem.positive) == (("0.0", "1.0"), 1)


def test_a_label_of_numbers_that_the_sample_calls_otherwise_is_read_out_of_a_zip(
    in_folder: InFolder, tmp_path: Path
) -> None:
    train, test = two(ACTION=drawn(0, 1))
    folder = in_folder(train=train, test=test, sample_submission=sample_of(test, Action=0))
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    assert drafted(whole, "auc").competition.label_columns == ("ACTION",)


@pytest.mark.parametrize("index", [False, True])
def test_the_auc_of_several_columns_is_their_mean(in_folder: InFolder, index: bool) -> None:
    train, test = two(one=drawn(0, 1), other=drawn(0, 1, seed=8))
    sample = sample_of(test, one=0.5, other=0.5)
    if index:
        sample = sample.reset_index().rename(columns={"index": ""})
    spec = drafted(in_folder(train=train, test=test, sample_submission=sample), "auc").competition
    assert (spec.metric, spec.classes) == ("mean columnwise auc", ())
    assert spec.label_columns == spec.target_columns == ("one", "other")


def test_an_index_that_a_data_frame_wrote_is_no_id(in_folder: InFolder) -> None:
    train, test = two(target=drawn(0, 1))
    sample = sample_of(test, target=0).reset_index().rename(columns={"index": ""})
    draft = drafted(in_folder(train=train, test=test, sample_submission=sample), "auc")
    spec = draft.competition
    assert (spec.id_column, spec.target_columns) == ("id", ("target",))
    assert any("column without a name" in question for question in draft.questions)


def test_ids_that_count_on_are_neither_groups_nor_time(in_folder: InFolder) -> None:
    train, test = two(target=drawn(0, 1))
    draft = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, target=0)), "auc"
    )
    spec = draft.competition
    assert (spec.id_column, spec.label_columns, spec.classes) == ("id", ("target",), ("0", "1"))
    assert spec.folds == STRATIFIED
    assert spec.roles == ()
    assert draft.questions == []


def test_99_classes_as_columns(in_folder: InFolder) -> None:
    names = [f"Acer_{number}" for number in range(99)]
    species = np.random.default_rng(1).permutation(np.repeat(names, 6))
    train, test = table(len(species), species=species), table(M, 1000)
    sample = sample_of(test, **dict.fromkeys(sorted(names), 1 / 99))
    spec = drafted(in_folder(train=train, test=test, sample=sample), "Multiclass Loss").competition
    assert spec.label_columns == ("species",)
    assert spec.classes == spec.target_columns == tuple(sorted(names))


def test_classes_with_the_name_of_the_column_before_them(in_folder: InFolder) -> None:
    train, test = two(grade=drawn("a b", "c", "d"))
    sample = sample_of(test, **{"grade_a b": 0.3, "grade_c": 0.3, "grade_d": 0.4})
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample), "log loss"
    ).competition
    assert spec.classes == ("a b", "c", "d")
    assert spec.target_columns == ("grade_a b", "grade_c", "grade_d")


def test_numbered_classes_keep_the_sample_s_order(in_folder: InFolder) -> None:
    train, test = two(kind=drawn(*range(1, 12)))
    sample = sample_of(test, **{f"p{number}": 0.1 for number in range(1, 12)})
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample), "log loss"
    ).competition
    assert spec.classes == tuple(map(str, range(1, 12)))


def test_strings_with_auc_are_asked_about(in_folder: InFolder) -> None:
    train, test = two(**{"Heart Disease": drawn("Absence", "Presence")})
    folder = in_folder(
        train=train, test=test, sample_submission=sample_of(test, **{"Heart Disease": 0.4})
    )
    with pytest.raises(Undecided, match="'Absence' or 'Presence'") as asked:
        drafted(folder, "roc_auc")
    assert (asked.value.what, asked.value.choices) == ("positive", ("Absence", "Presence"))
    draft = drafted(folder, "roc_auc", positive="Presence")
    assert draft.competition.positive == "Presence"
    assert draft.competition.label_columns == ("Heart Disease",)


@pytest.mark.parametrize("classes", [(0, 1), ("No", "Yes"), (True, False), ("false", "true")])
def test_plain_pairs_need_no_answer(in_folder: InFolder, classes: tuple[Any, Any]) -> None:
    train, test = two(churn=drawn(*classes))
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, churn=0.5)), "f1"
    ).competition
    assert spec.positive is None
    assert spec.classes == tuple(sorted(map(str, classes)))


def test_labels_keep_the_text_they_have_in_train(in_folder: InFolder) -> None:
    train, test = two(target=drawn("0.0", "1.0"))
    draft = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, target=0)), "accuracy"
    )
    assert draft.competition.classes == ("0.0", "1.0")
    assert "'0', which is not how train.csv writes a class" in draft.questions[0]


def test_numbers_are_asked_though_they_look_like_classes(in_folder: InFolder) -> None:
    train, test = two(age=drawn(*range(1, 21)))
    folder = in_folder(train=train, test=test, sample_submission=sample_of(test, age=10))
    assert drafted(folder, "mae").competition.classes == ()
    assert len(drafted(folder, "qwk").competition.classes) == 20


def test_other_names_of_files_ids_and_target(in_folder: InFolder) -> None:
    train, test = two(Label=drawn("a", "b", "c"))
    train, test = train.rename(columns={"id": "train_id"}), test.rename(columns={"id": "test_id"})
    sample = pd.DataFrame({"ImageId": test["test_id"], "label": "a"})
    spec = drafted(
        in_folder(Training_Data=train, TestSet=test, mySubmission=sample), "accuracy"
    ).competition
    assert spec.files == ("Training_Data.csv", "TestSet.csv", "mySubmission.csv")
    assert (spec.id_column, spec.test_id) == ("ImageId", "test_id")
    assert (spec.target_columns, spec.label_columns) == (("label",), ("Label",))


def test_no_ids_in_train_and_an_unnamed_index(in_folder: InFolder) -> None:
    train, test = two(price=np.random.default_rng(3).gamma(2.0, 50.0, N))
    train = train.drop(columns="id")
    for part in (train, test):
        part.insert(0, "", np.arange(len(part)))
    draft = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, price=0.0)), "rmse"
    )
    assert draft.competition.id_column == "id"
    assert draft.competition.roles == (("unnamed", Role.DROP),)


def test_semicolons_and_a_sample_told_by_its_rows(in_folder: InFolder) -> None:
    train, test = two(target=drawn(0, 1))
    folder = in_folder(sep=";", train=train, test=test, answers=sample_of(test, target=0))
    assert drafted(folder, "f1").competition.sample_file == "answers.csv"


def test_files_without_telling_names(in_folder: InFolder) -> None:
    train, test = two(target=drawn(0, 1))
    folder = in_folder(known=train, asked=test, submission=sample_of(test, target=0))
    spec = drafted(folder, "auc").competition
    assert spec.files == ("known.csv", "asked.csv", "submission.csv")


def test_no_sample(in_folder: InFolder) -> None:
    train, test = two(target=drawn(0, 1))
    draft = drafted(in_folder(train=train, test=test), "auc")
    assert (draft.competition.id_column, draft.competition.target_columns) == ("id", ("target",))
    assert draft.questions[0].startswith("There is no sample submission")


def test_texts_with_line_breaks_and_ranked_labels(in_folder: InFolder) -> None:
    words = ["flood, in the\ncity", 'all "well" here today', "what a day this was"]
    train, test = two(
        story=[f"{number} {words[number % 3]} {number * 7}" for number in range(N)],
        kind=drawn("fire", "flood", "none"),
    )
    test["story"] = [f"{number} {words[number % 3]}" for number in range(M)]
    sample = sample_of(test, kind="fire flood none")
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample), "MAP@{K}"
    ).competition
    assert spec.metric == "map@3"
    assert spec.classes == ("fire", "flood", "none")
    assert dict(spec.roles) == {"story": Role.TEXT}


def test_words_have_an_order(in_folder: InFolder) -> None:
    train, test = two(risk=drawn("High", "Low", "Medium"))
    folder = in_folder(train=train, test=test, sample_submission=sample_of(test, risk="Low"))
    assert drafted(folder, "qwk").competition.classes == ("Low", "Medium", "High")
    train["risk"] = drawn("amber", "green", "red")
    draft = drafted(in_folder(train=train), "qwk")
    assert "put them in their order" in " ".join(draft.questions)


def test_several_numbers_and_columns_of_train_alone(in_folder: InFolder) -> None:
    random = np.random.default_rng(5)
    train, test = two(one=random.random(N), secret=random.random(N), another=random.random(N))
    folder = in_folder(
        train=train, test=test, sample_submission=sample_of(test, one=0.5, another=0.5)
    )
    spec = drafted(folder, "mcrmse").competition
    assert spec.target_columns == spec.label_columns == ("one", "another")


def test_codes_are_told_from_numbers(in_folder: InFolder) -> None:
    random = np.random.default_rng(6)
    rows = 4000
    train, test = table(rows), table(M, rows)
    codes, effects = random.permutation(90_000)[:300], random.normal(size=300)
    drawn_codes = random.integers(0, 300, rows)
    train["manager"], test["manager"] = codes[drawn_codes], random.choice(codes, M)
    train["age"], test["age"] = random.integers(18, 90, rows), random.integers(18, 90, M)
    # Beside codes for sure, few ones far apart are codes too, and prices are not.
    units, drawn_units = random.permutation(90_000)[:40], random.integers(0, 40, rows)
    train["unit"], test["unit"] = units[drawn_units], random.choice(units, M)
    train["price"], test["price"] = (100 * random.integers(10, 400, each) for each in (rows, M))
    told = effects[drawn_codes] + effects[drawn_units] / 2 + (train["age"] - 50) / 20
    chance = 1 / (1 + np.exp(-(told + (train["price"] - 20_000) / 20_000)))
    train["target"] = (random.random(rows) < chance).astype(int)
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, target=0)), "auc"
    ).competition
    assert dict(spec.roles) == {"manager": Role.CATEGORY, "unit": Role.CATEGORY}


# ---------------------------------------------------------------------- folds


def test_groups_in_a_column(in_folder: InFolder) -> None:
    train, test = two(target=drawn(0, 1))
    train["patient"] = np.random.default_rng(1).permutation(np.arange(N) // 4) * 3
    test["patient"] = np.arange(M) // 4 * 3 + 1
    draft = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, target=0)), "auc"
    )
    assert draft.competition.folds == FoldRule(By.GROUP, "patient")


def test_a_few_groups_of_many_rows(in_folder: InFolder) -> None:
    train, test = two(target=drawn(0, 1), product=drawn(*"ABCDE"))
    test["product"] = drawn(*"FGHI", rows=M)
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, target=0)), "auc"
    ).competition
    assert spec.folds == FoldRule(By.GROUP, "product")


def test_new_products_beside_old_ones_are_no_groups(in_folder: InFolder) -> None:
    train, test = two(target=drawn(0, 1), product=drawn(*"ABCDE"))
    test["product"] = drawn(*"ABFGHI", rows=M)
    draft = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, target=0)), "auc"
    )
    assert draft.competition.folds == STRATIFIED
    assert "'product'" in draft.questions[0]
    assert "may flatter" in draft.questions[0]


@pytest.mark.parametrize(
    ("made", "match"),
    [
        ("{group:04d}_{number}", "(.+)_"),
        ("site-{group}-{number}", "(.+)-"),
        ("{number}_{group}", "_(.+)$"),
    ],
)
def test_groups_in_a_part_of_the_id(in_folder: InFolder, made: str, match: str) -> None:
    order = np.random.default_rng(2).permutation((N + M) // 5)
    ids = [made.format(group=group, number=number) for group in order for number in range(5)]
    train, test = two(target=drawn(0, 1))
    train["id"], test["id"] = ids[:N], ids[N:]
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, target=0)), "auc"
    ).competition
    assert spec.folds == FoldRule(By.GROUP, "id", match)


def test_values_that_are_all_different_are_no_groups(in_folder: InFolder) -> None:
    train, test = two(target=drawn(0, 1))
    numbers = np.random.default_rng(4).permutation(10**6)[: N + M]
    train["code"], test["code"] = numbers[:N], numbers[N:]
    train["key"], test["key"] = (
        [f"k{number}_{number % 97}" for number in part] for part in (numbers[:N], numbers[N:])
    )
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, target=0)), "auc"
    ).competition
    assert spec.folds == STRATIFIED
    assert dict(spec.roles) == {"key": Role.DROP}


def days(count: int, first: str = "2020-01-01") -> Any:
    return pd.date_range(first, periods=count, freq="D").strftime("%Y-%m-%d").to_numpy()


def test_time(in_folder: InFolder) -> None:
    train, test = two(sales=np.random.default_rng(8).random(N))
    every = np.repeat(days((N + M) // 5), 5)
    train["date"], test["date"] = every[:N], every[N:]
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, sales=0)), "rmse"
    ).competition
    assert spec.folds == FoldRule(By.TIME, "date")
    assert dict(spec.roles)["date"] == Role.DATE


def test_time_as_a_number(in_folder: InFolder) -> None:
    train, test = two(sales=np.random.default_rng(8).random(N))
    train["saleYear"], test["saleYear"] = drawn(*range(2001, 2011)), drawn(2011, 2012, rows=M)
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, sales=0)), "rmse"
    ).competition
    assert spec.folds == FoldRule(By.TIME, "saleYear")


def test_blocks(in_folder: InFolder) -> None:
    every = days(N + M)
    is_test = np.arange(N + M) % 26 >= 16
    train = table(int((~is_test).sum()), load=1.0, when=every[~is_test])
    train["load"] = np.random.default_rng(1).random(len(train))
    test = table(int(is_test.sum()), 1000, when=every[is_test])
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, load=0)), "mae"
    ).competition
    assert spec.folds == FoldRule(By.BLOCKS, "when")


def test_dates_at_random_part_nothing(in_folder: InFolder) -> None:
    every = np.random.default_rng(1).permutation(days(N + M))
    train, test = two(target=drawn(0, 1))
    train["joined"], test["joined"] = every[:N], every[N:]
    spec = drafted(
        in_folder(train=train, test=test, sample_submission=sample_of(test, target=0)), "auc"
    ).competition
    assert spec.folds == STRATIFIED


# ---------------------------------------------------------------------- one labelled CSV


def test_a_labelled_csv(in_folder: InFolder) -> None:
    train, _ = two(Grade=drawn("a", "b", "c"))
    spec = draft_from_csv(in_folder(train=train) / "train.csv", "Grade", "log loss").competition
    assert (spec.id_column, spec.label_columns) == ("id", ("Grade",))
    assert spec.target_columns == ("Grade_a", "Grade_b", "Grade_c")
    assert spec.folds == STRATIFIED


def test_a_labelled_csv_without_ids(in_folder: InFolder) -> None:
    random = np.random.default_rng(5)
    train, _ = two(y=random.random(N), z=random.random(N))
    train["id"] = 7
    spec = draft_from_csv(in_folder(train=train) / "train.csv", "y, z", "r2").competition
    assert spec.id_column not in train
    assert spec.target_columns == ("y", "z")


# ---------------------------------------------------------------------- what is refused


def refusals() -> dict[str, tuple[dict[str, pd.DataFrame], str, str]]:
    """The files, the metric, and what is said."""
    train, test = two(target=drawn(0, 1))
    sample = sample_of(test, target=0)
    numbers = train.assign(target=np.arange(N) / 3)
    random = np.random.default_rng(0)
    return {
        "constant": (
            {"train": train.assign(target=1), "test": test, "sample": sample},
            "auc",
            "is '1' in every row of train.csv",
        ),
        "missing label": (
            {
                "train": train.assign(target=[None, *drawn(0.0, 1.0, rows=N - 1)]),
                "test": test,
                "sample": sample,
            },
            "auc",
            "train.csv, row 2, column 'target': the label is missing",
        ),
        "no target": (
            {"train": train.drop(columns="target"), "test": test, "sample": sample},
            "auc",
            "so it holds no target",
        ),
        "one of two targets": (
            {"train": train, "test": test, "sample": sample.assign(other=0)},
            "rmse",
            "not 'other': the target is missing",
        ),
        "other test rows": (
            {"train": train, "test": test.iloc[1:], "sample": sample},
            "auc",
            "test.csv lacks the id '400'",
        ),
        "the form alone": (
            {"train": train, "test": test, "sample": sample.head(5)},
            "auc",
            "If it shows the form alone, give a folder without it",
        ),
        "more test rows": (
            {"train": train, "test": test, "sample": sample.iloc[1:]},
            "auc",
            "does not ask for",
        ),
        "classes as numbers": (
            {"train": numbers, "test": test, "sample": sample},
            "log loss",
            "400 different numbers in 400 rows .* such as rmse",
        ),
        "texts as numbers": (
            {"train": train.assign(target=drawn("C", "D")), "test": test, "sample": sample},
            "rmse",
            "holds '[CD]'. Is it a metric of classes",
        ),
        "one wrong number": (
            {
                "train": train.assign(target=["-3", *["5"] * (N - 1)]),
                "test": test,
                "sample": sample,
            },
            "rmsle",
            "row 2, column 'target': the label '-3' is not a number of 0 or more",
        ),
        "three classes and auc": (
            {"train": train.assign(target=drawn(0, 1, 2)), "test": test, "sample": sample},
            "auc",
            "takes two classes, and 'target' has 3",
        ),
        "three classes in one column": (
            {"train": train.assign(target=drawn(0, 1, 2)), "test": test, "sample": sample},
            "log loss",
            "a probability for each of the 3 classes",
        ),
        "several columns of classes": (
            {
                "train": train.assign(other=drawn(0, 1)),
                "test": test,
                "sample": sample.assign(other=0),
            },
            "log loss",
            "is for one column of classes",
        ),
        "unknown metric": ({"train": train, "test": test, "sample": sample}, "hinge", "not known"),
        "several tables": (
            {"train_a": train, "train_b": train, "test": test, "sample": sample},
            "auc",
            r"several train files \(train_a.csv, train_b.csv\)",
        ),
        "labels apart": (
            {"train": train, "train_labels": train, "test": test, "sample": sample},
            "auc",
            "several train files",
        ),
        "no train": ({"test": test, "sample": sample}, "auc", "training file cannot be told"),
        "doubled ids": (
            {"train": train, "test": test, "sample": pd.concat([sample, sample.head(1)])},
            "auc",
            "blank or doubled ids",
        ),
        "ranked labels with blanks": (
            {"train": train.assign(target=drawn("a b", "c", "d")), "test": test, "sample": sample},
            "map@2",
            "parted by blanks",
        ),
        "only an id": (
            {"train": train, "test": test, "sample": sample[["id"]]},
            "auc",
            "has a single column",
        ),
        "nothing to tell the target": (
            {
                "train": train.assign(a=random.random(N), b=1).drop(columns="target"),
                "test": test,
                "sample": sample,
            },
            "auc",
            "Say which of them is the target",
        ),
    }


@pytest.mark.parametrize("kind", refusals())
def test_refused_in_a_sentence(kind: str, in_folder: InFolder) -> None:
    files, metric, said = refusals()[kind]
    with pytest.raises(PodiumError, match=said) as error:
        drafted(in_folder(**files), metric)
    assert len(str(error.value)) < 400
    assert "\n" not in str(error.value)
