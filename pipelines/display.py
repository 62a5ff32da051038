"""Tuning as a person watches it: a bar on a terminal, plain lines in a log."""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from competition.problem.scores import SURE, with_error
from pipelines.base import Pipeline
from pipelines.blending.stored import StoredBlend
from pipelines.class_scores import ClassScore
from pipelines.columns import Column as Predicted
from pipelines.search.progress import Progress as Step
from pipelines.spark import spark_line

_QUIET_SECONDS = 30.0  # a log gets a line at least this often while trials end


class TuningDisplay:
    """Shows the steps of a tuning run; use it as a context, and as the run's `report`.

    Args:
        console: Where to show them.
        seconds: The whole budget.
    """

    def __init__(self, console: Console, seconds: float) -> None:
        self.console = console
        self.seconds = seconds
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[standing]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self.task = self.bar.add_task("tune", total=seconds, standing="starting")
        self.said_at = 0.0
        self.said_best: tuple[str, float | None] = ("", None)

    def __enter__(self) -> Self:
        """Start the bar."""
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        self.bar.stop()

    def __call__(self, step: Step, seconds_left: float) -> None:
        """Show one step."""
        best = f"best {step.best}" if step.best else "no score yet"
        doing = f"{step.fits_left} fits to go"
        if step.finishing:
            doing = f"predicting the test set, {doing}"
        if step.doing:
            doing += f", {step.doing}"
        standing = f"{best}, {step.trials} trials, {doing}, {duration(seconds_left)} left"
        self.bar.update(
            self.task,
            description=f"{step.pipeline:9}",
            completed=self.seconds - max(0.0, seconds_left),
            standing=standing,
        )
        if not self.console.is_terminal and self._worth_a_line(step):
            self.console.print(f"tune       {step.pipeline:9} {standing}", highlight=False)

    def _worth_a_line(self, step: Step) -> bool:
        best = (step.pipeline, step.best.value if step.best else None)
        improved = step.finished and best != self.said_best
        if not improved and time.monotonic() - self.said_at < _QUIET_SECONDS:
            return False
        self.said_at, self.said_best = time.monotonic(), best
        return True


def results_table(columns: list[Predicted], metric: str) -> Table:
    """Return the finished columns as a table, best first, each with how its study got better.

    Args:
        columns: Of one metric.
        metric: Its name.
    """
    names = ("pipeline", metric, "loss", "fits", "trials", "tuning", "key")
    table = Table(*(Column(name, no_wrap=True) for name in names), box=None, padding=(0, 1))
    for column in sorted(columns, key=lambda column: column.score.rank, reverse=True):
        table.add_row(
            column.pipeline,
            str(column.score),
            with_error(column.score.loss, None),
            duration(column.manifest.get("fit_seconds", 0.0)),
            str(column.manifest.get("trials", "")),
            spark_line(column.manifest.get("best_so_far", []), 8),
            column.key[:8],
        )
    return table


def class_table(scores: list[ClassScore]) -> Table:
    """Return how well each class is found, as a table."""
    table = Table("class", "rows", "precision", "recall", "F1", box=None)
    for one in scores:
        figures = (f"{value:.4f}" for value in (one.precision, one.recall, one.f1))
        table.add_row(one.name, f"{one.rows:,}", *figures)
    return table


def pipeline_lines(pipeline: Pipeline) -> Iterator[str]:
    """Yield what a pipeline is, what found its shipped points, and these with their scores."""
    yield f"{pipeline.name}  {pipeline.family}"
    study = pipeline.study()
    if study:
        yield f"  found by {study['trials']} trials in {study['hours']:.2f} h on {study['date']}"
    for point in pipeline.shipped():
        reached = with_error(point.score, point.standard_error) or "not measured"
        values = ", ".join(f"{name} {value}" for name, value in point.params.items())
        yield f"  {point.name}  {reached}  ({values})"


def blend_line(blend: StoredBlend) -> str:
    """Say in one line what a blend is, and whether it is a gain."""
    doubt = ": worse, on the rows that chose that column" if blend.gain < 0 else ""
    if blend.p_value >= SURE:
        doubt = ": not yet a gain"
    others = ""
    if blend.as_sent is not None:
        others = f"; {with_error(blend.as_sent, None)} by the mean of all folds, which is sent"
    if blend.corrected is not None:
        value, trials = with_error(blend.corrected[0], None), blend.corrected[1]
        others += f"; {value} where the choice among {trials} trials is scored too"
    return (
        f"{blend.score} = {blend.name}, {blend.method}; {blend.gain:+.4f} on the best single, "
        f"{blend.best_single.pipeline} (p = {blend.p_value:.2g}{doubt}){others}{_floor(blend)}"
    )


def _floor(blend: StoredBlend) -> str:
    """Say that a blend is not surely better than the baseline; nothing where it is."""
    floor = blend.floor
    if floor is None or floor.beaten:
        return ""
    return f"; not surely better than the {floor.pipeline}, {with_error(floor.value, None)}"


def duration(seconds: float) -> str:
    """Return `1 min 41 s`, or `41 s`."""
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
