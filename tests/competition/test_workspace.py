"""Where one competition is worked on, as the environment or a program says."""

from pathlib import Path

import pytest

from competition.errors import PodiumError
from competition.spec import load_competition
from competition.terminal.console import workspace_of
from competition.workspace import Access, Workspace

SECRET = "a-very-secret-key"


def test_the_usual_places() -> None:
    workspace = Workspace.from_environment("optical-digits", {})
    assert workspace.data == Path("data/optical-digits")
    assert workspace.runs == Path("runs/optical-digits")
    assert workspace.database_url == "sqlite:///runs/optical-digits/podium.db"
    assert workspace.access.server == "https://www.kaggle.com"
    assert workspace.access.home == Path.home()


def test_the_environment_says_where(tmp_path: Path) -> None:
    variables = {
        "DATA_DIR": str(tmp_path / "d"),
        "RUNS_DIR": str(tmp_path / "r"),
        "DATABASE_URL": "postgresql+psycopg://me@host/name",
        "KAGGLE_CONFIG_DIR": str(tmp_path / "c"),
        "KAGGLE_USERNAME": "me",
        "KAGGLE_KEY": SECRET,
    }
    workspace = Workspace.from_environment("optical-digits", variables)
    assert (workspace.data, workspace.runs) == (
        tmp_path / "d" / "optical-digits",
        tmp_path / "r" / "optical-digits",
    )
    assert workspace.database.described == "the postgresql database 'name' at host"
    assert workspace.access.config == tmp_path / "c"
    assert (workspace.access.username, workspace.access.key) == ("me", SECRET)


def test_another_server_has_no_place_for_what_is_stored_for_kaggle() -> None:
    variables = {"KAGGLE_ENDPOINT": " http://127.0.0.1:8899/ ", "KAGGLE_CONFIG_DIR": "/c"}
    access = Access.from_environment(variables | {"KAGGLE_API_TOKEN": SECRET})
    assert access == Access("http://127.0.0.1:8899", token=SECRET)
    assert access.server == "http://127.0.0.1:8899"


def test_an_address_with_a_password_is_refused_before_a_ledger_keeps_it() -> None:
    with pytest.raises(PodiumError, match="KAGGLE_USERNAME and KAGGLE_KEY") as caught:
        Access.from_environment({"KAGGLE_ENDPOINT": f"http://me:{SECRET}@host"})
    assert SECRET not in str(caught.value)


def test_a_user_without_a_home_has_nothing_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    variables = {"XDG_CONFIG_HOME": "/x", "KAGGLE_KEY": SECRET}
    access = Access.from_environment(variables)
    assert (access.home, access.config) == (None, Path("/x/kaggle"))


def test_a_program_makes_another_one_without_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_KEY", SECRET)
    spec = load_competition("optical-digits")
    workspace = Workspace.in_folders(spec, tmp_path / "data", tmp_path / "runs")
    assert workspace.access == Access()
    assert workspace.predictions == tmp_path / "runs" / "optical-digits" / "predictions"
    assert workspace.database.missing
    assert list(tmp_path.glob("data")) == list(tmp_path.glob("runs")) == []


def test_the_command_line_reads_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert workspace_of("optical-digits").data == tmp_path / "optical-digits"
    with pytest.raises(PodiumError, match="There is no competition"):
        workspace_of("nowhere")


def test_no_secret_is_shown() -> None:
    access = Access(token=SECRET, username="me", key=SECRET)
    spec = load_competition("optical-digits")
    url = f"postgresql+psycopg://me:{SECRET}@host/name"
    assert SECRET not in repr(Workspace.in_folders(spec, Path("d"), Path("r"), url, access))
