"""Which columns tell the truth: how much worse a model answers where one of them is shuffled.

Permutation importance (Breiman, 'Random forests', Machine Learning 45, 2001) of boosted trees that
see the cells alone, on rows of a fold that they did not learn from.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from app.report.drawing.cells import shortened
from app.report.drawing.figures import Plot, plot
from app.report.findings import Findings
from competition.data.rows import Origin, Rows
from competition.data.tables.schema import Schema
from competition.errors import PodiumError
from competition.problem.problem import Problem
from competition.problem.scores import with_error
from competition.problem.targets import Answers, Predictions, Truth
from pipelines.base import load_pipeline, suggested
from pipelines.models.tables._common import VIEWED
from pipelines.search.fit import predict
from pipelines.search.folds import Folds, Indices
from pipelines.search.plan import FOLDS

_LEARNT, _SCORED = 8_000, 2_000  # rows at most
_SHUFFLES = 3
_SHOWN = 15
_SECONDS = 15.0  # from which on no further column is shuffled

Losses = list[tuple[str, float, float]]


@dataclass(frozen=True)
class Importance:
    """What the page shows of the columns' importance.

    Attributes:
        score: Of the model, with its standard error.
        rows: How many rows it learnt from, and how many it was scored on.
        plot: What is lost by shuffling each of the columns that tell most, with standard errors.
        useless: How many of the shuffled columns tell nothing by more than two standard errors.
        shuffled: How many were shuffled.
        columns: How many there are.
    """

    score: str
    rows: tuple[int, int]
    plot: Plot
    useless: int
    shuffled: int
    columns: int


def importance_of(findings: Findings, schema: Schema) -> Importance | None:
    """Fit boosted trees on one fold and shuffle one column after the other.

    Args:
        findings: The data, and how it is dealt out.
        schema: What the table's columns are.

    Returns:
        None where the rows are too few to be dealt out, learnt from or scored.
    """
    try:
        model = _Model.fitted(findings, schema)
    except PodiumError:
        return None
    score = findings.problem.score_answers(model.truth, model.answers, units=model.units)
    if not np.isfinite(score.value):
        return None
    losses = _losses(model)
    losses.sort(key=lambda each: each[1], reverse=True)
    return Importance(
        score=str(score),
        rows=(model.learnt, len(model.truth)),
        plot=_drawn(losses[:_SHOWN], findings.problem.metric.name),
        useless=sum(loss < 2 * error for _, loss, error in losses),
        shuffled=len(losses),
        columns=len(schema.columns),
    )


@dataclass(frozen=True)
class _Model:
    """A fitted model with the rows that it is scored on.

    Attributes:
        problem: What is asked.
        schema: What the columns are.
        estimator: Boosted trees.
        classifies: Whether they are a classifier.
        matrix: (learnt + scored, columns) all rows that were looked at.
        learnt: How many of these were learnt from; they come first.
        truth: Of the scored rows.
        units: (scored,) which of them err together; None for none.
        predictions: Of the scored rows, (scored, k).
        answers: To them.
    """

    problem: Problem
    schema: Schema
    estimator: Any
    classifies: bool
    matrix: npt.NDArray[np.float64]
    learnt: int
    truth: Truth
    units: npt.NDArray[np.int64] | None
    predictions: Predictions
    answers: Answers

    @classmethod
    def fitted(cls, findings: Findings, schema: Schema) -> "_Model":
        """Fit it on the last fold of a dealing of its own.

        Raises:
            PodiumError: there are too few rows.
        """
        data, problem = findings.data, findings.problem
        folds = Folds(FOLDS, 0, findings.competition.folds.by)
        learnt, scored = folds.deal(data.truth, problem, data.units).split(folds.fits - 1, _LEARNT)
        chance = np.random.default_rng(0)
        scored = chance.permutation(scored)[:_SCORED]
        places = np.concatenate([learnt, scored])
        matrix = np.asarray(data.train[places], np.float64)
        units = None if data.units is None else np.asarray(data.units[places])
        pipeline = load_pipeline("lightgbm", "tables")
        alone = {**pipeline.shipped()[0].params, **dict.fromkeys(VIEWED, False), "trends": True}
        classifies = bool(pipeline.classifies(problem.kind))
        build = pipeline.build if classifies else pipeline.build_regressor
        estimator = build(suggested(pipeline, alone), 0)
        first, rest = np.arange(len(learnt)), np.arange(len(learnt), len(places))
        estimator.fit(
            _rows(matrix, first, schema, units, 0, forward=data.forward),
            problem.learnable(data.truth)[learnt],
        )
        truth = np.asarray(data.truth[scored])
        known = _rows(matrix, rest, schema, units, 0, forward=data.forward)
        predictions = predict(estimator, known, problem, classifies)
        answers = _answers(problem, truth, predictions, predictions)
        of_scored = None if units is None else units[rest]
        return cls(
            problem,
            schema,
            estimator,
            classifies,
            matrix,
            len(learnt),
            truth,
            of_scored,
            predictions,
            answers,
        )

    def loss(self, place: int, seed: int) -> tuple[float, float]:
        """Return how much worse the answers are with a column shuffled, and how sure that is."""
        shuffled = self.matrix.copy()
        rest = np.arange(self.learnt, len(shuffled))
        chance = np.random.default_rng((place, seed))
        shuffled[rest, place] = shuffled[chance.permutation(rest), place]
        rows = _rows(shuffled, rest, self.schema, None, 1 + place * _SHUFFLES + seed)
        predictions = predict(self.estimator, rows, self.problem, self.classifies)
        answers = _answers(self.problem, self.truth, self.predictions, predictions)
        found = self.problem.compare(self.truth, self.answers, answers, self.units)
        return found.gain, found.standard_error


def _losses(model: _Model) -> Losses:
    """Return of each column what its shuffling costs on average, and how sure that is."""
    until = time.monotonic() + _SECONDS
    losses = []
    for place, column in enumerate(model.schema.columns):
        if time.monotonic() > until:
            break
        found = np.array([model.loss(place, seed) for seed in range(_SHUFFLES)])
        of_shuffles = found[:, 0].std(ddof=1) / np.sqrt(_SHUFFLES)
        error = float(np.hypot(found[:, 1].mean(), of_shuffles))
        losses.append((column.name, float(found[:, 0].mean()), error))
    return losses


def _answers(
    problem: Problem, truth: Truth, known: Predictions, predictions: Predictions
) -> Answers:
    """Return answers, each half by a decision that was learnt on the known ones of the other."""
    half = np.arange(len(truth)) % 2 == 0
    answers: Answers | None = None
    for inside in (half, ~half):
        part = problem.decide(truth[~inside], known[~inside]).answers(predictions[inside])
        if answers is None:
            answers = np.empty((len(truth), *part.shape[1:]), part.dtype)
        answers[inside] = part
    assert answers is not None
    return answers


def _rows(
    matrix: npt.NDArray[np.float64],
    numbers: Indices,
    schema: Schema,
    units: npt.NDArray[np.int64] | None,
    version: int,
    *,
    forward: bool = False,
) -> Rows:
    """Return rows of a matrix, whose features are computed of these rows and kept nowhere."""
    name = f"importance-{id(matrix)}-{version}-train"
    return Rows(matrix[numbers], Origin(matrix, name, None, numbers, schema, units, None, forward))


def _drawn(losses: Losses, metric: str) -> Plot:
    names, lost, errors = zip(*reversed(losses), strict=True)
    figure = go.Figure(
        go.Bar(
            x=[round(each, 6) for each in lost],
            y=[shortened(name) for name in names],
            orientation="h",
            error_x={"type": "data", "array": [round(2 * each, 6) for each in errors]},
            text=[f"{with_error(each, error)}" for each, error in zip(lost, errors, strict=True)],
            textposition="none",
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_layout(
        xaxis={"title": {"text": f"{metric} lost where the column is shuffled, ± 2 errors"}},
        yaxis={"type": "category"},
    )
    return plot(figure, "What the columns tell", 120 + 24 * len(names))
