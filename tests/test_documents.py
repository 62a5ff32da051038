"""What the documents show is true."""

import re
import subprocess
from pathlib import Path

import numpy as np

from competition.data.dataset import load_dataset
from competition.practice.holdout import prepare
from competition.spec import load_competition
from pipelines.base import Pipeline, suggested
from pipelines.metrics import score

ROOT = Path(__file__).parents[1]


def block(document: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_pipeline_learns(tmp_path: Path) -> None:
    code = block("README.md", "python")
    assert len(code.splitlines()) <= 30
    names: dict[str, object] = {}
    exec(code, names)
    pipeline = names["PIPELINE"]
    assert isinstance(pipeline, Pipeline)
    (point,) = pipeline.shipped()
    prepare(tmp_path, load_competition("optical-digits"), None)
    data = load_dataset(load_competition("optical-digits"), tmp_path / "public")
    images, labels = np.asarray(data.train_images), np.asarray(data.train_labels)
    estimator = pipeline.build(suggested(pipeline, point.params), 0)
    estimator.fit(images[:900], labels[:900])
    assert score(estimator.predict_proba(images[900:]), labels[900:]).accuracy > 0.8


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
