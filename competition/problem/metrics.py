"""Every metric that Podium knows. A further one is one entry of `METRICS`."""

import difflib
import re
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.problem.measures import (
    ByConfusion,
    ByRows,
    Floats,
    Proportion,
    mean_of,
    r_squared,
)
from competition.problem.metric import LOG, LOG1P, Metric
from competition.problem.roc import area, auc, column_auc, gini, least_area_error
from competition.problem.targets import Answers, Eats, Kind, Truth

Counts = npt.NDArray[Any]

LEAST_PROBABILITY = 1e-15  # as Kaggle clips what a logarithm is taken of


# ---------------------------------------------------------------------- of rows


def log_losses(truth: Truth, answers: Answers) -> Floats:
    """Return -ln p(true class) of each row; answers (n, classes), or (n,) of the class 1.

    Rows are rescaled to the sum 1 first, as Kaggle does.
    """
    answers = answers.astype(np.float64)
    if answers.ndim == 1:
        answers = np.stack([1 - answers, answers], axis=1)
    of_truth = answers[np.arange(len(truth)), truth] / answers.sum(axis=1)
    losses: Floats = -np.log(np.clip(of_truth, LEAST_PROBABILITY, 1.0))
    return losses


def precision_at(truth: Truth, answers: Answers) -> Floats:
    """Return one over the place at which the true class stands, 0 where it does not stand."""
    hits = answers == truth[:, None]
    places = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1.0, np.inf)
    return 1 / places


def _squared(truth: Truth, answers: Answers) -> Floats:
    return np.asarray((truth - answers) ** 2)


def _squared_log1p(truth: Truth, answers: Answers) -> Floats:
    return np.asarray((np.log1p(truth) - np.log1p(np.clip(answers, -1 + 1e-12, None))) ** 2)


def _squared_log(truth: Truth, answers: Answers) -> Floats:
    return np.asarray((np.log(truth) - np.log(np.clip(answers, 1e-300, None))) ** 2)


def _absolute(truth: Truth, answers: Answers) -> Floats:
    return np.asarray(np.abs(truth - answers))


def _relative(truth: Truth, answers: Answers) -> Floats:
    return np.asarray(np.abs(truth - answers) / np.maximum(np.abs(truth), np.finfo(np.float64).eps))


def _relative_to_both(truth: Truth, answers: Answers) -> Floats:
    """Return 200 |t - a| / (|t| + |a|), and 0 where both are 0, as Kaggle does."""
    both = np.abs(truth) + np.abs(answers)
    return np.asarray(200 * np.abs(truth - answers) / np.where(both > 0, both, 1.0))


# ---------------------------------------------------------------------- of the confusion matrix


def _recalls(counts: Counts) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the recall of each class, and whether it has rows."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    rows = counts.sum(axis=-1)
    return hits / np.maximum(rows, 1e-300), rows > 0


def _balanced_accuracy(counts: Counts) -> Floats:
    recalls, there = _recalls(counts)
    return np.asarray((recalls * there).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1))


def _f1_by_class(counts: Counts) -> tuple[Floats, npt.NDArray[np.bool_]]:
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    both = counts.sum(axis=-1) + counts.sum(axis=-2)
    return 2 * hits / np.maximum(both, 1e-300), both > 0


def _f1_macro(counts: Counts) -> Floats:
    f1, there = _f1_by_class(counts)
    return np.asarray((f1 * there).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1))


def _f1_of_positive(counts: Counts) -> Floats:
    return np.asarray(_f1_by_class(counts)[0][..., -1])


def _matthews(counts: Counts) -> Floats:
    """Matthews' correlation for any number of classes (Gorodkin, 2004)."""
    hits = np.trace(counts, axis1=-2, axis2=-1)
    total = counts.sum(axis=(-2, -1))
    true, given = counts.sum(axis=-1), counts.sum(axis=-2)
    covariance = hits * total - (true * given).sum(axis=-1)
    spread = (total**2 - (given**2).sum(axis=-1)) * (total**2 - (true**2).sum(axis=-1))
    return np.asarray(np.where(spread > 0, covariance / np.sqrt(np.maximum(spread, 1e-300)), 0.0))


def _quadratic_kappa(counts: Counts) -> Floats:
    """Cohen's kappa, disagreements weighted by the square of their distance (Cohen, 1968)."""
    numbers = np.arange(counts.shape[-1], dtype=np.float64)
    weights = (numbers[:, None] - numbers) ** 2
    total = np.maximum(counts.sum(axis=(-2, -1)), 1)
    expected = counts.sum(axis=-1)[..., :, None] * counts.sum(axis=-2)[..., None, :]
    expected = expected / total[..., None, None]
    chance = (weights * expected).sum(axis=(-2, -1))
    observed = (weights * counts).sum(axis=(-2, -1))
    return np.asarray(np.where(chance > 0, 1 - observed / np.maximum(chance, 1e-300), 1.0))


# ---------------------------------------------------------------------- the entries


@cache
def _map_at(k: int) -> Metric:
    """Return the mean average precision at k, with one true class a row."""
    names = (f"mapk {k}", f"mean average precision @ {k}", f"mean average precision at {k}")
    return Metric(
        f"map@{k}",
        names,
        Kind.CLASSES,
        Eats.RANKING,
        True,
        ByRows(mean_of(precision_at), mean=True),
        top=k,
    )


METRICS = (
    Metric(
        "accuracy",
        ("categorization accuracy", "accuracy score", "classification accuracy", "acc"),
        Kind.CLASSES,
        Eats.LABEL,
        True,
        Proportion(),
    ),
    Metric(
        "balanced accuracy",
        ("balanced accuracy score", "macro recall"),
        Kind.CLASSES,
        Eats.LABEL,
        True,
        ByConfusion(_balanced_accuracy),
    ),
    Metric(
        "log loss",
        (
            "multiclass loss",
            "multi class log loss",
            "multiclass logarithmic loss",
            "multiclass loss old",
            "logarithmic loss",
            "binary log loss",
            "mean log loss",
            "mlogloss",
            "cross entropy",
            "cross entropy loss",
            "binary cross entropy",
            "categorical cross entropy",
            "neg log loss",
            "negative log loss",
        ),
        Kind.CLASSES,
        Eats.CLASS_PROBABILITIES,
        False,
        ByRows(mean_of(log_losses), mean=True),
    ),
    Metric(
        "auc",
        (
            "roc auc",
            "roc auc score",
            "auc roc",
            "auroc",
            "roc",
            "area under curve",
            "area under the curve",
            "area under the receiver operating characteristic curve",
            "area under the receiver operating characteristic",
            "area under receiver operating characteristic curve",
            "area under the roc curve",
            "area under roc",
        ),
        Kind.CLASSES,
        Eats.PROBABILITY,
        True,
        ByRows(auc, alone=area, error_of_equals=least_area_error),
    ),
    Metric(
        "normalized gini",
        ("gini", "normalized gini coefficient", "normalized gini index", "gini coefficient"),
        Kind.CLASSES,
        Eats.PROBABILITY,
        True,
        ByRows(
            gini,
            error_of_equals=lambda value, rows: 2 * least_area_error((value + 1) / 2, rows),
        ),
    ),
    Metric(
        "mean columnwise auc",
        (
            "column auc",
            "mean column auc",
            "mean columnwise roc auc",
            "mean columnwise area under receiver operating characteristic curve",
            "mean columnwise area under the receiver operating characteristic curve",
            "multilabel auc",
        ),
        Kind.NUMBERS,
        Eats.VALUE,
        True,
        ByRows(column_auc, error_of_equals=least_area_error),
    ),
    Metric(
        "f1",
        ("f1 binary", "f1 score", "binary f1", "binary f1 score", "f score"),
        Kind.CLASSES,
        Eats.LABEL,
        True,
        ByConfusion(_f1_of_positive),
        of_positive=True,
    ),
    Metric(
        "f1 macro",
        ("macro f1", "macro f1 score", "macro f score", "macro averaged f1", "f1 score macro"),
        Kind.CLASSES,
        Eats.LABEL,
        True,
        ByConfusion(_f1_macro),
    ),
    Metric(
        "f1 micro",
        (
            "micro f1",
            "micro f1 score",
            "micro f score",
            "micro averaged f1",
            "mean f score",
            "mean f1 score",
            "f1 score micro",
        ),
        Kind.CLASSES,
        Eats.LABEL,
        True,
        Proportion(),
    ),
    Metric(
        "mcc",
        ("matthews correlation coefficient", "matthews corrcoef", "matthews correlation"),
        Kind.CLASSES,
        Eats.LABEL,
        True,
        ByConfusion(_matthews),
    ),
    Metric(
        "quadratic weighted kappa",
        (
            "qwk",
            "quadratic kappa",
            "quadratic weighted kappa score",
            "quadratically weighted kappa",
            "cohen kappa quadratic",
            "weighted kappa",
        ),
        Kind.ORDERED,
        Eats.LABEL,
        True,
        ByConfusion(_quadratic_kappa),
    ),
    Metric(
        "rmse",
        (
            "root mean squared error",
            "root mean square error",
            "mcrmse",
            "mean columnwise rmse",
            "mean columnwise root mean squared error",
        ),
        Kind.NUMBERS,
        Eats.VALUE,
        False,
        ByRows(mean_of(_squared, root=True)),
    ),
    Metric(
        "mse",
        ("mean squared error", "mean square error"),
        Kind.NUMBERS,
        Eats.VALUE,
        False,
        ByRows(mean_of(_squared), mean=True),
    ),
    Metric(
        "rmsle",
        (
            "root mean squared logarithmic error",
            "root mean squared log error",
            "root mean square logarithmic error",
            "mcrmsle",
            "mean columnwise rmsle",
            "mean columnwise root mean squared logarithmic error",
        ),
        Kind.NUMBERS,
        Eats.VALUE,
        False,
        ByRows(mean_of(_squared_log1p, root=True)),
        LOG1P,
    ),
    Metric(
        "rmse of logs",
        (
            "rmse log",
            "root mean squared error of logarithms",
            "rmse of the logarithm",
            "log rmse",
        ),
        Kind.NUMBERS,
        Eats.VALUE,
        False,
        ByRows(mean_of(_squared_log, root=True)),
        LOG,
    ),
    Metric(
        "mae",
        ("mean absolute error", "mcmae", "mean columnwise mean absolute error"),
        Kind.NUMBERS,
        Eats.VALUE,
        False,
        ByRows(mean_of(_absolute), mean=True),
    ),
    Metric(
        "mape",
        ("mean absolute percentage error", "mean absolute percent error"),
        Kind.NUMBERS,
        Eats.VALUE,
        False,
        ByRows(mean_of(_relative), mean=True),
    ),
    Metric(
        "smape",
        (
            "symmetric mean absolute percentage error",
            "symmetric mean absolute percent error",
            "mean symmetric absolute percentage error",
        ),
        Kind.NUMBERS,
        Eats.VALUE,
        False,
        ByRows(mean_of(_relative_to_both), mean=True),
        LOG1P,
    ),
    Metric(
        "r2",
        ("r squared", "r2 score", "coefficient of determination", "r² score", "r²"),
        Kind.NUMBERS,
        Eats.VALUE,
        True,
        ByRows(r_squared),
    ),
)

_MAP = re.compile(r"(?:mapk?|meanaverageprecision)(?:@|at)?(\d{1,3})")


def find_metric(text: str) -> Metric:
    """Return the metric that a text names, in any usual spelling.

    Raises:
        PodiumError: none is known by that name.

    Example:
        >>> find_metric("Log-Loss").name
        'log loss'
        >>> find_metric("MAP@3").top
        3
    """
    known = _by_plain_name()
    for plain in map(_plain, _readings(text)):
        ranked = _MAP.fullmatch(plain)
        if ranked and int(ranked[1]):
            return _map_at(int(ranked[1]))
        if plain in known:
            return known[plain]
    plain = _plain(text)
    close = difflib.get_close_matches(plain, known, n=1)
    hint = f" Did you mean {known[close[0]].name!r}?" if close else ""
    names = ", ".join([*(metric.name for metric in METRICS), "map@k"])
    raise PodiumError(f"The metric {text!r} is not known.{hint} Known are {names}.")


def _readings(text: str) -> list[str]:
    """Return a name as it stands, and without what stands in brackets, and that alone.

    Example:
        >>> _readings("Mean Columnwise RMSLE (MCRMSLE)")
        ['Mean Columnwise RMSLE (MCRMSLE)', 'Mean Columnwise RMSLE ', 'MCRMSLE']
    """
    inside = re.search(r"\(([^()]+)\)", text)
    return [text] if inside is None else [text, text.replace(inside[0], ""), inside[1]]


@cache
def _by_plain_name() -> dict[str, Metric]:
    return {_plain(name): metric for metric in METRICS for name in (metric.name, *metric.known_as)}


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9@²]", "", text.casefold())
