"""A competition in words: what is asked, what a submission holds, what the rows are."""

from pathlib import Path
from typing import TYPE_CHECKING

from competition.data.tables.fold_rule import By, FoldRule
from competition.problem.targets import Eats
from competition.spec import Competition
from competition.terminal.printable import printable

if TYPE_CHECKING:
    from competition.workspace import Workspace


def asked_of(spec: Competition) -> str:
    """Return what the truth is: `10 classes`, or the names of the numbers."""
    problem = spec.problem
    if problem.targets:
        return (
            f"the {'number' if len(problem.targets) == 1 else 'numbers'} {_series(problem.targets)}"
        )
    return (
        f"{len(problem.classes)} {problem.kind if problem.kind == 'classes' else 'ordered classes'}"
    )


def held_by_submission(spec: Competition) -> str:
    """Return what a row of a submission holds beside its id, as people say it."""
    problem, columns = spec.problem, _series(spec.target_columns)
    match problem.metric.eats:
        case Eats.LABEL:
            return f"a class in {columns}"
        case Eats.VALUE:
            return f"a value in {columns}"
        case Eats.RANKING:
            return f"up to {problem.metric.top} classes, the likeliest first, in {columns}"
        case Eats.CLASS_PROBABILITIES if not problem.one_column:
            return f"a probability for each class in {columns}"
    assert problem.positive is not None
    return f"the probability of {problem.classes[problem.positive]} in {columns}"


def rows_of(spec: Competition) -> str:
    """Return what the rows are, and for a table how they are dealt out into folds."""
    if spec.image_side is not None:
        colour = "Colour" if spec.channels == 3 else "Grey"
        return f"{colour} images of {spec.image_side}×{spec.image_side} pixels"
    return f"A table; folds are {folds_of(spec.folds)}"


def folds_of(rule: FoldRule) -> str:
    """Return how rows are dealt out into folds, to follow 'folds are'."""
    match rule.by:
        case By.STRATIFIED | By.RANDOM:
            return str(rule.by)
        case By.TIME:
            return f"by time, {rule.column}, each later than what is learnt from"
        case By.BLOCKS:
            return f"blocks of time, {rule.column}"
    return f"by group, {rule.column}{f', as {rule.match} finds it' if rule.match else ''}"


def count_of_rows(rows: int | None) -> str:
    """Return how many rows a file must have."""
    return "any number" if rows is None else f"{rows:,}"


def is_there(folder: Path, name: str) -> bool:
    """Tell whether a file of the competition is there, or its zip."""
    return (folder / name).is_file() or (folder / f"{name}.zip").is_file()


def columns_of(workspace: "Workspace") -> str:
    """Return a table's columns by role, and what is left out, as lines."""
    from competition.data.dataset import load_dataset

    data = load_dataset(workspace.competition, workspace.data)
    assert data.schema is not None
    names: dict[str, list[str]] = {}
    for column in data.schema.columns:
        names.setdefault(column.role, []).append(printable(column.name))
    units = "" if data.units is None else f"; {data.units.max() + 1:,} units of folds"
    lines = [f"{len(data.train):,} rows to learn from, {len(data.test):,} to answer{units}"]
    lines += [f"  {role:<9} {len(each):>4}  {', '.join(each)}" for role, each in names.items()]
    return "\n".join([*lines, *(f"  {printable(note)}" for note in data.schema.notes)]) + "\n"


def _series(names: tuple[str, ...]) -> str:
    """Return `a`, `a, b, c`, or `a, …, z` for many."""
    return ", ".join(names if len(names) <= 3 else (names[0], "…", names[-1]))
