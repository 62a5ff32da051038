"""What a rehearsal is of: named, recognised, or drafted; and what no file tells is a sentence."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.rehearsal import Rehearsal
from app.subject import Told, default_budget, subject_of
from competition.errors import PodiumError
from competition.spec import load_competition
from pipelines.base import chosen_pipelines
from tests.competition.practice.tables import as_csv, pets, zipped


@pytest.fixture
def pets_csv(tmp_path: Path) -> Path:
    file = tmp_path / "pets.csv"
    file.write_bytes(as_csv(pets(120)))
    return file


@pytest.fixture
def pets_zip(tmp_path: Path) -> Path:
    rows = pets(180)
    asked = [{name: cell for name, cell in row.items() if name != "kind"} for row in rows[120:]]
    sample = [{"id": row["id"], "kind": "cat"} for row in asked]
    return zipped(
        tmp_path / "pets.zip",
        learn_train=as_csv(rows[:120]),
        ask_test=as_csv(asked),
        my_submission=as_csv(sample),
    )


def test_nothing_named_is_what_comes_along(tmp_path: Path) -> None:
    assert subject_of("", None, Told(), tmp_path).name == "optical-digits"
    assert subject_of("wine", None, Told(), tmp_path).name == "wine"
    assert list(tmp_path.iterdir()) == []


def test_a_csv_is_drafted_by_its_target(pets_csv: Path, tmp_path: Path) -> None:
    subject = subject_of("", pets_csv, Told(metric="acc", target="kind"), tmp_path / "runs")
    spec = load_competition(subject.name)
    assert (spec.metric, spec.label_columns, spec.classes) == (
        "accuracy",
        ("kind",),
        ("cat", "dog"),
    )
    assert "# " in Path(subject.name).read_text()
    lines = subject.lines()
    assert lines[0] == "draft      kind (2 classes), scored by accuracy; ids id"
    assert max(map(len, lines[:2])) <= 120
    assert subject.name in lines[-1]


def test_another_metric_or_target_is_another_draft(pets_csv: Path, tmp_path: Path) -> None:
    told = [
        Told(metric="accuracy", target="kind"),
        Told(metric="mcc", target="kind"),
        Told(metric="rmse", target="weight"),
    ]
    names = [subject_of("", pets_csv, each, tmp_path).name for each in told]
    assert len(set(names)) == 3
    assert subject_of("", pets_csv, told[0], tmp_path).name == names[0]


def test_each_draft_of_the_same_data_is_rehearsed_in_a_folder_of_its_own(
    pets_csv: Path, tmp_path: Path
) -> None:
    folders = set()
    for metric in ("accuracy", "mcc"):
        name = subject_of("", pets_csv, Told(metric=metric, target="kind"), tmp_path).name
        chosen = chosen_pipelines("", load_competition(name))
        rehearsal = Rehearsal(name, pets_csv, None, chosen, 1.0, "tpe", 0, None, tmp_path)
        folders |= {rehearsal.folder, replace(rehearsal, hidden=9).folder}
    assert len(folders) == 4


def test_a_zip_tells_its_target(pets_zip: Path, tmp_path: Path) -> None:
    subject = subject_of("", pets_zip, Told(metric="accuracy"), tmp_path / "runs")
    spec = load_competition(subject.name)
    assert spec.files == ("learn_train.csv", "ask_test.csv", "my_submission.csv")
    assert spec.label_columns == ("kind",)


@pytest.mark.parametrize(
    ("name", "told", "words"),
    [
        ("", Told(metric="auc"), "TARGET=column"),
        ("", Told(target="kind"), "METRIC=rmse"),
        ("", Told(metric="auc", target="kind"), "POSITIVE=cat"),
        ("", Told(metric="nope", target="kind"), "nope"),
        ("", Told(metric="auc", target="Kind", positive="dog"), "did you mean 'kind'"),
        ("wine", Told(metric="auc"), "Leave METRIC out, or COMPETITION"),
        ("nowhere", Told(), "no competition 'nowhere'"),
    ],
)
def test_what_is_missing_or_contradicts_is_a_sentence(
    pets_csv: Path, tmp_path: Path, name: str, told: Told, words: str
) -> None:
    with pytest.raises(PodiumError, match=words):
        subject_of(name, pets_csv, told, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_table_without_its_columns_names_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "irises.csv"
    path.write_text("5.1,3.5,0.2,setosa\n" + "6.3,3.3,2.5,virginica\n" * 9)
    told = Told(metric="accuracy", target="species")
    with pytest.raises(PodiumError, match=r"no column 'species'.* first line seems to be a row"):
        subject_of("", path, told, tmp_path / "runs")
    path.write_text("0,1,2,3,kind\n" + "6,3,2,5,b\n" * 9)
    with pytest.raises(PodiumError, match=r"its columns are 0, 1, 2, 3, kind\.$"):
        subject_of("", path, told, tmp_path / "runs")


def test_digits_are_digits_and_nothing_else_may_be_said_of_them(
    real_zip: Path, tmp_path: Path
) -> None:
    told = Told(metric="Categorization Accuracy", target="label")
    assert subject_of("", real_zip, told, tmp_path).name == "digit-recognizer"
    with pytest.raises(PodiumError, match="Leave METRIC out"):
        subject_of("", real_zip, Told(metric="auc"), tmp_path)


def test_a_budget_suits_the_data(pets_csv: Path) -> None:
    assert default_budget("optical-digits", None) == "90s"
    assert default_budget("wine", None) == "60s"
    assert default_budget("digit-recognizer", pets_csv) == "20m"
    assert default_budget("wine", pets_csv) == "2m"
