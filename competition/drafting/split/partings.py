"""How the test set was cut off: by groups, after a moment, in stretches of time, or at random.

Each parting is told by what would be expected of a random one. Of a column that has the same value
in several rows, a random cut leaves rows on both sides; of moments, a random cut makes as many runs
of train and test as chance does (Wald and Wolfowitz, 1940).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.tables.fold_rule import By, FoldRule
from competition.data.tables.reading.coded import texts_of
from competition.data.tables.reading.kinds import kind_of, numbers_of, seconds_of
from competition.data.tables.schema import Role
from competition.data.tables.units import groups_of
from competition.drafting.tables import kind_of_both

TIME_NAME = re.compile(
    r"(?<![a-z])(?:date|datetime|time|timestamp|year|yr|month|week|day|hour|period|quarter|epoch)"
    r"(?![a-z])",
    re.IGNORECASE,
)
_SHARED = 0.05  # of the training rows that have to share a value for it to make groups
_FEWEST_GROUPS = 3
_FIRST = 100  # cells that tell whether it is worth looking at all
_SURE = -12.0  # natural logarithm of the chance that a random cut parts no group
_FEW_RUNS = 0.2  # of those that chance makes
_AFTER = 0.99  # of the test rows
_PARTS = (
    "(.+)_",
    "^([^_]+)_",
    "_(.+)$",
    "(.+)-",
    "^([^-]+)-",
    "-(.+)$",
    "(.+)/",
    "(.+)[.]",
    "(.+):",
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Parting:
    """A rule by which train and test are parted, and what speaks for it.

    Attributes:
        rule: The folds that are like it.
        reason: In words.
        units: How many groups or moments the training rows have.
    """

    rule: FoldRule
    reason: str
    units: int


def parting_of(train: pd.DataFrame, test: pd.DataFrame, labels: set[str]) -> Parting | None:
    """Return how the test rows were parted from the training rows; None where at random.

    Moments come first: what lies after another in time is apart in much else. Of several groups
    the widest is taken, unless it leaves fewer than five to deal out.

    Args:
        train: (n, columns).
        test: (m, columns).
        labels: The label columns, which part nothing.
    """
    names = [str(name) for name in train if name in test and name not in labels]
    for name in sorted(names, key=lambda name: not TIME_NAME.search(_spaced(name))):
        found = _by_moment(train[name], test[name])
        if found is not None:
            return found
    groups = [found for name in names for found in _by_groups(train[name], test[name])]
    if not groups:
        return None
    enough = [found for found in groups if found.units >= 5]
    if enough:
        return min(enough, key=lambda found: found.units)
    return max(groups, key=lambda found: found.units)


def _spaced(name: str) -> str:
    """Return a name with its words apart, `saleDate` and `sale_date` alike."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ")


# ---------------------------------------------------------------------- moments


def _moments(train: pd.Series, test: pd.Series) -> tuple[Floats, Floats] | None:
    """Return the moments of a column: dates, or numbers with a name such as `year`."""
    named = TIME_NAME.search(_spaced(str(train.name)))
    if not named and kind_of(train.dropna().head(_FIRST)).role != Role.DATE:
        return None
    kind = kind_of_both(train, test)
    whole = pd.concat([train, test], ignore_index=True)
    if kind.role == Role.DATE:
        values = seconds_of(whole, kind.date_format)
    elif kind.role == Role.NUMBER and named:
        values = numbers_of(whole)
    else:
        return None
    if np.isnan(values).any():
        return None
    return values[: len(train)], values[len(train) :]


def _by_moment(train: pd.Series, test: pd.Series) -> Parting | None:
    moments = _moments(train, test)
    if moments is None:
        return None
    before, after = moments
    name = str(train.name)
    times = len(np.unique(before))
    last = before.max()
    if times >= _FEWEST_GROUPS and (after >= last).mean() >= _AFTER < 0.1 + (after > last).mean():
        return Parting(
            FoldRule(By.TIME, name),
            f"the test rows come after the training rows in {name!r}",
            times,
        )
    runs, expected = _runs(before, after)
    if times < 10 or runs < 4 or runs > _FEW_RUNS * expected:
        return None
    return Parting(
        FoldRule(By.BLOCKS, name),
        f"in {name!r} stretches of test rows alternate with stretches of training rows: "
        f"{runs:,} stretches where chance would make {expected:,.0f}",
        times,
    )


def _runs(before: Floats, after: Floats) -> tuple[int, float]:
    """Return the runs of moments of train and of test, and how many chance would make.

    Moments that both have end a run, so that where the two share many there are many runs.
    """
    moments, where = np.unique(np.concatenate([before, after]), return_inverse=True)
    in_train = np.bincount(where[: len(before)], minlength=len(moments)) > 0
    in_test = np.bincount(where[len(before) :], minlength=len(moments)) > 0
    kinds = in_train + 2 * in_test
    runs = 1 + int(((kinds[1:] != kinds[:-1]) | (kinds[1:] == 3)).sum())
    first = float(in_train.sum())
    second = float(in_test.sum())
    return runs, 1 + 2 * first * second / (first + second)


# ---------------------------------------------------------------------- groups


def _by_groups(train: pd.Series, test: pd.Series) -> Iterator[Parting]:
    """Yield the groups that a column's cells, or parts of them, make."""
    if pd.api.types.is_float_dtype(train) or pd.api.types.is_bool_dtype(train):
        return
    name = str(train.name)
    shared = train.duplicated(keep=False).mean() >= _SHARED
    if shared and not pd.Index(train.dropna().unique()).isin(test.dropna().unique()).any():
        texts = [texts_of(part).dropna() for part in (train, test)]
        found = _groups_apart(FoldRule(By.GROUP, name), texts[0], texts[1], len(train))
        if found is not None:
            yield found
    if not pd.api.types.is_string_dtype(train) or train.isna().any() or test.isna().any():
        return
    for match in _PARTS:
        if not (_fits(match, train) and _fits(match, test)):
            continue
        rule = FoldRule(By.GROUP, name, match)
        groups = groups_of(rule, train, test).written()
        found = _groups_apart(rule, groups[0], groups[1], len(train))
        if found is not None:
            yield found


def _fits(match: str, texts: pd.Series) -> bool:
    """Tell whether a part is found in every cell; the first ones tell most."""
    plain = match.replace("(", "(?:", 1)
    return all(bool(some.str.contains(plain).all()) for some in (texts.head(_FIRST), texts))


def _groups_apart(rule: FoldRule, train: pd.Series, test: pd.Series, rows: int) -> Parting | None:
    """Return the parting by groups where train and test share none, and chance would not do that.

    Args:
        rule: By which the groups were made.
        train: The group of each training row that has one.
        test: The same of the test rows.
        rows: How many training rows there are.
    """
    # A random cut with the share p of training rows leaves a group of k rows whole with the chance
    # p^k + (1 - p)^k.
    counts, others = train.value_counts(), test.value_counts()
    if len(counts) < _FEWEST_GROUPS or counts.index.isin(others.index).any():
        return None
    shared = float(counts[counts > 1].sum()) / rows
    if shared < _SHARED:
        return None
    sizes = np.concatenate([counts.to_numpy(), others.to_numpy()]).astype(np.float64)
    share = len(train) / (len(train) + len(test))
    whole = np.logaddexp(sizes * np.log(share), sizes * np.log1p(-share))
    if whole.sum() > _SURE:
        return None
    crossing = float((1 - np.exp(whole)).sum())
    what = "values" if rule.match is None else f"parts {rule.match!r}"
    reason = (
        f"{shared:.0%} of the training rows share one of the {len(counts):,} {what} of "
        f"{rule.column!r}, and no test row has one of them, where chance would part "
        f"{crossing:,.0f}"
    )
    return Parting(rule, reason, len(counts))
