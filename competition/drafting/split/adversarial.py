"""Adversarial validation: how well a model tells test rows from training rows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from competition.data.tables.reading.coded import coded
from competition.data.tables.reading.kinds import kind_of, levels_of, numbers_of, seconds_of
from competition.data.tables.schema import Role

_ROWS = 20_000
_CELLS = 2_000_000
_FOLDS = 3
_TELLING = 0.05  # above chance, from which a column alone tells the two apart
_SEED = 20_240_601

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Adversarial:
    """How well test rows are told from training rows.

    Attributes:
        auc: 0.5 where they cannot be told apart, 1 where they always can.
        error: Its standard error.
        telling: The columns that tell them on their own, best first, and the AUC of each.
    """

    auc: float
    error: float
    telling: tuple[tuple[str, float], ...] = ()

    @property
    def column(self) -> str:
        """The column that tells them best on its own; empty where none does."""
        return self.telling[0][0] if self.telling else ""

    @property
    def apart(self) -> bool:
        """Whether the two are so different that random folds would flatter."""
        return self.auc - 3 * self.error > 0.55

    def __str__(self) -> str:
        """The AUC as people read it.

        Example:
            >>> str(Adversarial(0.5, 0.01))
            'adversarial AUC 0.50'
        """
        return f"adversarial AUC {self.auc:.2f}"


def tell_apart(train: pd.DataFrame, test: pd.DataFrame, columns: list[str]) -> Adversarial | None:
    """Train a classifier to tell test rows from training rows, cross-validated.

    At most 20,000 rows are looked at, and fewer of many columns. Texts are left out.

    Args:
        train: (n, columns).
        test: (m, columns).
        columns: What the classifier sees.

    Returns:
        The AUC; None where no column is left, or too few rows.
    """
    chosen = some_rows(len(train), len(test), len(columns))
    some = [part.iloc[rows] for part, rows in zip((train, test), chosen, strict=True)]
    matrix = {name: values for name in columns if (values := _values(some, name)) is not None}
    if not matrix:
        return None
    rows = np.column_stack(list(matrix.values()))
    return tell_matrices_apart(rows[: len(some[0])], rows[len(some[0]) :], list(matrix))


def some_rows(train: int, test: int, columns: int) -> tuple[Places, Places]:
    """Return which rows of each set are looked at: the same share of both, drawn at random."""
    most = min(_ROWS, _CELLS // max(1, columns))
    share = min(1.0, most / (train + test))
    random = np.random.default_rng(_SEED)
    first, second = (
        np.sort(random.permutation(rows)[: max(1, round(rows * share))]) for rows in (train, test)
    )
    return first, second


def tell_matrices_apart(train: Numbers, test: Numbers, names: list[str]) -> Adversarial | None:
    """Train a classifier to tell test rows from training rows, cross-validated.

    Args:
        train: (n, columns) numbers, NaN where one is missing.
        test: (m, columns) the same.
        names: Of the columns.

    Returns:
        The AUC; None where there is no column, or too few rows.
    """
    from lightgbm import LGBMClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    first, second = len(train), len(test)
    if not names or min(first, second) < 2 * _FOLDS:
        return None
    rows, is_test = np.concatenate([train, test]), np.repeat([0, 1], [first, second])
    model = LGBMClassifier(
        n_estimators=60,
        learning_rate=0.15,
        num_leaves=15,
        n_jobs=1,
        random_state=_SEED,
        verbose=-1,
    )
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    guess = cross_val_predict(model, rows, is_test, cv=folds, method="predict_proba")[:, 1]
    error = float(np.sqrt((first + second + 1) / (12 * first * second)))
    return Adversarial(float(roc_auc_score(is_test, guess)), error, _telling(rows, is_test, names))


def _values(parts: list[pd.DataFrame], name: str) -> np.ndarray | None:
    """Return a column of both parts as numbers; None for a text, and for what is empty."""
    train, test = (part[name] for part in parts)
    whole = pd.concat([train, test], ignore_index=True)
    kind = kind_of(whole)
    match kind.role:
        case Role.NUMBER:
            return numbers_of(whole)
        case Role.DATE:
            return seconds_of(whole, kind.date_format)
        case Role.CATEGORY:
            cells = coded(whole)
            return cells.values(levels_of(cells.texts)[1])[0]
    return None


def _telling(rows: Numbers, is_test: np.ndarray, names: list[str]) -> tuple[tuple[str, float], ...]:
    """Return the columns whose values alone separate, by their ranks, best first."""
    second = int(is_test.sum())
    first = len(is_test) - second
    found = []
    for name, values in zip(names, rows.T, strict=True):
        ranks = pd.Series(values).fillna(-np.inf).rank().to_numpy()
        auc = (ranks[is_test == 1].sum() - second * (second + 1) / 2) / (first * second)
        if abs(auc - 0.5) > _TELLING:
            found.append((name, 0.5 + abs(float(auc) - 0.5)))
    return tuple(sorted(found, key=lambda each: -each[1]))
