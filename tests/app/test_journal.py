"""The diary as a page."""

from pathlib import Path

import pytest

from app.__main__ import app
from app.journal import page_of
from competition.journal import Code, Entry, record
from competition.spec import load_competition
from competition.workspace import Workspace
from tests.typed import typed

FIRST = Entry(
    "2026-11-01T10:00:00+00:00",
    "tune",
    {"budget": "2m", "pipelines": "knn"},
    {
        "best": {"name": "knn", "value": 0.41, "error": 0.02},
        "blend": {"name": "knn", "value": 0.41, "error": 0.02},
    },
    "elastic *back* in",
    Code("a" * 40, False),
)
SECOND = Entry(
    "2026-11-02T10:00:00+00:00",
    "tune",
    {"budget": "9m", "pipelines": "knn"},
    {"blend": {"name": "60% knn + 40% svm", "value": 0.40, "error": 0.02}},
    "",
    Code("b" * 40, True),
)


def test_each_entry_says_what_changed_and_what_came_of_it(tmp_path: Path) -> None:
    workspace = Workspace.in_folders(load_competition("wine"), tmp_path, tmp_path)
    page = page_of(workspace, [FIRST, SECOND])
    newest, oldest = page.index("2026-11-02"), page.index("2026-11-01")
    assert newest < oldest
    later = page[newest:oldest]
    assert "(-0.0100, better), 60% knn + 40% svm" in later
    assert "changed: budget 2m → 9m; code aaaaaaaa → bbbbbbbb" in later
    assert "code: bbbbbbbb, with changes" in later
    assert "> elastic \\*back\\* in" in page[oldest:]
    assert "changed" not in page[oldest:]


def test_the_command_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    empty = typed(app, "app", "journal", "-c", "wine")
    assert (empty.returncode, empty.stdout) == (0, "The journal is empty. Next: make tune\n")
    workspace = Workspace.in_folders(load_competition("wine"), tmp_path, tmp_path)
    record(workspace, "submit", {"file": "mine.csv"}, {"submission": 7})
    said = typed(app, "app", "journal", "-c", "wine")
    assert said.stdout.endswith("journal.md: 1 entry\n")
    assert "submission 7: not scored yet" in (tmp_path / "wine" / "journal.md").read_text()
