"""Answers that stand beside the wrong ids: valid, and worth no more than chance.

A file whose ids are one row off, or whose ids or answers alone are sorted as text, breaks no rule.
It shows in the order of its ids, and in how far it agrees with answers that are known.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from competition.problem.checking.oddities import rank_correlation
from competition.problem.problem import Problem
from competition.problem.targets import Answers, Eats
from competition.problem.text.ids import FEW, as_text, counted, slipped

_FEWEST = 30  # rows; with fewer, chance can look like anything
_SURE = 3.0  # standard errors
_HEALED = 0.5  # agreement that another order must reach to be the cause
_OTHER = "the answers in another order"
_IN_ORDER = "write the sample's ids, in the sample's order, beside the answers"


def mix_ups(
    answers: Answers,
    problem: Problem,
    previous: Answers | None,
    blend: Answers | None,
    places: Sequence[int],
    ids: Sequence[str],
) -> list[str]:
    """Return a sentence where answers and ids seem not to belong together, with the cause.

    Args:
        answers: In the order of the sample's ids, as all answers here.
        problem: What was asked.
        previous: Of the last scored submission; that few rows agree with it is said elsewhere.
        blend: Of the blend that stands.
        places: The row in the sample of each row in the file.
        ids: The sample's.
    """
    found: list[str] = []
    agreed = False
    for name, known in (("the last scored file", previous), ("the blend", blend)):
        if known is None or not _comparable(answers, known):
            continue
        agreement, chance = _agreement(answers, known, problem)
        if agreement > chance or agreement == 1.0:
            agreed = True
            continue
        if chance >= 1.0:  # nearly all have one answer, so that any order agrees
            continue
        if known is blend:
            found.append(
                f"The answers agree with {name} no more than by chance: are rows or classes mixed "
                "up?"
            )
        if cause := _cause(answers, known, name, problem, ids):
            return [*found, cause]
    return found if agreed else [*found, *_order(places, ids)]


def _comparable(answers: Answers, known: Answers) -> bool:
    alike = known.shape == answers.shape and known.dtype.kind == answers.dtype.kind
    varied = not any(bool((each == each[0]).all()) for each in (answers, known))
    return alike and len(answers) >= _FEWEST and varied


def _agreement(answers: Answers, known: Answers, problem: Problem) -> tuple[float, float]:
    """Return how far two sets of answers agree, and what chance alone reaches now and then."""
    rows = len(answers)
    if problem.metric.eats in (Eats.LABEL, Eats.RANKING):
        ours, theirs = (each if each.ndim == 1 else each[:, 0] for each in (answers, known))
        shares = [
            np.bincount(each, minlength=len(problem.classes)) / rows for each in (ours, theirs)
        ]
        chance = float(shares[0] @ shares[1])
        agreement = float(np.mean(ours == theirs))
        return agreement, chance + _SURE * float(np.sqrt(chance * (1 - chance) / rows))
    columns = (each.reshape(rows, -1).T for each in (answers, known))
    found = [rank_correlation(ours, theirs) for ours, theirs in zip(*columns, strict=True)]
    return float(np.nanmax([*found, -1.0])), _SURE / float(np.sqrt(rows))


def _cause(
    answers: Answers, known: Answers, name: str, problem: Problem, ids: Sequence[str]
) -> str | None:
    """Return the other order in which answers agree with known ones, and how to write it."""
    orders = {("the answers turned round", _IN_ORDER): answers[::-1]}
    for by in range(1, FEW + 1):
        rows, many = ("one row", "one id") if by == 1 else (f"{by} rows", f"{by} ids")
        off = f"the ids are {rows} off; {_IN_ORDER}"
        orders[f"each answer {many} further", off] = np.roll(answers, by, axis=0)
        orders[f"each answer {many} earlier", off] = np.roll(answers, -by, axis=0)
    if counted(ids) is not None:
        as_read = as_text(ids)
        spread = np.empty_like(answers)
        spread[as_read] = answers
        text = "are sorted as text (1, 10, 100, …) and"
        orders |= {
            (_OTHER, f"the answers {text} the ids are not; sort both together"): spread,
            (_OTHER, f"the ids {text} the answers are not; sort both together"): answers[as_read],
        }
    reached = {way: _agreement(each, known, problem) for way, each in orders.items()}
    way = max(reached, key=lambda each: reached[each][0])
    agreement, chance = reached[way]
    if agreement < max(_HEALED, chance):
        return None
    return f"With {way[0]} they agree with {name} by {agreement:.1%}: {way[1]}."


def _order(places: Sequence[int], ids: Sequence[str]) -> Iterator[str]:
    """Tell of an order of ids that rarely is the answers' own."""
    if tuple(places) == tuple(range(len(ids))):
        return
    first = ", ".join(ids[place] for place in places[:3])
    if by := slipped(places):
        rows = "one row" if abs(by) == 1 else f"{abs(by)} rows"
        where = "down" if by > 0 else "up"
        yield (
            f"The ids stand {rows} further {where} than in the sample ({first}, …): if the answers "
            "are in the order of the test rows, none has its own id. Write the sample's ids in "
            "the sample's order."
        )
    elif len(ids) > 1 and counted(ids) is not None and list(places) == as_text(ids):
        yield (
            f"The ids are sorted as text ({first}, …): make sure that the answers were sorted "
            "together with them."
        )
