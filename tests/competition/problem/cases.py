"""One small competition of each form of submission, with names that are awkward to write."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from competition.problem.sample import Sample
from competition.problem.targets import Answers
from competition.spec import Competition, load_competition

IDS = ("1", "2", "3", "10", "a b", 'say "a"', "x,y", "ü")


def competition(
    metric: str,
    classes: tuple[str, ...] = (),
    targets: tuple[str, ...] = ("Class",),
    positive: str | None = None,
) -> Competition:
    return replace(
        load_competition("digit-recognizer"),
        slug="awkward",
        metric=metric,
        id_column="Id",
        target_columns=targets,
        label_columns=("label",) if classes else targets,
        classes=classes,
        positive=positive,
        train_rows=None,
        test_rows=len(IDS),
    )


LABELS = competition("accuracy", ("0", "1", "3", "cat", "a,b"))
FORMS = {
    "label": LABELS,
    "probability": competition("auc", ("no", "yes")),
    "one column": competition("log loss", ("yes", "no"), positive="yes"),
    "class columns": competition("log loss", ("low", "mid", "top"), ("Low", "Mid, so", "Top")),
    "value": competition("rmse", targets=("Price",)),
    "values": competition("rmsle", targets=("x", "y")),
    "logarithm": competition("rmse of logs", targets=("x",)),
    "ranked labels": competition("map@3", ("0", "1", "3", "cat", "a,b", 'the"cat"')),
}


def sample_of(spec: Competition, ids: tuple[str, ...] = IDS) -> Sample:
    """Return a sample whose target columns stand in another order than the competition's."""
    return Sample((spec.id_column, *reversed(spec.target_columns)), ids, size=100)


def answers_of(form: str, rows: int = len(IDS)) -> st.SearchStrategy[Answers]:
    """Return any answers that a form takes."""
    spec = FORMS[form]
    shares = st.floats(0, 1)
    match form:
        case "label":
            return arrays(np.int64, rows, elements=st.integers(0, len(spec.classes) - 1))
        case "ranked labels":
            return st.lists(ranking(len(spec.classes)), min_size=rows, max_size=rows).map(np.array)
        case "class columns":
            return arrays(np.float64, (rows, 3), elements=shares).filter(
                lambda each: bool(each.any(axis=1).all())
            )
        case "one column":
            return arrays(np.float64, rows, elements=shares)
    finite = st.floats(allow_nan=False, allow_infinity=False)
    if form == "probability":
        return arrays(np.float64, rows, elements=finite)
    lows = {"value": None, "values": 0.0, "logarithm": float(np.nextafter(0, 1))}
    elements = st.floats(lows[form], allow_nan=False, allow_infinity=False)
    return arrays(np.float64, (rows, len(spec.target_columns)), elements=elements)


def ranking(classes: int) -> st.SearchStrategy[list[int]]:
    """Return one to three different classes, and -1 for the places after them."""
    chosen = st.lists(st.integers(0, classes - 1), unique=True, min_size=1, max_size=3)
    return chosen.map(lambda numbers: numbers + [-1] * (3 - len(numbers)))
