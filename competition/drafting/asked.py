"""What is asked: the id, the targets, the label columns and the classes, told from the files."""

import difflib
import re
from dataclasses import dataclass

import pandas as pd

from competition.data.tables.coded import texts_of
from competition.drafting.draft import Notes, Undecided
from competition.drafting.tables import Tables
from competition.errors import PodiumError
from competition.problem.metric import Metric
from competition.problem.targets import Kind

_SHOWN = 8
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MOST_CLASSES = 256


@dataclass(frozen=True)
class Asked:
    """The `[columns]` of a competition, and its classes.

    Attributes:
        id_column: The sample's first column.
        test_id: What the test file calls it; None where it has the same name, or no ids.
        targets: The sample's other columns.
        labels: The training columns that hold the truth.
        classes: In their order; none for numbers.
    """

    id_column: str
    test_id: str | None
    targets: tuple[str, ...]
    labels: tuple[str, ...]
    classes: tuple[str, ...]


def what_is_asked(tables: Tables, metric: Metric, target: tuple[str, ...], notes: Notes) -> Asked:
    """Tell the columns of a competition with a test file.

    Args:
        tables: Train, test, and the sample if there is one.
        metric: Decides whether classes or numbers are asked.
        target: The label column(s), where a person named them.
        notes: Gets the reasons.

    Raises:
        PodiumError: the files do not fit each other, or the metric does not fit the target.
        Undecided: no file tells which column is the target.
    """
    for name in target:
        require_column(tables, name)
    if tables.sample is None:
        return _without_sample(tables, metric, target, notes)
    id_column, *targets = map(str, tables.sample.columns)
    if not targets:
        raise PodiumError(
            f"{tables.sample_name} has a single column, {id_column!r}; a sample submission has an "
            "id and what is asked. Look whether it is the right file."
        )
    notes.reasons["columns.id"] = f"the first column of {tables.sample_name}"
    test_id = _test_id(tables, id_column, notes)
    labels, classes = _labels(tables, tuple(targets), metric, target, test_id or id_column, notes)
    if not classes and metric.kind != Kind.NUMBERS:
        classes = classes_of(tables, labels, metric, notes)
    return Asked(id_column, test_id, tuple(targets), labels, classes)


def require_column(tables: Tables, name: str) -> None:
    """Refuse a target that train does not have.

    Raises:
        PodiumError: with the nearest names.
    """
    if name in tables.train:
        return
    columns = list(map(str, tables.train.columns))
    by_case = {column.casefold(): column for column in columns}
    close = difflib.get_close_matches(name.casefold(), by_case, n=1)
    hint = f"did you mean {by_case[close[0]]!r}?" if close else f"its columns are {_some(columns)}."
    raise PodiumError(f"{tables.train_name} has no column {name!r}: {hint}")


# ---------------------------------------------------------------------- the id


def _test_id(tables: Tables, id_column: str, notes: Notes) -> str | None:
    """Return what the test file calls the id, and check that its rows are the sample's."""
    assert tables.test is not None and tables.sample is not None
    test, ids = tables.test, texts_of(tables.sample[id_column])
    if ids.isna().any() or ids.duplicated().any():
        raise PodiumError(
            f"{tables.sample_name} has blank or doubled ids in its first column, {id_column!r}: "
            "so it names no row. Look whether it is the right file."
        )
    if id_column in test:
        own = texts_of(test[id_column])
        _require_same(set(ids), own, tables, id_column)
        return None
    known = set(ids)
    same = [name for name in test if len(known) == test[name].nunique() == len(test)]
    same = [name for name in same if set(texts_of(test[name])) == known]
    if same:
        notes.reasons["columns.test_id"] = (
            f"its cells in {tables.test_name} are the ids of {tables.sample_name}"
        )
        return str(same[0])
    if len(test) != len(ids):
        raise PodiumError(
            f"{tables.test_name} has {len(test):,} rows and {tables.sample_name} {len(ids):,}, and "
            f"no column of it has the sample's ids. Give the files of one competition."
        )
    notes.questions.append(
        f"{tables.test_name} has no column with the ids of {tables.sample_name}: its rows are "
        "taken to stand in the same order."
    )
    return None


def _require_same(ids: set[str], own: pd.Series, tables: Tables, id_column: str) -> None:
    lost, more = sorted(ids.difference(own)), sorted(set(own.dropna()) - ids)
    if own.duplicated().any() or own.isna().any():
        raise PodiumError(
            f"{tables.test_name} has blank or doubled ids in {id_column!r}, so that "
            f"{tables.sample_name} does not say which row is meant. Look whether they are the "
            "right files."
        )
    if lost or more:
        what = (
            f"lacks the id {lost[0]!r}, which {tables.sample_name} asks for"
            if lost
            else f"has the id {more[0]!r}, which {tables.sample_name} does not ask for"
        )
        raise PodiumError(
            f"{tables.test_name} {what} ({len(own):,} rows, {len(ids):,} ids). Give the files of "
            "one competition."
        )


# ---------------------------------------------------------------------- the labels


def _labels(
    tables: Tables,
    targets: tuple[str, ...],
    metric: Metric,
    given: tuple[str, ...],
    test_id: str,
    notes: Notes,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the label columns, and the classes where the sample's columns name them."""
    where = f"the other columns of {tables.sample_name}"
    there = [name for name in targets if name in tables.train]
    if len(there) == len(targets) and given in ((), targets):
        notes.reasons["columns.target"] = (
            f"{where if len(targets) > 1 else where.replace('columns', 'column')}"
        )
        notes.reasons["columns.label"] = f"{tables.train_name} has the same"
        return targets, ()
    if there and not given:
        lost = next(name for name in targets if name not in there)
        raise PodiumError(
            f"{tables.train_name} has the column {there[0]!r} of {tables.sample_name}, but not "
            f"{lost!r}: the target is missing. Give the labelled training file."
        )
    candidates = list(given) or _train_only(tables, test_id)
    if not candidates:
        raise PodiumError(
            f"{tables.train_name} has no column that {tables.test_name} lacks, so it holds no "
            "target. Give the labelled training file."
        )
    for name in candidates:
        spelt = _spelling(tables.texts(name), name, targets)
        if spelt is not None and len(targets) > 1:
            classes, written = spelt
            notes.reasons["columns.target"] = f"{where}: a class each"
            notes.reasons["columns.label"] = f"the values of {name!r} are the classes {written}"
            notes.reasons["classes"] = f"in the order of {tables.sample_name}"
            return (name,), classes
    if given and len(given) == len(targets):
        notes.reasons["columns.target"] = where
        notes.reasons["columns.label"] = "as named"
        return given, ()
    if len(targets) == 1:
        return (_only(tables, targets[0], candidates, notes),), ()
    raise PodiumError(
        f"{tables.sample_name} asks for {_some(targets)}, and no column of {tables.train_name} is "
        f"called so or has these values; it alone has {_some(candidates)}. Say which column is the "
        "target, or look whether they are the right files."
    )


def _train_only(tables: Tables, test_id: str) -> list[str]:
    assert tables.test is not None
    return [
        str(name) for name in tables.train if name not in tables.test.columns and name != test_id
    ]


def _spelling(
    texts: pd.Series, column: str, targets: tuple[str, ...]
) -> tuple[tuple[str, ...], str] | None:
    """Return the classes in the order of the target columns, and how these write them."""
    values = set(texts.dropna().head(10_000).unique())
    if len(values) > len(targets):
        return None
    values = set(texts.dropna().unique())
    if len(values) != len(targets):
        return None
    if values == set(targets):
        return targets, "that the sample's columns name"
    first = targets[0]
    for value in sorted(values, key=len, reverse=True):
        for found in re.finditer(re.escape(value), first):
            before, after = first[: found.start()], first[found.end() :]
            if {f"{before}{each}{after}" for each in values} == set(targets):
                end = len(after)
                classes = tuple(name[len(before) : len(name) - end] for name in targets)
                written = f"{before}<class>{after}"
                return classes, f"that the sample's columns name as {written}"
    return None


def _only(tables: Tables, target: str, candidates: list[str], notes: Notes) -> str:
    """Return the label column that goes by another name in the sample."""
    notes.reasons["columns.target"] = f"the other column of {tables.sample_name}"
    by_case = [name for name in candidates if name.casefold() == target.casefold()]
    if len(by_case) == 1 and len(candidates) > 1:
        notes.reasons["columns.label"] = f"what {tables.train_name} calls {target!r}"
        return by_case[0]
    if len(candidates) == 1:
        notes.reasons["columns.label"] = f"the only column that {tables.test_name} lacks"
        return candidates[0]
    raise Undecided(
        f"{tables.train_name} has no column {target!r}, which {tables.sample_name} asks for; of "
        f"its own it has {_some(candidates)}. Say which of them is the target.",
        "target",
        tuple(candidates),
    )


def _without_sample(tables: Tables, metric: Metric, given: tuple[str, ...], notes: Notes) -> Asked:
    """Tell the columns where there is no sample: from what train has and test lacks."""
    assert tables.test is not None
    notes.questions.append(
        f"There is no sample submission: compare the id and the target with the competition's page "
        f"and write {tables.sample_name} before you submit."
    )
    candidates = list(given) or _train_only(tables, "")
    if not candidates:
        raise PodiumError(
            f"{tables.train_name} has no column that {tables.test_name} lacks, so it holds no "
            "target. Give the labelled training file."
        )
    if len(candidates) > 1 and not given:
        raise Undecided(
            f"There is no sample submission, and {tables.train_name} alone has "
            f"{_some(candidates)}. Say which of them is the target.",
            "target",
            tuple(candidates),
        )
    labels = tuple(candidates)
    id_column = next(
        (str(name) for name in tables.test if looks_like_id(tables.test, str(name))), None
    )
    if id_column is None:
        raise PodiumError(
            f"There is no sample submission, and no column of {tables.test_name} looks like an id. "
            "Add one, and a sample_submission.csv as the competition's page shows it."
        )
    notes.reasons["columns.id"] = f"different in each row of {tables.test_name}"
    notes.reasons["columns.target"] = notes.reasons["columns.label"] = (
        "as named" if given else f"the only column that {tables.test_name} lacks"
    )
    classes = () if metric.kind == Kind.NUMBERS else classes_of(tables, labels, metric, notes)
    return Asked(id_column, None, labels, labels, classes)


_ID_NAME = re.compile(
    r"(?:^|[^a-z])(?:id|uuid|guid|index|idx|key|row|rownum|serial)$|^id(?:[^a-z]|$)", re.IGNORECASE
)


def looks_like_id(cells: pd.DataFrame, name: str) -> bool:
    """Tell whether a column is different in each row, and named or numbered as ids are.

    Example:
        >>> looks_like_id(pd.DataFrame({"PassengerId": [7, 3]}), "PassengerId")
        True
    """
    column = cells[name]
    if pd.api.types.is_float_dtype(column) or column.isna().any() or column.duplicated().any():
        return False
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return bool(_ID_NAME.search(plain)) or counts_on(column)


def counts_on(column: pd.Series) -> bool:
    """Tell whether whole numbers go up by one from row to row."""
    if not pd.api.types.is_integer_dtype(column) or len(column) < 3:
        return False
    return bool((column.diff().iloc[1:] == 1).all())


# ---------------------------------------------------------------------- the classes


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
            f"asks for {len(labels)}: {_some(labels)}. Podium answers several columns only where "
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
                f"The order of the classes counts for {metric.name!r}, and {_some(classes)} are "
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


_LADDERS = (
    ("none", "very low", "low", "medium", "high", "very high"),
    ("none", "minimal", "mild", "moderate", "severe", "extreme"),
    ("very poor", "poor", "fair", "average", "good", "very good", "excellent"),
    ("small", "medium", "large"),
    ("low", "moderate", "high"),
    ("never", "rarely", "sometimes", "often", "always"),
)


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


def _some(names: "tuple[str, ...] | list[str]") -> str:
    """Return the first of some names, in one line."""
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
