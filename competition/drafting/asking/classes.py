"""The classes of a label column, in their order."""

import re

import pandas as pd

from competition.drafting.draft import Notes
from competition.drafting.tables import Tables, some
from competition.errors import PodiumError
from competition.problem.metrics.metric import Metric
from competition.problem.targets import Kind

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MOST_CLASSES = 256
_LADDERS = (
    ("none", "very low", "low", "medium", "high", "very high"),
    ("none", "minimal", "mild", "moderate", "severe", "extreme"),
    ("very poor", "poor", "fair", "average", "good", "very good", "excellent"),
    ("small", "medium", "large"),
    ("low", "moderate", "high"),
    ("never", "rarely", "sometimes", "often", "always"),
)


def classes_of(
    tables: Tables, labels: tuple[str, ...], metric: Metric, notes: Notes
) -> tuple[str, ...]:
    """Return the classes of the label column: in the order of numbers, else sorted.

    Raises:
        PodiumError: the metric does not fit these labels.
    """
    if len(labels) > 1:
        raise PodiumError(
            f"The metric {metric.name!r} is for one column of classes, and {tables.sample_name} "
            f"asks for {len(labels)}: {some(labels)}. Podium answers several columns only where "
            "they are numbers, or the classes of one column."
        )
    texts = tables.texts(labels[0])
    require_labels(texts, labels[0], tables)
    different = [str(each) for each in texts.unique()]
    _check_many(different, len(texts), labels[0], metric)
    numbers = all(_NUMBER.fullmatch(each) for each in different)
    if numbers:
        classes = sorted(different, key=lambda each: (float(each), each))
    else:
        classes = sorted(different)
    how = "in the order of numbers" if numbers else "sorted"
    notes.reasons["classes"] = f"the values of {labels[0]!r} in {tables.train_name}, {how}"
    if metric.kind == Kind.ORDERED and not numbers:
        classes, how = _in_words_order(classes)
        notes.reasons["classes"] = f"the values of {labels[0]!r}, {how}"
        if how == "sorted":
            notes.questions.append(
                f"The order of the classes counts for {metric.name!r}, and {some(classes)} are "
                "only sorted: put them in their order, the lowest first."
            )
    return tuple(classes)


def require_labels(texts: pd.Series, column: str, tables: Tables) -> None:
    """Refuse a target with gaps, or with one value alone.

    Raises:
        PodiumError: with the row.
    """
    if texts.isna().any():
        row = int(texts.isna().to_numpy().argmax())
        raise PodiumError(
            f"{tables.train_name}, row {row + 2}, column {column!r}: the label is missing "
            f"({int(texts.isna().sum()):,} are). Take these rows out of the file."
        )
    if texts.nunique() == 1:
        raise PodiumError(
            f"The target {column!r} is {texts.iloc[0]!r} in every row of {tables.train_name}: "
            "there is nothing to learn. Name another target."
        )


def _check_many(different: list[str], rows: int, column: str, metric: Metric) -> None:
    """Refuse labels that are no classes, or that are too many."""
    many = len(different)
    if many > 20 and (many > _MOST_CLASSES or rows < 2 * many or _measured(different)):
        values = "numbers" if all(map(_NUMBER.fullmatch, different)) else "texts"
        advice = (
            "Is it a metric of numbers, such as rmse?"
            if values == "numbers"
            else "Is it the right target?"
        )
        raise PodiumError(
            f"The metric {metric.name!r} is for classes, and {column!r} has {many:,} different "
            f"{values} in {rows:,} rows (at most {_MOST_CLASSES} are classes). {advice}"
        )


def _measured(different: list[str]) -> bool:
    """Tell whether values are numbers, and most of them not whole."""
    if not all(map(_NUMBER.fullmatch, different)):
        return False
    return sum(not float(each).is_integer() for each in different) > len(different) / 2


def _in_words_order(classes: list[str]) -> tuple[list[str], str]:
    """Return classes in the order that their words or the one number in each have."""
    plain = {each: re.sub(r"[\s_-]+", " ", each.strip().casefold()) for each in classes}
    for ladder in _LADDERS:
        if set(plain.values()) <= set(ladder):
            return sorted(classes, key=lambda each: ladder.index(plain[each])), "from low to high"
    numbers = [re.findall(r"\d+", each) for each in classes]
    if all(len(found) == 1 for found in numbers):
        values = {each: int(found[0]) for each, found in zip(classes, numbers, strict=True)}
        if len(set(values.values())) == len(classes):
            return sorted(classes, key=values.__getitem__), "in the order of their numbers"
    return classes, "sorted"
