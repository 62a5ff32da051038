"""The diary as a page: what was run, what changed since the run before, and what came of it."""

import sys
from datetime import datetime
from itertools import pairwise
from typing import Any

from competition.files import atomic_path
from competition.journal import Entry, read_journal
from competition.problem.scores import with_error
from competition.terminal.console import DEFAULT_COMPETITION, CompetitionOption, workspace_of
from competition.verbs import step
from competition.workspace import Workspace

_ESCAPED = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]<>#|"})


def journal(competition: CompetitionOption = DEFAULT_COMPETITION) -> None:
    """Write the diary as a Markdown page: each tune, blend and submit, and what came of it."""
    workspace = workspace_of(competition)
    path = workspace.runs / "journal.md"
    entries = read_journal(workspace)
    if not entries:
        sys.stdout.write(f"The journal is empty. Next: {step('tune')}\n")
        return
    with atomic_path(path) as temporary:
        temporary.write_text(page_of(workspace, entries), encoding="utf-8")
    count = "1 entry" if len(entries) == 1 else f"{len(entries)} entries"
    sys.stdout.write(f"Wrote {path}: {count}\n")


def page_of(workspace: Workspace, entries: list[Entry]) -> str:
    """Return the page, the newest entry first."""
    spec = workspace.competition
    scored = _scored(workspace) if any("submission" in entry.found for entry in entries) else {}
    first = _section(entries[0], None, spec.problem.greater_is_better, scored)
    sections = [first]
    for before, entry in pairwise(entries):
        sections.append(_section(entry, before, spec.problem.greater_is_better, scored))
    return "\n".join([f"# Journal of {_plain(spec.title)} ({spec.slug})", "", *sections[::-1]])


def _section(
    entry: Entry, before: Entry | None, greater: bool, scored: dict[int, dict[str, Any]]
) -> str:
    """Return one entry."""
    when = datetime.fromisoformat(entry.time).astimezone()
    asked = ", ".join(f"{name} {value}" for name, value in entry.asked.items())
    lines = [f"## {when:%Y-%m-%d %H:%M} · {entry.step}", ""]
    if entry.note:
        lines += [f"> {_plain(entry.note)}", ""]
    if asked:
        lines.append(f"- asked: {_plain(asked)}")
    for name in ("best", "blend"):
        if (score := entry.found.get(name)) is not None:
            figure = with_error(score["value"], score["error"])
            gained = _gained(name, score, before, greater)
            lines.append(f"- {name}: {figure}{gained}, {_plain(score['name'])}")
    if (ref := entry.found.get("submission")) is not None:
        lines.append(f"- submission {ref}{_came_to(scored.get(ref, {}))}")
    changed = [] if before is None else _changes(entry, before)
    if changed:
        lines.append(f"- changed: {_plain('; '.join(changed))}")
    if entry.code is not None:
        lines.append(f"- code: {entry.code.commit[:8]}{', with changes' * entry.code.dirty}")
    return "\n".join([*lines, ""])


def _gained(name: str, score: dict[str, Any], before: Entry | None, greater: bool) -> str:
    old = None if before is None else before.found.get(name)
    if old is None or old["value"] == score["value"]:
        return ""
    difference = score["value"] - old["value"]
    return f" ({difference:+.4f}, {'better' if (difference > 0) == greater else 'worse'})"


def _changes(entry: Entry, before: Entry) -> list[str]:
    """Return what was asked otherwise than in the entry before, and the code that differs."""
    changed = [
        f"{name} {before.asked.get(name, 'not given')} → {entry.asked.get(name, 'not given')}"
        for name in dict.fromkeys([*before.asked, *entry.asked])
        if before.asked.get(name) != entry.asked.get(name) and before.step == entry.step
    ]
    if before.code is not None and entry.code is not None:
        commits = before.code.commit[:8], entry.code.commit[:8]
        if commits[0] != commits[1]:
            changed.append(f"code {commits[0]} → {commits[1]}")
    return changed


def _scored(workspace: Workspace) -> dict[int, dict[str, Any]]:
    """Return what the ledger knows of each submission, by Kaggle's number."""
    from submissions.tracking.scores import score_table

    rows = score_table(workspace, offline=True).rows
    return {row.submission.ref: row.facts() for row in rows if row.submission.ref is not None}


def _came_to(facts: dict[str, Any]) -> str:
    public = facts.get("public_score")
    if public is None:
        return ": not scored yet"
    place = f", place {facts['place']:,}" if facts.get("place") else ""
    return f": public {with_error(public, facts.get('public_se'))}{place}"


def _plain(text: str) -> str:
    """Return a text in which nothing is Markdown, on one line."""
    return " ".join(text.split()).translate(_ESCAPED)
