"""Every metric that Podium knows. A further one is one entry of `METRICS`."""

import difflib
import re
from functools import cache

from competition.errors import PodiumError
from competition.problem.metrics import confusions, row_losses
from competition.problem.metrics.measures import ByConfusion, ByRows, Proportion
from competition.problem.metrics.metric import LOG, LOG1P, Metric
from competition.problem.metrics.roc import area, auc, column_auc, gini, least_area_error
from competition.problem.metrics.row_losses import mean_of
from competition.problem.targets import Eats, Kind


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
        ByRows(mean_of(row_losses.precision_at), mean=True),
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
        ByConfusion(confusions.balanced_accuracy),
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
        ByRows(mean_of(row_losses.log_losses), mean=True),
    ),
    Metric(
        "balanced log loss",
        ("balanced logarithmic loss", "class balanced log loss"),
        Kind.CLASSES,
        Eats.CLASS_PROBABILITIES,
        False,
        ByRows(row_losses.balanced_log_loss),
        balanced=True,
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
        ByConfusion(confusions.f1_of_positive),
        of_positive=True,
    ),
    Metric(
        "f1 macro",
        ("macro f1", "macro f1 score", "macro f score", "macro averaged f1", "f1 score macro"),
        Kind.CLASSES,
        Eats.LABEL,
        True,
        ByConfusion(confusions.f1_macro),
    ),
    Metric(
        "f1 weighted",
        ("weighted f1", "weighted f1 score", "weighted average f1", "f1 score weighted"),
        Kind.CLASSES,
        Eats.LABEL,
        True,
        ByConfusion(confusions.f1_weighted),
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
        ByConfusion(confusions.matthews),
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
        ByConfusion(confusions.quadratic_kappa),
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
        ByRows(mean_of(row_losses.squared, root=True)),
    ),
    Metric(
        "mse",
        ("mean squared error", "mean square error"),
        Kind.NUMBERS,
        Eats.VALUE,
        False,
        ByRows(mean_of(row_losses.squared), mean=True),
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
        ByRows(mean_of(row_losses.squared_log1p, root=True)),
        LOG1P,
    ),
    Metric(
        "msle",
        ("mean squared logarithmic error", "mean squared log error"),
        Kind.NUMBERS,
        Eats.VALUE,
        False,
        ByRows(mean_of(row_losses.squared_log1p), mean=True),
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
        ByRows(mean_of(row_losses.squared_log, root=True)),
        LOG,
    ),
    Metric(
        "mae",
        ("mean absolute error", "mcmae", "mean columnwise mean absolute error"),
        Kind.NUMBERS,
        Eats.VALUE,
        False,
        ByRows(mean_of(row_losses.absolute), mean=True),
    ),
    Metric(
        "mape",
        ("mean absolute percentage error", "mean absolute percent error"),
        Kind.NUMBERS,
        Eats.VALUE,
        False,
        ByRows(mean_of(row_losses.relative), mean=True),
    ),
    Metric(
        "rmspe",
        ("root mean square percentage error", "root mean squared percentage error"),
        Kind.NUMBERS,
        Eats.VALUE,
        False,
        ByRows(mean_of(row_losses.squared_relative, root=True)),
        LOG1P,
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
        ByRows(mean_of(row_losses.relative_to_both), mean=True),
        LOG1P,
    ),
    Metric(
        "r2",
        ("r squared", "r2 score", "coefficient of determination", "r² score", "r²"),
        Kind.NUMBERS,
        Eats.VALUE,
        True,
        ByRows(row_losses.r_squared),
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
