"""A competition as a notebook works on it: `run = podium.open("titanic")`."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console

from competition.problem.targets import Kind
from competition.workspace import Workspace
from pipelines.search.plan import Plan, make_plan
from podium.views import BlendView, ColumnView

if TYPE_CHECKING:
    from pipelines.outside.estimators import Given


class Run:
    """One competition: its data, what was tuned, its blend and its submissions.

    What is done here and what the command line does are the same: both work in the same folders.

    Args:
        workspace: The competition with its folders and its Kaggle.
        seed: Of folds, samplers and fits.

    Example:
        >>> run = podium.open("wine")  # doctest: +SKIP
        >>> run.tune("lightgbm linear", budget="1m")  # doctest: +SKIP
        >>> run.blend().score  # doctest: +SKIP
    """

    def __init__(self, workspace: Workspace, seed: int = 0) -> None:
        self.workspace = workspace
        self.seed = seed

    # ------------------------------------------------------------------ the data

    @cached_property
    def plan(self) -> Plan:
        """The data's arrays and the folds."""
        return make_plan(self.workspace, self.seed)

    @property
    def train(self) -> Any:
        """The training rows: a frame (n, columns), or pixels (n, side × side [× 3]) of images."""
        return self._rows[0]

    @property
    def test(self) -> Any:
        """The test rows in the sample's order, in columns as `train`."""
        return self._rows[1]

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in the order of the columns of probabilities; empty for numbers."""
        return self.workspace.competition.classes

    @cached_property
    def target(self) -> npt.NDArray[Any]:
        """(n,) the labels or values of the training rows, or (n, t) of several targets."""
        truth = np.asarray(self.plan.data.truth)
        if self.plan.problem.kind != Kind.NUMBERS:
            return np.asarray(self._labels[truth])
        return truth[:, 0] if truth.shape[1] == 1 else truth

    @property
    def folds(self) -> list[list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]]:
        """How rows are dealt out: of each dealing its folds, as pairs of row numbers.

        The first of a pair are learnt from, the second are scored; `folds[0]` is a `cv` for
        scikit-learn.
        """
        dealt, count = self.plan.dealt, self.plan.folds.count
        fits = [dealt.split(fit) for fit in range(self.plan.folds.fits)]
        return [fits[start : start + count] for start in range(0, len(fits), count)]

    @cached_property
    def _rows(self) -> tuple[Any, Any]:
        data = self.plan.data
        if data.schema is None:
            train, test = (part.reshape(len(part), -1) for part in (data.train, data.test))
            return train, test
        from competition.data.tables.frames import read_frames

        return read_frames(self.workspace.competition, self.workspace.data)

    @cached_property
    def _labels(self) -> npt.NDArray[Any]:
        """The classes' labels: numbers where all of them are."""
        texts = self.classes
        try:
            return np.array([int(text) for text in texts])
        except ValueError:
            return np.array(texts)

    # ------------------------------------------------------------------ learning

    def download(self) -> None:
        """Bring the competition's files from Kaggle, whole or not at all."""
        from competition.kaggle.client import KaggleClient
        from competition.kaggle.download import download
        from competition.terminal.progress import shown_progress

        client = KaggleClient(self.workspace.competition, self.workspace.access)
        with shown_progress(f"Downloading {self.workspace.competition.slug}") as progress:
            download(self.workspace, client, progress)

    def tune(self, pipelines: str = "", budget: str = "30m", sampler: str = "tpe") -> pd.DataFrame:
        """Tune pipelines for a time; run it again to go on.

        Args:
            pipelines: Names; all that suit for none.
            budget: Such as `90s`, `20m`, `1h30m`.
            sampler: `tpe`, `random` or `grid`.

        Returns:
            `results`. An interruption loses nothing that was finished.
        """
        from pipelines.base import chosen_pipelines
        from pipelines.display import TuningDisplay
        from pipelines.search.budget import parse_budget
        from pipelines.search.run import tune_all

        seconds = parse_budget(budget)
        chosen = chosen_pipelines(pipelines, self.workspace.competition)
        with TuningDisplay(Console(soft_wrap=True), seconds) as display:
            tune_all(self.plan, chosen.pipelines, seconds, sampler, display)
        return self.results

    def cross_validate(self, name: str, estimator: Any) -> ColumnView:
        """Fit any scikit-learn estimator on the shared folds; the next blend takes part of it.

        It gets rows of `train` and `target` as they are, so scaling, encoding and a logarithm of
        the target belong into it (`make_pipeline`, `TransformedTargetRegressor`).

        Args:
            name: What to call its column; an older one of this name ends.
            estimator: With `fit`, and `predict_proba` or `predict`.

        Returns:
            The column, with its score and standard error.

        Raises:
            PodiumError: the estimator fails, or does not predict what is asked.
        """
        from rich.progress import track

        from pipelines.outside.estimators import Validation

        validation = Validation(self.plan, name, estimator, self._given)
        for fit in track(validation.fits, name, console=Console(), transient=True):
            validation.fit(fit)
        return ColumnView(validation.column())

    @property
    def _given(self) -> "Given":
        from pipelines.outside.estimators import Given

        labels = self._labels if self.classes else np.empty(0)
        return Given(self.train, self.test, self.target, labels)

    @property
    def results(self) -> pd.DataFrame:
        """All finished columns, best first: pipeline, score, error, seconds of fits, key."""
        from pipelines.columns import read_columns

        found = read_columns(
            self.workspace.predictions, self.plan.data.fingerprint, self.plan.problem.metric.name
        )
        names = ["pipeline", self.plan.problem.metric.name, "standard error", "seconds", "key"]
        rows = [
            (
                column.pipeline,
                column.score.value,
                column.score.standard_error,
                column.manifest.get("fit_seconds"),
                column.key[:8],
            )
            for column in found
        ]
        return pd.DataFrame(rows, columns=names)

    def blend(self) -> BlendView:
        """Blend all that is there of this data: pipelines', estimators' and teammates' columns."""
        from pipelines.base import chosen_pipelines
        from pipelines.blending.blend import make_blend

        pipelines = chosen_pipelines("", self.workspace.competition).pipelines
        return BlendView(make_blend(self.plan, pipelines))

    # ------------------------------------------------------------------ sending

    def write(self, path: str | Path) -> Path:
        """Write the blend's answers as a submission, made again where a column is newer.

        Returns:
            The file's path.
        """
        from competition.files import atomic_path
        from competition.problem.form import Form
        from competition.problem.sample import read_sample
        from pipelines.blending.blend import fresh_blend

        competition, path = self.workspace.competition, Path(path)
        sample = read_sample(competition, self.workspace.data)
        answers = fresh_blend(self.workspace).blend.answers()
        with atomic_path(path) as temporary:
            temporary.write_text(Form.of(competition).render(answers, sample), encoding="utf-8")
        return path

    def submit(self, message: str | None = None, *, again: bool = False) -> float | None:
        """Check and upload the blend exactly once, and wait for its score.

        Args:
            message: What to say with it; the blend's name where nothing is given.
            again: Submit it even if the same content was scored before.

        Returns:
            The public score; None where it is still pending, for `scores` to complete.
        """
        from competition.kaggle.client import KaggleClient
        from submissions.screen import shown_progress
        from submissions.submit import submit_blend

        client = KaggleClient(self.workspace.competition, self.workspace.access)
        with shown_progress("submitting") as progress:
            done = submit_blend(
                self.workspace, client, message=message, again=again, progress=progress
            )
        return done.submission.public_score

    def scores(self, *, offline: bool = False) -> pd.DataFrame:
        """Return every submission: its estimate beside its public score.

        Args:
            offline: Do not ask Kaggle for what is pending.
        """
        from submissions.tracking.scores import score_table

        table = score_table(self.workspace, offline=offline)
        return pd.DataFrame([row.facts() for row in table.rows])

    def report(self) -> Path:
        """Write one page of all that was found, and return its path."""
        from app.report.page import write_report

        return write_report(self.workspace)

    def __repr__(self) -> str:
        """Return what it is of."""
        return f"<podium run of {self.workspace.competition.slug} in {self.workspace.runs}>"

    def _repr_html_(self) -> str:
        from html import escape

        spec = self.workspace.competition
        metric = spec.problem.metric
        return (
            f"<b>{escape(spec.title)}</b> ({escape(spec.slug)}): {escape(metric.name)}, "
            f"{'higher' if metric.greater_is_better else 'lower'} is better"
        )
