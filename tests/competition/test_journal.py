"""The diary: what is kept of a step, and what a damaged line costs."""

import logging
import subprocess
from pathlib import Path

import pytest

from competition.journal import Code, read_journal, record, tag_commit
from competition.spec import load_competition
from competition.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return Workspace.in_folders(load_competition("wine"), tmp_path / "data", tmp_path / "runs")


def git(*words: str) -> str:
    own = ("-c", "user.name=Me", "-c", "user.email=me@example.org")
    return subprocess.check_output(["git", *own, *words], text=True)


@pytest.fixture
def repository(workspace: Workspace) -> Workspace:
    git("init", "-q")
    Path("notes.txt").write_text("one")
    git("add", "notes.txt")
    git("commit", "-qm", "first")
    return workspace


def test_entries_are_read_as_they_were_written(repository: Workspace) -> None:
    record(repository, "tune", {"budget": "2m"}, {"best": {"name": "knn"}}, "back\nin")
    Path("notes.txt").write_text("two")
    record(repository, "submit", {}, {"submission": 3})
    first, second = read_journal(repository)
    assert (first.step, first.asked, first.note) == ("tune", {"budget": "2m"}, "back\nin")
    assert second.found == {"submission": 3}
    commit = git("rev-parse", "HEAD").strip()
    assert (first.code, second.code) == (Code(commit, False), Code(commit, True))


def test_outside_a_repository_there_is_no_code(workspace: Workspace) -> None:
    record(workspace, "blend", {}, {})
    assert [entry.code for entry in read_journal(workspace)] == [None]
    assert "no git repository" in tag_commit("wine-1")


def test_a_damaged_line_costs_that_line_alone(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    assert read_journal(workspace) == []
    record(workspace, "tune", {}, {})
    path = workspace.runs / "journal.jsonl"
    path.write_bytes(path.read_bytes() + b'{"time": 3}\n[]\n\xff\xfe{\n{"cut": ')
    caplog.set_level(logging.WARNING)
    assert [entry.step for entry in read_journal(workspace)] == ["tune"]
    assert caplog.text.count("is left out") == 4


def test_a_submission_is_tagged_once(repository: Workspace) -> None:
    Path("notes.txt").write_text("two")
    assert tag_commit("wine-1").endswith("as wine-1; changed files are not in it.")
    assert git("tag") == "wine-1\n"
    assert "git refuses" in tag_commit("wine-1")
