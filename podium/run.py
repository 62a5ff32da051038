"""A competition as a notebook works on it: `run = podium.open("titanic")`."""

import sys
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd
from rich.console import Console

from competition.errors import PodiumError
from competition.journal import figure, record
from podium.rows import Rows
from podium.scripts import check_guard
from podium.views import BlendView, ColumnView


class Run(Rows):
    """One competition: its data, what was tuned, its blend and its submissions.

    What is done here and what the command line does are the same: both work in the same folders.

    Args:
        workspace: The competition with its folders and its Kaggle.
        seed: Of folds, samplers and fits.

    Example:
        >>> from sklearn.naive_bayes import GaussianNB
        >>> run = podium.open("wine")
        >>> column = run.cross_validate("bayes", GaussianNB())
        bayes: 1 of 20 ...bayes: 20 of 20 fits
        >>> run.results["pipeline"].tolist()
        ['bayes']
        >>> run.blend().weights.tolist()
        [1.0]
        >>> run.write("mine.csv").read_text().splitlines()[0]
        'id,class_0,class_1,class_2'
    """

    def download(self) -> None:
        """Bring the competition's files from Kaggle, whole or not at all."""
        from competition.kaggle.client import KaggleClient
        from competition.kaggle.download import download
        from competition.terminal.progress import shown_progress

        client = KaggleClient(self.workspace.competition, self.workspace.access)
        with shown_progress(f"Downloading {self.workspace.competition.slug}") as progress:
            download(self.workspace, client, progress)

    def tune(
        self, pipelines: str = "", budget: str = "30m", sampler: str = "tpe", note: str = ""
    ) -> pd.DataFrame:
        """Tune pipelines for a time; run it again to go on.

        Args:
            pipelines: Names; all that suit for none.
            budget: Such as `90s`, `20m`, `1h30m`.
            sampler: `tpe`, `random` or `grid`.
            note: What to say of it in the journal.

        Returns:
            `results`. An interruption loses nothing that was finished.

        Raises:
            PodiumError: a pipeline is unknown, none can be tuned, or a script that calls this has
                no `if __name__ == "__main__":`.
        """
        from pipelines.base import chosen_pipelines
        from pipelines.display import TuningDisplay
        from pipelines.search.budget import parse_budget
        from pipelines.search.run import tune_all

        check_guard()
        seconds = parse_budget(budget)
        chosen = chosen_pipelines(pipelines, self.workspace.competition)
        with TuningDisplay(Console(soft_wrap=True), seconds) as display:
            tuned = tune_all(self.plan, chosen.pipelines, seconds, sampler, display)
        for name, reason in (chosen.left_out | tuned.left_out).items():
            sys.stdout.write(f"left out   {name}: {reason}\n")
        best = max((found[0] for found in tuned.columns.values()), key=lambda one: one.score.rank)
        asked = {"budget": budget, "pipelines": pipelines or "all", "seed": str(self.seed)}
        record(self.workspace, "tune", asked, {"best": figure(best.pipeline, best.score)}, note)
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
        from pipelines.outside.estimators import Validation

        validation = Validation(self.plan, name, estimator, self.given)
        count = len(validation.fits)
        for done, fit in enumerate(validation.fits, 1):
            validation.fit(fit)
            # On one line of a terminal and of a notebook, which needs no widgets for this.
            sys.stdout.write(f"\r{name}: {done} of {count} fits")
            sys.stdout.flush()
        sys.stdout.write("\n")
        return ColumnView(validation.column())

    def add(
        self,
        name: str,
        oof: str | Path | npt.NDArray[Any],
        test: str | Path | npt.NDArray[Any],
        *,
        folds: str | Path | npt.NDArray[Any] | None = None,
        force: bool = False,
    ) -> ColumnView:
        """Check a teammate's predictions for leaks and faults; the next blend takes part of them.

        Args:
            name: What to call the column; an older one of this name ends.
            oof: Out-of-fold predictions of the training rows: a file (a CSV by ids, npy, npz), or
                an array (n, k) in their order.
            test: The same of the test rows.
            folds: A CSV with an id and a fold of each training row, or an array (n,), where they
                are not ours.
            force: Take them though a check refuses them.

        Returns:
            The column, with its score and standard error.

        Raises:
            PodiumError: a check refuses them, with its figure.
        """
        from pipelines.outside.adding import judged, keep

        its_oof, its_test = (Path(one) if isinstance(one, str) else one for one in (oof, test))
        its_folds = Path(folds) if isinstance(folds, str) else folds
        found = judged(self.plan, name, its_oof, its_test, its_folds)
        refused = [verdict.text for verdict in found.verdicts if not verdict.fine]
        if refused and not force:
            raise PodiumError(f"{name} was not added: {'; '.join(refused)}.")
        return ColumnView(keep(self.plan, name, found))

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

    def blend(self, note: str = "") -> BlendView:
        """Blend all that is there of this data: pipelines', estimators' and teammates' columns.

        Args:
            note: What to say of it in the journal.
        """
        from pipelines.base import chosen_pipelines
        from pipelines.blending.blend import make_blend

        pipelines = chosen_pipelines("", self.workspace.competition).pipelines
        made = make_blend(self.plan, pipelines)
        found = {"blend": figure(made.name, made.score)}
        record(self.workspace, "blend", {"seed": str(self.seed)}, found, note)
        return BlendView(made)

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

    def submit(
        self, message: str | None = None, *, again: bool = False, note: str = ""
    ) -> float | None:
        """Check and upload the blend exactly once, and wait for its score.

        Args:
            message: What to say with it; the blend's name where nothing is given.
            again: Submit it even if the same content was scored before.
            note: What to say of it in the journal.

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
        record(self.workspace, "submit", {"file": done.submission.file}, done.found(), note)
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
