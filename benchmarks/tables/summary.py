"""What `benchmarks.tables` has found, as Markdown: who is ahead, and what estimates are worth."""

import math
from collections.abc import Iterator, Sequence
from statistics import mean, stdev
from typing import Any

PEERS = ("autogluon", "flaml")

Row = dict[str, Any]


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a table for each length of time, and of one about the estimates."""
    for minutes in sorted({row["minutes"] for row in rows}):
        of_time = [row for row in rows if row["minutes"] == minutes and _better_peer(row)]
        if of_time:
            yield from _beside_peers(of_time, minutes)
    yield from _estimates(rows)


def _beside_peers(rows: Sequence[Row], minutes: float) -> Iterator[str]:
    yield f"\n{minutes:g} minutes:\n"
    yield "| | metric | Podium | AutoGluon | FLAML | ahead of the better peer by |"
    yield "|---|---|---:|---:|---:|---:|"
    better = level = 0
    for row in rows:
        peer = _better_peer(row)
        gain, error = row[f"gain_on_{peer}"], row[f"error_on_{peer}"]
        better += gain > 0
        level += gain >= -error
        shown = " | ".join(_shown(row.get(name)) for name in PEERS)
        yield (
            f"| {row['competition']}{_seed(row)} | {row['metric']} | {row['podium']:.4f} | {shown} "
            f"| {gain:+.4f} ± {error:.4f} |"
        )
    yield (
        f"\nBetter than the better peer on {better} of {len(rows)}, "
        f"no worse by more than one paired standard error on {level}."
    )


def _better_peer(row: Row) -> str | None:
    """Return the peer whose answers score best; None where none was scored."""
    scored = [peer for peer in PEERS if f"gain_on_{peer}" in row]
    return min(scored, key=lambda peer: row[f"gain_on_{peer}"], default=None)


def _shown(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "failed" if value else ""


def _seed(row: Row) -> str:
    return f" (seed {row['seed']})" if row["seed"] else ""


def _estimates(rows: Sequence[Row]) -> Iterator[str]:
    """Yield how far the hidden rows were from what was said before, in standard errors."""
    for name, what in (("estimate", "the estimate"), ("corrected", "the corrected estimate")):
        apart = [_apart(row, name) for row in rows if row.get(name) is not None]
        if len(apart) > 1:
            yield (
                f"\nHidden score minus {what}, in standard errors of the difference, over "
                f"{len(apart)} runs: mean {mean(apart):+.2f}, standard deviation "
                f"{stdev(apart):.2f}; positive is better than was said."
            )


def _apart(row: Row, name: str) -> float:
    both = math.hypot(row["standard_error"], row["estimate_error"])
    difference = row["podium"] - row[name]
    return float(difference if row["greater_is_better"] else -difference) / both
