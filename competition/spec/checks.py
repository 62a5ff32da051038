"""Checks that the entries of a competition's TOML file fit together."""

import re
from typing import TYPE_CHECKING

from competition.data.tables.fold_rule import NEEDS_COLUMN, STRATIFIED, By
from competition.problem.metrics.metric import Metric
from competition.problem.problem import needs_positive, usual_positive
from competition.problem.targets import Eats, Kind
from competition.spec.entries import quoted

if TYPE_CHECKING:
    from competition.spec import Competition


def check_spec(spec: "Competition", metric: Metric) -> None:
    """Check that the entries fit together."""
    if any(
        "/" in name or "\\" in name or name.startswith(".") for name in (spec.slug, *spec.files)
    ):
        raise ValueError("slug and files must be plain names, without folders")
    if spec.channels not in (1, 3):
        raise ValueError("channels must be 1 for grey images or 3 for colour")
    columns = (spec.id_column, *spec.target_columns)
    if len(set(columns)) < len(columns) or len(set(spec.label_columns)) < len(spec.label_columns):
        raise ValueError("[columns] names a column twice")
    if any("\n" in name or "\r" in name for name in (*columns, *spec.label_columns, *spec.classes)):
        raise ValueError("names of columns and classes have no line breaks")
    _check_table(spec)
    if metric.kind == Kind.NUMBERS:
        if spec.classes or spec.positive is not None:
            raise ValueError(f"the metric {metric.name!r} scores numbers, so there are no classes")
        if len(spec.label_columns) != len(spec.target_columns):
            raise ValueError("columns.target and columns.label must name as many columns")
        return
    if not 2 <= len(set(spec.classes)) == len(spec.classes) <= 256:
        raise ValueError(f"the metric {metric.name!r} needs classes: 2 to 256 different names")
    if len(spec.label_columns) != 1:
        raise ValueError("classes stand in one label column")
    _check_form(spec, metric)


def _check_table(spec: "Competition") -> None:
    """Check what a table alone has."""
    rule = spec.folds
    if spec.image_side is not None:
        if spec.roles or rule != STRATIFIED or spec.test_id is not None:
            raise ValueError("[roles], [folds] and test_id are for tables, not for images")
        return
    if spec.channels != 1:
        raise ValueError("channels are for images: add image_side")
    if rule.by in NEEDS_COLUMN and rule.column is None:
        raise ValueError(f'folds by {rule.by} need a column: column = "..."')
    if rule.by not in NEEDS_COLUMN and rule.column is not None:
        raise ValueError(f"folds by {rule.by} have no column")
    if rule.match is not None:
        if rule.by != By.GROUP:
            raise ValueError("folds.match goes with folds by group")
        try:
            re.compile(rule.match)
        except re.error as error:
            raise ValueError(f"folds.match is no regular expression ({error})") from error
    for name, role in spec.roles:
        if isinstance(role, tuple) and not 2 <= len(set(role)) == len(role):
            raise ValueError(f"the levels of {name!r} must be two or more, all different")
        if name in spec.label_columns:
            raise ValueError(f"{name!r} is the label, so it has no role")


def _check_form(spec: "Competition", metric: Metric) -> None:
    """Check that the target columns can hold what the metric is computed from."""
    wide = metric.eats == Eats.CLASS_PROBABILITIES
    one = len(spec.target_columns) == 1
    if (
        wide
        and not (one and len(spec.classes) == 2)
        and len(spec.target_columns) != len(spec.classes)
    ):
        raise ValueError(
            f"{len(spec.classes)} classes need as many columns.target, in their order, not "
            f"{len(spec.target_columns)}"
        )
    if not wide and not one:
        raise ValueError(f"the metric {metric.name!r} takes one target column")
    if metric.eats == Eats.RANKING and any(" " in name for name in spec.classes):
        raise ValueError("ranked labels are parted by blanks, so no class name may hold one")
    if not needs_positive(metric, wide and one):
        if spec.positive is not None:
            raise ValueError(f"the metric {metric.name!r} has no positive class")
        return
    if len(spec.classes) != 2:
        raise ValueError(f"the metric {metric.name!r} takes two classes, not {len(spec.classes)}")
    if spec.positive is None and usual_positive(spec.classes) is None:
        raise ValueError(f"say which class is positive: positive = {quoted(spec.classes[1])}")
    if spec.positive is not None and spec.positive not in spec.classes:
        raise ValueError(f"positive is {spec.positive!r}, which is not one of the classes")
