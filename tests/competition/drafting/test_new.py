"""`new` writes a TOML file with its reasons, from a zip or from Kaggle, and asks what is open."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from competition.__main__ import app
from competition.data.dataset import load_dataset
from competition.drafting.from_files import slug_of
from competition.problem.sample import read_sample
from competition.spec import load_competition
from competition.terminal.console import run
from tests.competition.conftest import Scripted
from tests.serving import Served

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command with variables, and return its status and what it wrote."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object, stdin: str | None = None, **variables: str) -> Any:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["competition", "new", *map(str, arguments)])
        typed = io.StringIO(stdin or "")
        monkeypatch.setattr(typed, "isatty", lambda: stdin is not None, raising=False)
        monkeypatch.setattr("sys.stdin", typed)
        status = 0
        try:
            run(app)
        except SystemExit as end:
            status = int(end.code or 0)
        told = capsys.readouterr()
        return status, told.out, told.err

    return command


def zipped(path: Path, *, labels: tuple[str, str] = ("0", "1"), sample: bool = True) -> Path:
    random = np.random.default_rng(0)
    train = pd.DataFrame(
        {"id": range(200), "x": random.random(200), "ill": random.choice(labels, 200)}
    )
    test = pd.DataFrame({"id": range(200, 300), "x": random.random(100)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train.csv", train.to_csv(index=False))
        archive.writestr("test.csv", test.to_csv(index=False))
        answers = test[["id"]].assign(ill=0.5).to_csv(index=False)
        if sample:
            archive.writestr("sample_submission.csv", answers)
    return path


def test_a_zip_becomes_a_spec_and_files(new: Run, tmp_path: Path) -> None:
    data = zipped(tmp_path / "ill.zip")
    status, out, _ = new("-c", "made.toml", "--data", data, METRIC="AUC (ROC)")
    spec = load_competition("made.toml")
    assert status == 0
    assert (spec.slug, spec.metric, spec.classes) == ("made", "auc", ("0", "1"))
    assert "target    ill: the other column of sample_submission.csv" in out
    assert sorted(path.name for path in Path("data/made").iterdir()) == sorted(spec.files)
    before = Path("made.toml").read_bytes()
    status, _, err = new("-c", "made.toml", "--data", data, METRIC="log loss")
    assert (status, Path("made.toml").read_bytes()) == (1, before)
    assert "AGAIN=1" in err
    assert new("-c", "made.toml", "--data", data, "--force", METRIC="log loss")[0] == 0
    assert load_competition("made.toml").metric == "log loss"


def test_where_there_is_no_sample_one_is_made_of_the_test_ids(new: Run, tmp_path: Path) -> None:
    data = zipped(tmp_path / "ill.zip", sample=False)
    status, out, _ = new("-c", "made.toml", "--data", data, METRIC="auc")
    assert status == 0 and "is made of the ids in test.csv" in out
    spec = load_competition("made.toml")
    sample = read_sample(spec, Path("data/made"))
    assert sample.ids == tuple(map(str, range(200, 300)))
    assert len(load_dataset(spec, Path("data/made")).test) == 100


def test_without_a_terminal_the_variable_is_named(new: Run, tmp_path: Path) -> None:
    data = zipped(tmp_path / "ill.zip", labels=("well", "sick"))
    status, _, err = new("-c", "made.toml", "--data", data)
    assert (status, "METRIC=" in err) == (1, True)
    status, _, err = new("-c", "made.toml", "--data", data, METRIC="auc")
    assert (status, 'POSITIVE="well"' in err) == (1, True)
    assert not list(tmp_path.glob("*.toml"))
    assert not Path("data").exists()
    assert new("-c", "made.toml", "--data", data, POSITIVE="sick")[0] == 0
    assert load_competition("made.toml").positive == "sick"


def test_on_a_terminal_it_asks_until_the_answer_fits(new: Run, tmp_path: Path) -> None:
    data = zipped(tmp_path / "ill.zip", labels=("well", "sick"))
    status, out, _ = new("-c", "made.toml", "--data", data, stdin="hinge\nauc\nbad\nsick\n")
    assert status == 0
    assert "'hinge' is not known" in out
    assert "It is one of sick, well." in out
    assert load_competition("made.toml").positive == "sick"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("https://www.kaggle.com/competitions/titanic", "titanic"),
        ("https://www.kaggle.com/c/house-prices/data?select=train.csv", "house-prices"),
        ("My Data (2)", "my-data-2"),
    ],
)
def test_an_address_names_a_competition(text: str, slug: str) -> None:
    assert slug_of(text) == slug


def test_nothing_to_draft_is_a_sentence(new: Run, tmp_path: Path) -> None:
    assert "Which competition?" in new()[2]
    assert "There is no file" in new("--data", tmp_path / "nowhere.zip")[2]


# ---------------------------------------------------------------------- from Kaggle


def with_account(server: Any) -> dict[str, str]:
    access = server.access
    return {
        "KAGGLE_ENDPOINT": access.endpoint,
        "KAGGLE_USERNAME": access.username,
        "KAGGLE_KEY": access.key,
    }


def test_kaggle_tells_the_metric_and_the_allowance(
    new: Run, scripted: Scripted, tmp_path: Path
) -> None:
    content = zipped(tmp_path / "ill.zip").read_bytes()
    facts = {"title": "Who is ill?", "evaluationMetric": "Log Loss", "maxDailySubmissions": 10}
    scripted.says("GetCompetition", facts)
    scripted.says("DownloadDataFiles", content, headers={"Content-Type": "application/zip"})
    status, out, err = new("-c", "who-is-ill.toml", **with_account(scripted))
    assert status == 0, err
    spec = load_competition("who-is-ill.toml")
    assert (spec.title, spec.metric, spec.daily_submissions) == ("Who is ill?", "log loss", 10)
    assert "log loss: as Kaggle says" in out
    assert scripted.calls[0][1]["competitionName"] == "who-is-ill"


def test_kaggle_tells_that_it_takes_notebooks_alone(
    new: Run, scripted: Scripted, tmp_path: Path
) -> None:
    content = zipped(tmp_path / "ill.zip").read_bytes()
    scripted.says(
        "GetCompetition", {"evaluationMetric": "Log Loss", "isKernelsSubmissionsOnly": True}
    )
    scripted.says("DownloadDataFiles", content, headers={"Content-Type": "application/zip"})
    status, out, err = new("-c", "who-is-ill.toml", **with_account(scripted))
    assert status == 0, err
    assert "takes submissions from notebooks alone: `make submit` pushes a script" in out
    assert load_competition("who-is-ill.toml").notebooks_only
    assert "# as Kaggle says: " in Path("who-is-ill.toml").read_text()


@pytest.mark.long
def test_a_practice_kaggle_and_a_download_that_finds_all_there(
    new: Run, shared_practice: Served, client_of: Callable[..., Any]
) -> None:
    from competition.kaggle.download import download
    from competition.workspace import Workspace

    assert new("-c", "optical-digits.toml", **with_account(shared_practice))[0] == 0
    drafted = load_competition("optical-digits.toml")
    known = shared_practice.competition
    assert drafted.files == known.files
    assert drafted.target_columns == known.target_columns
    assert drafted.classes == known.classes
    assert (drafted.image_side, drafted.channels) == (known.image_side, known.channels)
    workspace = Workspace.in_folders(drafted, Path("data"), Path("runs"))
    assert not download(workspace, client_of(shared_practice)).fetched
    assert [path.name for path in Path("data").iterdir()] == ["optical-digits"]


def test_an_unknown_competition_leaves_nothing(new: Run, shared_practice: Served) -> None:
    status, _, err = new("-c", "nobody-knows.toml", **with_account(shared_practice))
    assert (status, "nobody-knows" in err) == (1, True)
    assert not Path("nobody-knows.toml").exists()
