"""A budget is a length of time, or a sentence."""

import pytest

from competition.errors import PodiumError
from pipelines.base import load_pipeline
from pipelines.search.budget import parse_budget, share_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("20m", 1200), ("1h30m", 5400), ("0.5h", 1800), (" 2H ", 7200)],
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["abc", "", "10", "-5m", "0m", "5m2h", "1e9s", "nan", "m"])
def test_anything_else_is_a_sentence(text: str) -> None:
    with pytest.raises(PodiumError, match="write it as 90s, 20m, 2h or 1h30m"):
        parse_budget(text)


def test_shares_use_up_the_time() -> None:
    waiting = [load_pipeline(name) for name in ("logistic", "knn")]
    left, spent = 100.0, 0.0
    while waiting:
        share = share_of(waiting.pop(0), waiting, left)
        left, spent = left - share, spent + share
    assert spent == pytest.approx(100.0)
