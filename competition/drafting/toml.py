"""A draft as commented TOML: each guess with its reason above it."""

import textwrap
import tomllib

from competition.drafting.draft import Draft
from competition.terminal.printable import printable

_WIDTH = 100
_SHARE = (
    "No file says on what share of the test rows the public score is taken, but the leaderboard's "
    "page on Kaggle does. Where it stands here, public scores have a standard error."
)


def to_toml(draft: Draft) -> str:
    """Return the TOML text of a draft, which `load_competition` reads back as its competition."""
    competition = draft.competition
    lines = _comment(
        f"{competition.title}: {competition.url}. Drafted from its files; each guess has its "
        "reason above it. Runs read this file alone, so correct here what is wrong."
    )
    for question in draft.questions:
        lines += _comment(f"Look at this: {question}")
    lines.append("")
    place, said = "", set()
    for line in competition.to_toml().removesuffix("\n").split("\n"):
        name = _name(line)
        if line.startswith("["):
            place = f"{line.strip('[]')}."
            name = line.strip("[]")
        reason = draft.reasons.get(f"{place}{name}" if not line.startswith("[") else str(name))
        if reason is not None:
            lines += _comment(reason)
            said.add(name)
        lines.append(line)
        if name == "daily_submissions" and competition.public_share is None:
            lines += [*_comment(_SHARE), "# public_share = 0.25"]
    if "folds" in draft.reasons and "folds" not in said:
        lines += ["", *_comment(f"Folds are stratified: {draft.reasons['folds']}.")]
    return "\n".join(lines) + "\n"


def _name(line: str) -> str | None:
    """Return the entry that a line of TOML sets; None where it sets none."""
    if not line or line.startswith("["):
        return None
    return next(iter(tomllib.loads(line)))


def _comment(text: str) -> list[str]:
    """Return a text as comments, in lines of 100 characters; nothing in it ends a comment."""
    return textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )
