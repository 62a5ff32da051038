"""How a competition is scored: the metric that a text names, and whether it fits the target."""

import re

from competition.data.labels import Labels
from competition.drafting.asking.classes import require_labels
from competition.drafting.asking.columns import Asked
from competition.drafting.draft import Notes, Undecided
from competition.drafting.tables import Tables
from competition.errors import PodiumError
from competition.problem.metrics.known import find_metric
from competition.problem.metrics.metric import Metric
from competition.problem.problem import needs_positive, usual_positive
from competition.problem.targets import Eats, Kind

_ANY_K = re.compile(r"(?:mapk?|meanaverageprecision)(?:@|at)?(?:\{?k\}?)?")
_MOST_RANKED = 20


def metric_named(text: str | None, tables: Tables) -> Metric:
    """Return the metric that a text names; `MAP@{K}` gets the sample's number of labels.

    Raises:
        Undecided: no text was given.
        PodiumError: no metric is known by it.
    """
    if text is None or not text.strip():
        raise Undecided("How is it scored? The files do not tell the metric.", "metric")
    if _ANY_K.fullmatch(re.sub(r"[^a-z@{}]", "", text.casefold())) and not re.search(r"\d", text):
        return find_metric(f"map@{_ranked_in(tables)}")
    return find_metric(text)


def over_columns(metric: Metric, tables: Tables, labels: tuple[str, ...]) -> Metric:
    """Return the AUC's mean over columns where several ones of 0 and 1 are asked, else the metric.

    Args:
        metric: As it was named.
        tables: Train and the sample, if there is one.
        labels: The label columns, where a person named them; else those of the sample.
    """
    sample = () if tables.sample is None else tuple(map(str, tables.sample.columns[1:]))
    columns = [name for name in labels or sample if name in tables.train]
    if metric.name == "auc" and len(columns) > 1:
        texts = {str(text) for name in columns for text in tables.texts(name).unique()}
        return find_metric("mean columnwise auc") if texts <= {"0", "1", "0.0", "1.0"} else metric
    if metric.name == "mean columnwise auc" and len(columns) == 1:
        return find_metric("auc")
    return metric


def _ranked_in(tables: Tables) -> int:
    """Return how many labels stand in a cell of the sample's."""
    if tables.sample is None or len(tables.sample.columns) != 2:
        raise PodiumError("map@k needs its k: how many labels count, as in map@3.")
    most = max(len(str(cell).split()) for cell in tables.sample.iloc[:, 1])
    if not 1 <= most <= _MOST_RANKED:
        raise PodiumError("map@k needs its k: how many labels count, as in map@3.")
    return most


def require_numbers(tables: Tables, asked: Asked, metric: Metric) -> None:
    """Refuse a target that holds anything but numbers that the metric takes.

    Raises:
        PodiumError: with the row.
    """
    if len(asked.labels) != len(asked.targets):
        raise PodiumError(
            f"The metric {metric.name!r} scores numbers, and {tables.sample_name} has "
            f"{len(asked.targets)} columns for the one target {asked.labels[0]!r}. Is it log loss?"
        )
    cells = Labels((), metric.scale.least)
    for column in asked.labels:
        texts = tables.texts(column)
        require_labels(texts, column, tables)
        different = texts.unique()
        wrong = [text for text in different if cells.fault(str(text))]
        if not wrong:
            continue
        if len(wrong) > len(different) / 2:
            raise PodiumError(
                f"The metric {metric.name!r} scores numbers, and {column!r} of "
                f"{tables.train_name} holds {str(wrong[0])!r}. Is it a metric of classes, such as "
                "accuracy?"
            )
        row = int((texts == wrong[0]).to_numpy().argmax())
        raise PodiumError(
            f"{tables.train_name}, row {row + 2}, column {column!r}: {cells.fault(str(wrong[0]))}, "
            f"which the metric {metric.name!r} needs. Correct it, or delete such rows."
        )


def positive_of(asked: Asked, metric: Metric, given: str | None, notes: Notes) -> str | None:
    """Return the class that counts as positive, where the metric asks and it is not plain.

    Raises:
        PodiumError: there are not two classes, or what was given is none of them.
        Undecided: nobody says which class it is.
    """
    classes = asked.classes
    one_column = metric.eats == Eats.CLASS_PROBABILITIES and len(asked.targets) == 1
    if metric.kind == Kind.NUMBERS or not needs_positive(metric, one_column):
        return None
    if len(classes) != 2:
        if one_column:
            raise PodiumError(
                f"The metric {metric.name!r} wants a probability for each of the {len(classes)} "
                f"classes of {asked.labels[0]!r}, and the sample has the one column "
                f"{asked.targets[0]!r}. Look whether the metric is the right one."
            )
        other = "f1 macro" if metric.of_positive else "log loss"
        raise PodiumError(
            f"The metric {metric.name!r} takes two classes, and {asked.labels[0]!r} has "
            f"{len(classes)}. Is it {other}?"
        )
    if given is not None:
        if given not in classes:
            raise PodiumError(f"{given!r} cannot be positive: the classes are {classes}.")
        notes.reasons["positive"] = "as named"
        return given
    usual = usual_positive(classes)
    if usual is not None:
        notes.reasons["classes"] += f"; {classes[usual]} is positive"
        return None
    raise Undecided(
        f"The metric {metric.name!r} asks which class of {asked.labels[0]!r} counts as positive, "
        f"{classes[0]!r} or {classes[1]!r}. Name it: a wrong one turns the score round.",
        "positive",
        classes,
    )


def look_at_metric(metric: Metric, asked: Asked, notes: Notes) -> None:
    """Ask about a metric whose name means several things at Kaggle."""
    if metric.name == "f1 micro" and len(asked.classes) == 2:
        notes.questions.append(
            "f1 micro of two classes is their accuracy. If the competition's page shows the F1 of "
            'one class, write metric = "f1".'
        )


def look_at_sample(tables: Tables, asked: Asked, metric: Metric, notes: Notes) -> None:
    """Ask about a sample whose cells do not look as the metric says."""
    if tables.sample is None or metric.kind == Kind.NUMBERS or len(asked.targets) > 1:
        return
    written = set(tables.sample[asked.targets[0]].dropna().str.strip().unique())
    if metric.eats == Eats.RANKING:
        written = {label for cell in written for label in cell.split()}
    elif metric.eats != Eats.LABEL:
        return
    strange = sorted(written - set(asked.classes))
    if strange and len(written) > 0:
        notes.questions.append(
            f"{tables.sample_name} holds {strange[0]!r}, which is not how {tables.train_name} "
            f"writes a class ({asked.classes[0]!r}): labels go out as they stand in "
            f"{tables.train_name}. Look whether the metric is the right one."
        )
