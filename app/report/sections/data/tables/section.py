"""The data, of a table: its columns, labels, equal rows, and how train and test differ."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from app.report.drawing.cells import shortened
from app.report.drawing.figures import Plot
from app.report.findings import Findings
from app.report.sections.data.label_issues import Doubts, doubts_of
from app.report.sections.data.shares import label_shares
from app.report.sections.data.tables.columns import ColumnTable, column_table
from app.report.sections.data.tables.importance import Importance, importance_of
from app.report.sections.data.tables.repeats import Repeats, find_repeats
from competition.data.tables.fold_rule import By
from competition.data.tables.schema import Role, Schema
from competition.drafting.split.adversarial import Adversarial, some_rows, tell_matrices_apart
from competition.problem.targets import Kind

_TELLING = 10  # columns that give the test set away
_ERRORS = 3.0  # standard errors that are more than chance


@dataclass(frozen=True)
class TableSection:
    """What the page shows of the data.

    Attributes:
        rows: Labelled rows.
        test_rows: Rows to answer.
        form: How many columns of which role, and what is asked, in words.
        left_out: What of the files was left out, and why.
        folds: How rows are dealt out, in words.
        shares: Shares of the classes, or how the values are spread.
        columns: Every column.
        importance: Which columns tell the truth; None where that cannot be told.
        adversarial: How well test rows are told from training rows; None where that cannot be told.
        telling: The columns that give the test set away, in words.
        without: The column that this leaves out, since folds are made by it; empty for none.
        repeats: Rows that are equal.
        doubts: Labels in doubt; None where answers are no class probabilities.
    """

    rows: int
    test_rows: int
    form: str
    left_out: tuple[str, ...]
    folds: str
    shares: list[Plot]
    columns: ColumnTable
    importance: Importance | None
    adversarial: Adversarial | None
    telling: list[str]
    without: str
    repeats: Repeats
    doubts: Doubts | None


def table_section(findings: Findings, schema: Schema) -> TableSection:
    """Look through the columns and labels.

    Args:
        findings: The data; the blend or the columns say which labels are in doubt.
        schema: What the table's columns are.
    """
    data = findings.data
    adversarial = _tell_apart(findings, schema)
    return TableSection(
        rows=len(data.train),
        test_rows=len(data.test),
        form=_form(findings, schema),
        left_out=schema.notes,
        folds=_folds(findings),
        shares=label_shares(findings),
        columns=column_table(data, schema),
        importance=importance_of(findings, schema),
        adversarial=adversarial,
        telling=[] if adversarial is None else _telling(adversarial),
        without=findings.competition.folds.column or "",
        repeats=find_repeats(data, findings.problem),
        doubts=doubts_of(findings),
    )


def _form(findings: Findings, schema: Schema) -> str:
    roles = Counter(column.role for column in schema.columns)
    columns = ", ".join(f"{roles[role]} {role}" for role in Role if roles[role])
    problem = findings.problem
    match problem.kind:
        case Kind.CLASSES:
            asked = f"one of {len(problem.classes)} classes"
        case Kind.ORDERED:
            asked = f"one of {len(problem.classes)} classes with an order"
        case Kind.NUMBERS if len(problem.targets) == 1:
            asked = f"a number ({problem.targets[0]})"
        case _:
            asked = f"{len(problem.targets)} numbers ({', '.join(problem.targets)})"
    found = "1 column" if len(schema.columns) == 1 else f"{len(schema.columns):,} columns"
    return f"{found} to learn from ({columns}), each row with {asked}"


def _folds(findings: Findings) -> str:
    rule, units = findings.competition.folds, findings.data.units
    found = 0 if units is None else len(np.unique(units))
    match rule.by:
        case By.STRATIFIED if findings.problem.kind == Kind.NUMBERS:
            return "Each fold has its share of small and of large values."
        case By.STRATIFIED:
            return "Each fold has its share of every class."
        case By.RANDOM:
            return "Rows are dealt out into folds at random."
        case By.GROUP:
            return (
                f"Rows that share {rule.column!r} stay in one fold, so a model is scored on groups "
                f"that it has not seen. There are {found:,} groups."
            )
        case By.TIME:
            return (
                f"Folds follow the time in {rule.column!r} ({found:,} moments): a model is scored "
                "on rows later than all that it learnt from, and only the later half is scored."
            )
    return (
        f"Folds are stretches of {rule.column!r}, {found:,} in all: a model is scored on stretches "
        "between others that it learnt from."
    )


def _tell_apart(findings: Findings, schema: Schema) -> Adversarial | None:
    """Tell test rows from training rows by all but texts, groups, and what folds are made by."""
    data, aside = findings.data, findings.competition.folds.column
    places = [
        place
        for place, column in enumerate(schema.columns)
        if column.role not in (Role.TEXT, Role.GROUP) and column.name != aside
    ]
    first, second = some_rows(len(data.train), len(data.test), len(places))
    train, test = data.train[first][:, places], data.test[second][:, places]
    return tell_matrices_apart(train, test, [schema.names[place] for place in places])


def _telling(adversarial: Adversarial) -> list[str]:
    """Name the columns that give the test set away by more than chance."""
    sure = [
        (name, auc) for name, auc in adversarial.telling if auc - 0.5 > _ERRORS * adversarial.error
    ]
    return [f"{shortened(name)}: {auc:.2f}" for name, auc in sure[:_TELLING]]
