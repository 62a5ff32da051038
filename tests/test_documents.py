"""What the documents show is true."""

import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from competition.data.dataset import load_dataset
from competition.practice.bundled.optical_digits import optical_digits
from competition.spec import Competition, load_competition
from pipelines.base import Pipeline, suggested

ROOT = Path(__file__).parents[1]


def block(document: str, language: str, holding: str) -> str:
    """Return the one code block that holds some words."""
    blocks = re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    (found,) = (each for each in blocks if holding in each)
    return str(found)


def test_the_example_pipeline_learns() -> None:
    code = block("docs/competitions.md", "python", "PIPELINE")
    assert len(code.splitlines()) <= 30
    names: dict[str, object] = {}
    exec(code, names)
    pipeline = names["PIPELINE"]
    assert isinstance(pipeline, Pipeline)
    (point,) = pipeline.shipped()
    images, labels = optical_digits()
    estimator = pipeline.build(suggested(pipeline, point.params), 0)
    estimator.fit(images[:900], labels[:900])
    assert np.mean(estimator.predict_proba(images[900:]).argmax(axis=1) == labels[900:]) > 0.8


def test_the_example_competition_is_one(tmp_path: Path) -> None:
    path = tmp_path / "competition.toml"
    path.write_text(block("docs/competitions.md", "toml", "image_side"))
    assert load_competition(str(path)) == load_competition("digit-recognizer")


def test_the_example_features_are_read(tmp_path: Path, table_zip: Callable[[str], Path]) -> None:
    with zipfile.ZipFile(table_zip("titanic")) as archive:
        archive.extractall(tmp_path)
    titanic = Competition(
        slug="titanic",
        title="Titanic",
        metric="accuracy",
        train_file="train.csv",
        test_file="test.csv",
        sample_file="gender_submission.csv",
        id_column="PassengerId",
        target_columns=("Survived",),
        label_columns=("Survived",),
        classes=("0", "1"),
        features=block("docs/competitions.md", "python", "def features"),
    )
    schema = load_dataset(titanic, tmp_path).schema
    assert schema is not None
    shown = (ROOT / "docs/competitions.md").read_text()
    for role in ("number", "text", "category"):
        names = [column.name for column in schema.columns if column.role == role]
        assert re.search(rf"^  {role} +{len(names)}  {', '.join(names)}$", shown, re.MULTILINE)


def test_every_document_that_is_linked_exists() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= 1000


def test_every_make_target_that_is_named_exists() -> None:
    shown = subprocess.check_output(["make", "help"], cwd=ROOT, text=True)
    targets = set(re.findall(r"^  make ([a-z]+)", shown, re.MULTILINE))
    sources = [*ROOT.glob("*.md"), *ROOT.glob("*/**/*.py")]
    for path in sources:
        if ".venv" in path.parts:
            continue
        for named in re.findall(r"`make ([a-z]+)", path.read_text()):
            assert named in targets, f"{path}: make {named}"


def test_the_lock_names_no_place() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "http" not in lock
    assert "--index" not in lock
    assert "--find-links" not in lock
