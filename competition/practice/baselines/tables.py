"""The other teams where a table is asked: a constant, and a linear model on simple encodings.

They read the files as anybody does.
"""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.data.tables.schema import Role
from competition.data.tables.table import Table, read_table
from competition.practice.baselines.constants import constant_answers
from competition.practice.labelled.parted import Numbers
from competition.practice.labelled.tables import LabelledTable
from competition.problem.problem import Problem
from competition.problem.targets import Answers, Kind, Truth
from competition.spec import Competition

Floats = npt.NDArray[np.float64]

_MOST_ROWS = 20_000  # that the linear model learns from
_OF_EACH = 10  # at least, of each class
_MOST_LEVELS = 40  # of a category, each of which gets a column; the others share one
_WORDS: dict[str, Any] = {"max_features": 2_000, "token_pattern": r"\S+"}
_LEAST = 1e-4  # the probability of a class that the model has not seen
_SEED = 0


def team_answers(
    spec: Competition,
    labelled: LabelledTable,
    train: Numbers,
    test_path: Path,
    ids: tuple[str, ...],
) -> dict[str, Answers]:
    """Return what each team answers for the hidden rows.

    Args:
        spec: What is asked.
        labelled: All rows; of the hidden ones the truth is not looked at.
        train: The numbers of the training rows.
        test_path: The served test file.
        ids: Of its rows.

    Raises:
        PodiumError: the rows break a promise, such as that of a date in each.
    """
    problem, known = spec.problem, labelled.truth[train]
    teams = dict([constant_answers(problem, known, len(ids))])
    learnt = train[_sampled(known, problem.kind)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / spec.train_file).write_bytes(labelled.train_file(learnt))
        (folder / spec.test_file).symlink_to(test_path.absolute())
        with ThreadPoolExecutor(1) as beside:
            table = read_table(
                replace(spec, features=None), folder, lambda: np.array(ids, np.str_), beside
            )
    has_columns = any(column.role != Role.GROUP for column in table.columns)
    if has_columns and (problem.kind != Kind.CLASSES or len(np.unique(table.truth)) > 1):
        teams["linear model"] = _linear(problem, table)
    return teams


def _sampled(truth: Truth, kind: Kind) -> Numbers:
    """Return the sorted numbers of the rows to learn from, some of each class among them."""
    rows = np.random.default_rng(_SEED).permutation(len(truth))
    few = rows[:_MOST_ROWS]
    if kind == Kind.NUMBERS or len(few) == len(rows):
        return np.sort(few)
    of_each = [rows[truth[rows] == each][:_OF_EACH] for each in np.unique(truth)]
    return np.unique(np.concatenate([few, *of_each]))


def _linear(problem: Problem, table: Table) -> Answers:
    """Return the answers of a ridge or logistic regression, their decision learnt in sample."""
    known = table.truth
    encoder = _encoder(table)
    train = encoder.fit_transform(np.column_stack(table.train))
    test = encoder.transform(np.column_stack(table.test))
    if problem.kind == Kind.CLASSES:
        fitted, answered = _probabilities(train, known, test, len(problem.classes))
    else:
        fitted, answered = _values(train, np.asarray(problem.learnable(known), float), test)
    decision = problem.decision().fit(known, fitted.astype(np.float32))
    return decision.answers(answered.astype(np.float32))


def _encoder(table: Table) -> Any:
    """Return what makes standardised numbers, a column for each level, and weights of words."""
    from sklearn.compose import make_column_transformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    def places(*roles: Role) -> list[int]:
        return [place for place, column in enumerate(table.columns) if column.role in roles]

    def texts_of(place: int) -> Any:
        texts = np.array([*table.levels[place], ""], dtype=object)
        return FunctionTransformer(
            lambda codes: texts[np.nan_to_num(codes[:, 0], nan=-1.0).astype(int)]
        )

    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    levels = OneHotEncoder(
        max_categories=_MOST_LEVELS, handle_unknown="infrequent_if_exist", min_frequency=2
    )
    words = [
        (make_pipeline(texts_of(place), TfidfVectorizer(**_WORDS)), [place])
        for place in places(Role.TEXT)
    ]
    return make_column_transformer(
        (numbers, places(Role.NUMBER, Role.DATE, Role.ORDINAL)),
        (levels, places(Role.CATEGORY)),
        *words,
    )


def _probabilities(train: Any, known: Numbers, test: Any, classes: int) -> tuple[Floats, Floats]:
    """Return (n, classes) and (m, classes) probabilities of a logistic regression."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=200).fit(train, known)

    def spread(rows: Any) -> Floats:
        whole = np.full((rows.shape[0], classes), _LEAST)
        whole[:, model.classes_] = np.maximum(model.predict_proba(rows), _LEAST)
        shares: Floats = whole / whole.sum(axis=1, keepdims=True)
        return shares

    return spread(train), spread(test)


def _values(train: Any, wanted: Floats, test: Any) -> tuple[Floats, Floats]:
    """Return (n, t) and (m, t) values of a ridge regression."""
    from sklearn.linear_model import Ridge

    model = Ridge().fit(train, wanted.reshape(len(wanted), -1))
    fitted, answered = (np.asarray(model.predict(rows)) for rows in (train, test))
    return fitted.reshape(len(wanted), -1), answered.reshape(test.shape[0], -1)
