"""A diary of what was done: `runs/<slug>/journal.jsonl`, a line for each step that ended."""

import json
import logging
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from competition.workspace import Workspace

if TYPE_CHECKING:
    from competition.problem.scores import Score

_FILE = "journal.jsonl"
_GIT_SECONDS = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Code:
    """The state of the working folder's git repository.

    Attributes:
        commit: Its commit.
        dirty: Whether files that git tracks were changed since.
    """

    commit: str
    dirty: bool

    @classmethod
    def here(cls) -> "Code | None":
        """Return that of the working folder; None where git is not there or knows nothing of it."""
        commit = _git("rev-parse", "HEAD")
        if not commit:
            return None
        return cls(commit, bool(_git("status", "--porcelain", "--untracked-files=no")))


@dataclass(frozen=True)
class Entry:
    """A step that ended.

    Attributes:
        time: When, as ISO 8601 in UTC.
        step: Such as `tune`.
        asked: What it was asked with, by variable.
        found: What came of it: `best` and `blend` with `name`, `value` and `error`; `submission`.
        note: What the person said of it.
        code: The code it ran in; None outside a git repository.
    """

    time: str
    step: str
    asked: dict[str, str] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    code: Code | None = None


def figure(name: str, score: "Score") -> dict[str, Any]:
    """Return what an entry holds of a score, for `found`."""
    return {"name": name, "value": score.value, "error": score.standard_error}


def record(
    workspace: Workspace, step: str, asked: dict[str, str], found: dict[str, Any], note: str = ""
) -> None:
    """Add a step to the diary; a disk that refuses it is told in the log, for the step is done.

    Args:
        workspace: Whose diary.
        step: Such as `tune`.
        asked: What it was asked with, by variable.
        found: As in `Entry`.
        note: What the person said of it.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    entry = Entry(now, step, asked, found, note, Code.here())
    try:
        workspace.runs.mkdir(parents=True, exist_ok=True)
        with (workspace.runs / _FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry)) + "\n")  # one write, so lines do not mix
    except OSError as error:
        _log.warning("The journal in %s cannot be written (%s).", workspace.runs, error.strerror)


def read_journal(workspace: Workspace) -> list[Entry]:
    """Return all entries, the oldest first; a damaged line is left out with a word in the log."""
    path = workspace.runs / _FILE
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            facts = json.loads(line)
            code = facts.pop("code")
            entry = Entry(**facts, code=None if code is None else Code(**code))
            datetime.fromisoformat(entry.time)
            entries.append(entry)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            _log.warning("%s, line %d is left out: it is damaged (%r).", path, number, error)
    return entries


def tag_commit(name: str) -> str:
    """Tag the working folder's commit, and return what became of that in words."""
    code = Code.here()
    if code is None:
        return "No commit is tagged: this folder is in no git repository."
    if _git("tag", name) is None:
        return f"No commit is tagged: git refuses the tag {name}."
    unsaved = "; changed files are not in it" if code.dirty else ""
    return f"Tagged {code.commit[:8]} as {name}{unsaved}."


def _git(*words: str) -> str | None:
    """Return what git says, or None where it fails."""
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=Path(),
            capture_output=True,
            text=True,
            check=True,
            timeout=_GIT_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
