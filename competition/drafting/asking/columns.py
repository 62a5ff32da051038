"""What is asked: the `[columns]` of a competition and its classes, told from its files."""

from dataclasses import dataclass

import pandas as pd

from competition.drafting.asking.classes import classes_of
from competition.drafting.asking.ids import find_test_id, looks_like_id
from competition.drafting.asking.labels import find_labels, train_only
from competition.drafting.draft import Notes, Undecided
from competition.drafting.tables import Tables, require_column, some
from competition.errors import PodiumError
from competition.problem.metrics.metric import Metric
from competition.problem.targets import Kind
from competition.problem.text.lines import is_nameless


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
    test_id = find_test_id(tables, id_column, notes)
    labels, classes = find_labels(tables, tuple(targets), target, test_id or id_column, notes)
    if not classes and metric.kind != Kind.NUMBERS:
        classes = classes_of(tables, labels, metric, notes)
    return Asked(id_column, test_id, tuple(targets), labels, classes)


def leave_out_index(tables: Tables, notes: Notes) -> None:
    """Leave out the nameless column that a data frame wrote before a sample's ids."""
    if tables.sample is None:
        return
    sample = tables.sample
    first, *others = map(str, sample.columns)
    if len(others) < 2 or not is_nameless(first) or not looks_like_id(sample, others[0]):
        return
    notes.questions.append(
        f"{tables.sample_name} begins with a column without a name, which submissions are written "
        f"without: {others[0]!r} is taken for the id."
    )
    tables.sample = sample.drop(columns=first)


def _without_sample(tables: Tables, metric: Metric, given: tuple[str, ...], notes: Notes) -> Asked:
    """Tell the columns where there is no sample: from what train has and test lacks."""
    assert tables.test is not None
    notes.questions.append(
        f"There is no sample submission, so {tables.sample_name} is made of the ids in "
        f"{tables.test_name}: compare its form with the competition's page before you submit."
    )
    candidates = list(given) or train_only(tables, "")
    if not candidates:
        raise PodiumError(
            f"{tables.train_name} has no column that {tables.test_name} lacks, so it holds no "
            "target. Give the labelled training file."
        )
    if len(candidates) > 1 and not given:
        raise Undecided(
            f"There is no sample submission, and {tables.train_name} alone has "
            f"{some(candidates)}. Say which of them is the target.",
            "target",
            tuple(candidates),
        )
    labels = tuple(candidates)
    first = tables.test.iloc[:, 0]
    apart = not pd.api.types.is_numeric_dtype(first) and first.notna().all() and first.is_unique
    id_column = next(
        (str(name) for name in tables.test if looks_like_id(tables.test, str(name))),
        str(first.name) if apart else None,  # such as a moment
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
