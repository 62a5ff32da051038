"""The same call for a slug, a folder of files, and what Kaggle mounts."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import podium
from competition.errors import PodiumError
from podium import Run, opening


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A competition that nobody has seen, and an empty working folder."""
    folder = tmp_path / "input" / "ponds"
    folder.mkdir(parents=True)
    rows = [(i, i % 7, ["reed", "lily", ""][i % 3], i % 2) for i in range(90)]
    table = pd.DataFrame(rows, columns=["id", "depth", "plant", "frogs"])
    table[:60].to_csv(folder / "train.csv", index=False)
    table[60:].drop(columns="frogs").iloc[::-1].to_csv(folder / "test.csv", index=False)
    table[60:][["id", "frogs"]].assign(frogs=0).to_csv(
        folder / "sample_submission.csv", index=False
    )
    monkeypatch.chdir(tmp_path)
    return folder


def check(run: Run) -> None:
    assert run.workspace.competition.slug == "ponds"
    assert list(run.train) == ["depth", "plant"] and run.train.index.name == "id"
    assert run.train["plant"].dtype == run.test["plant"].dtype == "category"
    assert run.train["plant"].isna().sum() == 20
    assert run.test.index.tolist() == [str(i) for i in range(60, 90)]
    assert run.test["depth"].tolist() == [i % 7 for i in range(60, 90)]  # in the sample's order
    assert run.target.tolist() == [i % 2 for i in range(60)]
    assert "ponds" in repr(run) and "accuracy" in run._repr_html_()


def test_a_folder_is_drafted_once_and_then_known_by_its_slug(files: Path) -> None:
    check(podium.open(files, metric="accuracy"))
    assert Path("specs/ponds.toml").is_file() and Path("data/ponds/train.csv").is_file()
    check(podium.open("ponds"))
    check(podium.open(str(files)))


def test_what_kaggle_mounts_is_found_by_its_slug(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_MOUNTS", (files.parent,))
    check(podium.open("ponds", metric="accuracy"))


def test_podium_toml_says_where_results_are(files: Path) -> None:
    Path("podium.toml").write_text("runs_dir = 'elsewhere'\n")
    run = podium.open(files, metric="accuracy")
    assert run.workspace.runs == Path("elsewhere/ponds")


def test_bundled_data_need_no_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = podium.open("wine")
    assert len(run.train) + len(run.test) == 178 and run.classes[0] == "class_0"
    assert podium.open("wine").plan.data.fingerprint == run.plan.data.fingerprint


def test_what_is_not_there_or_not_told_is_a_sentence(files: Path) -> None:
    with pytest.raises(PodiumError, match="no competition 'nowhere' here"):
        podium.open("nowhere")
    with pytest.raises(PodiumError, match="METRIC="):
        podium.open(files)
    assert not Path("specs").exists()


def test_images_are_rows_of_pixels(opened: Callable[[str], Run]) -> None:
    run = opened("optical-digits")
    assert run.train.shape == (1198, 784) and run.test.shape == (599, 784)
    assert run.target[:3].tolist() == run.plan.data.truth[:3].tolist()
