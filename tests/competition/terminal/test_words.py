"""What a competition asks, in words."""

import pytest

from competition.data.tables.fold_rule import By, FoldRule
from competition.terminal.words import folds_of


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (FoldRule(), "stratified"),
        (FoldRule(By.RANDOM), "random"),
        (FoldRule(By.GROUP, "id", "(.+)_"), "by group, id, as (.+)_ finds it"),
        (FoldRule(By.TIME, "day"), "by time, day, each later than what is learnt from"),
        (FoldRule(By.BLOCKS, "hour"), "blocks of time, hour"),
    ],
)
def test_folds_are_told(rule: FoldRule, words: str) -> None:
    assert folds_of(rule) == words
