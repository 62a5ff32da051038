"""The folds that are like the test set, with what speaks for them and against."""

import re

import pandas as pd

from competition.data.tables.fold_rule import STRATIFIED, By, FoldRule
from competition.data.tables.schema import Role
from competition.drafting.asking.columns import Asked
from competition.drafting.draft import Notes
from competition.drafting.roles import Roles
from competition.drafting.split.adversarial import tell_apart
from competition.drafting.split.partings import Parting, parting_of


def folds_like_test(
    train: pd.DataFrame, test: pd.DataFrame | None, asked: Asked, roles: Roles, notes: Notes
) -> FoldRule:
    """Return the folds that are like the test set, and say how different it is."""
    many = len(asked.labels) > 1
    usual = FoldRule(By.RANDOM) if many else STRATIFIED
    if test is None:
        notes.reasons["folds"] = "no test set shows anything else"
        dates = {name for name, role in roles if role == Role.DATE}
        _ask_about_groups(train, asked, dates, notes)
        return usual
    labels = set(asked.labels)
    parting = parting_of(train, test, labels)
    dropped = {name for name, role in roles if role == Role.DROP}
    aside = labels | dropped | {asked.id_column, asked.test_id}
    if parting is not None:
        aside.add(parting.rule.column)
    seen = [str(name) for name in train if name in test and name not in aside]
    found = tell_apart(train, test, seen)
    told = "" if found is None else f"; {found} without that column"
    if parting is not None:
        notes.reasons["folds"] = f"{parting.reason}{told}"
        _ask_about_few(parting, notes)
        return parting.rule
    shown = "" if found is None else f" ({found})"
    notes.reasons["folds"] = f"nothing shows that the test rows were not drawn at random{shown}"
    if found is not None and found.apart:
        by = f", most of all in {found.column!r}" if found.column else ""
        notes.questions.append(
            f"The test rows differ from the training rows{by} ({found}; 0.5 would be alike), so "
            "the score out of fold may flatter. If they come from other groups or a later time, "
            "name the column in [folds]."
        )
    return usual


def _ask_about_few(parting: Parting, notes: Notes) -> None:
    if parting.rule.by == By.GROUP and parting.units < 5:
        notes.questions.append(
            f"There are only {parting.units} groups in {parting.rule.column!r} of the training "
            "rows, so folds by group are few and differ much."
        )


def _ask_about_groups(train: pd.DataFrame, asked: Asked, dates: set[str], notes: Notes) -> None:
    """Ask whether the rows of a labelled CSV belong together, where their columns look like it."""
    for name in map(str, train.columns):
        if name in asked.labels or name == asked.id_column:
            continue
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
        if re.search(r"(?:^|[^a-z])id$", plain, re.IGNORECASE) and train[name].duplicated().any():
            notes.questions.append(
                f"Rows share values of {name!r}: if those to be answered have others, say "
                f'folds by = "group", column = {name!r}.'
            )
        elif name in dates:
            notes.questions.append(
                f'If the rows to be answered come later in {name!r}, say folds by = "time".'
            )
