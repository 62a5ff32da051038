"""Files that are fit to submit: any CSV, or the blend's, which is written here."""

import hashlib
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from competition.errors import PodiumError
from competition.files import atomic_path, sha256_of
from competition.problem.checking.checks import CheckReport, check
from competition.problem.form import Form
from competition.problem.sample import Sample, read_sample
from competition.problem.scores import with_error
from competition.problem.targets import Answers, Truth
from competition.workspace import Workspace
from submissions.ledger.ledger import Estimate, Ledger
from submissions.ledger.tables import Submission
from submissions.progress import Progress

if TYPE_CHECKING:
    from pipelines.blending.stored import StoredBlend


class Checker:
    """Checks files against all that is known here; what it compares with is read once.

    Args:
        workspace: The competition, with its sample submission and training data.
        ledger: Where earlier submissions are; None for no comparison with them.
    """

    def __init__(self, workspace: Workspace, ledger: Ledger | None) -> None:
        self._workspace, self._ledger = workspace, ledger
        self._answers: dict[str, Answers | None] = {}  # by the SHA-256 of a file's bytes

    @cached_property
    def sample(self) -> Sample:
        """The sample submission, whose ids a submission answers.

        Raises:
            PodiumError: it is missing or broken.
        """
        return read_sample(self._workspace.competition, self._workspace.data)

    def check(self, path: Path) -> CheckReport:
        """Check a file, and compare it with the training data and the last scored submission."""
        report = check(
            path,
            self._workspace.competition,
            self.sample,
            truth=self._truth,
            previous=self._last_scored(),
            blend=None if self._blend is None else self._blend[0],
            out_of_fold=None if self._blend is None else self._blend[1],
        )
        self._answers[report.sha256] = report.answers
        return report

    def blend(self, progress: Progress) -> tuple[CheckReport, str]:
        """Write and check the blend of all that was tuned, and record what it is worth.

        Args:
            progress: Hears where the blend was made again, and why.

        Returns:
            The check, without faults, and the blend in words.

        Raises:
            PodiumError: nothing is tuned, or disk or database fail.
        """
        from pipelines.blending.blend import fresh_blend  # with scikit-learn: only for a blend

        fresh = fresh_blend(self._workspace)
        if fresh.remade:
            progress.step(f"Made the blend of all that is tuned: {fresh.remade}")
        blend, floor = fresh.blend, fresh.blend.floor
        if floor is not None and not floor.beaten:
            progress.step(
                f"Warning: the blend, {blend.score}, is not surely better than the "
                f"{floor.pipeline}, {with_error(floor.value, None)} (p = {floor.p_value:.2g})."
            )
        text = Form.of(self._workspace.competition).render(blend.answers(), self.sample)
        report = self.check(write_submission(text, self._workspace.runs / "submissions"))
        report.require_valid("submitted")
        ledger = Ledger.open(self._workspace)
        ledger.remember_blend(report.path, report.fingerprint, estimate_of(blend))
        return report, blend.name

    def answers_of(self, submission: Submission) -> Answers | None:
        """Return what a submission answered; None where its file is gone or was changed."""
        file, digest = Path(submission.file), submission.sha256
        if digest is None or not file.is_file() or sha256_of(file) != digest:
            return None
        if digest not in self._answers:
            form = Form.of(self._workspace.competition)
            self._answers[digest] = form.parse(file.read_bytes(), self.sample).answers
        return self._answers[digest]

    @cached_property
    def _truth(self) -> Truth | None:
        """The training labels; None where the data are not here or not whole."""
        from competition.data.dataset import load_dataset

        try:
            return load_dataset(self._workspace.competition, self._workspace.data).truth
        except PodiumError:
            return None

    @cached_property
    def _blend(self) -> tuple[Answers, Answers] | None:
        """The answers of the blend that stands to test and, out of fold, to training rows.

        None where there is none, or it is damaged.
        """
        from pipelines.blending.stored import read_blend  # only where a file is checked

        try:
            blend = read_blend(self._workspace)
            return None if blend is None else (blend.answers(), blend.oof_answers())
        except PodiumError:
            return None

    def _last_scored(self) -> Answers | None:
        """Return the answers of the last scored submission whose file was made here."""
        if self._ledger is None:
            return None
        scored = (one for one in self._ledger.submissions() if one.status == "complete")
        last = next((one for one in scored if one.sha256 and Path(one.file).is_file()), None)
        return self.answers_of(last) if last is not None else None


def write_fixed(report: CheckReport) -> Path:
    """Write what a file surely means beside it, as `<name>-fixed.csv`, and return the path.

    Raises:
        PodiumError: another file has that name, or the disk refuses it.
    """
    path = report.path.with_name(f"{report.path.stem}-fixed.csv")
    data = report.fixed.encode()
    if path.exists() and not (path.is_file() and path.read_bytes() == data):
        raise PodiumError(f"{path} is there already, with other content: move it away first.")
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
    return path


def write_submission(text: str, folder: Path) -> Path:
    """Write `<folder>/<UTC time>-<first 8 of the SHA-256>.csv`, whole or not at all.

    A file of the same content that stands there already is returned, and no other is written.

    Args:
        text: The CSV, as the competition's form renders it.
        folder: `runs/<slug>/submissions`.

    Raises:
        PodiumError: the disk refuses the file.
    """
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()[:8]
    for earlier in sorted(folder.glob(f"*-{digest}.csv")):
        if earlier.read_bytes() == data:
            return earlier
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{digest}.csv"
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
    return path


def estimate_of(blend: "StoredBlend") -> Estimate:
    """Return what a blend is worth as it is sent, and what it is."""
    score = blend.score
    value = score.value if blend.as_sent is None else blend.as_sent
    return Estimate(value, score.standard_error, score.rows, blend.key, blend.name)
