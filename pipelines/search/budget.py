"""A time budget as a person writes it, and its division among pipelines."""

import re

from competition.errors import PodiumError
from pipelines.base import Pipeline

_UNITS = {"h": 3600, "m": 60, "s": 1}
_FORM = re.compile(r"^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?$")


def parse_budget(text: str) -> float:
    """Return the seconds that a text such as `90s`, `20m` or `1h30m` stands for.

    Raises:
        PodiumError: the text is something else, or no time at all.
    """
    match = _FORM.match(text.strip().lower())
    amounts = match.groups() if match else ()
    seconds = sum(float(n) * unit for n, unit in zip(amounts, _UNITS.values(), strict=False) if n)
    if seconds <= 0:
        raise PodiumError(
            f"BUDGET={text} is not a length of time; write it as 90s, 20m, 2h or 1h30m."
        )
    return seconds


def share_of(pipeline: Pipeline, waiting: list[Pipeline], seconds: float) -> float:
    """Return a pipeline's part of the seconds left, those of `waiting` still to come."""
    whole = pipeline.budget_share + sum(other.budget_share for other in waiting)
    return seconds * pipeline.budget_share / whole
