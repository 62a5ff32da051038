"""Checked files that wait for a slot, the most promising first."""

import math
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy import delete as sql_delete

from competition.errors import PodiumError
from competition.files import atomic_path, sha256_of
from competition.problem.checking.checks import CheckReport
from competition.problem.metrics.measures import Proportion, binomial_error
from competition.problem.targets import Kind
from competition.spec import Competition
from competition.terminal.printable import printable
from competition.workspace import Workspace
from submissions.ledger.ledger import Estimate, Ledger
from submissions.ledger.tables import QueuedFile
from submissions.sending.marker import said


@dataclass(frozen=True)
class Entry:
    """A file in the queue.

    Attributes:
        number: Names it, for `queue drop`.
        file: The queue's own copy; what becomes of the original does not matter.
        fingerprint: Of its content.
        sha256: Of its bytes.
        rows: Its data rows.
        message: What will be said with it; empty for the blend's or the file's name.
        added: When.
        estimate: What it is worth; empty where nobody knows.
    """

    number: int
    file: Path
    fingerprint: str
    sha256: str
    rows: int
    message: str
    added: datetime
    estimate: Estimate

    @property
    def intact(self) -> bool:
        """Whether the copy still has the bytes that were checked."""
        return self.file.is_file() and sha256_of(self.file) == self.sha256

    @property
    def name(self) -> str:
        """The blend in words, or the file's name."""
        return self.estimate.blend_name or self.file.name

    def facts(self) -> dict[str, Any]:
        """Return what programs read: plain values, times in ISO 8601 (UTC)."""
        return {
            "number": self.number,
            "file": str(self.file),
            "fingerprint": self.fingerprint,
            "sha256": self.sha256,
            "message": self.message,
            "added": self.added.astimezone(UTC).isoformat(timespec="seconds"),
            **asdict(self.estimate),
        }


class Queue:
    """The files that wait to be submitted to one competition on one server.

    Every method is one transaction, and raises PodiumError where the database fails.

    Args:
        ledger: Its database, competition and server; it also knows what a content is worth.
        workspace: Where the copies go: `runs/<slug>/queue/<fingerprint>/`.
    """

    def __init__(self, ledger: Ledger, workspace: Workspace) -> None:
        self.ledger = ledger
        self._folder = workspace.runs / "queue"
        self._sign = 1 if workspace.competition.problem.greater_is_better else -1

    def add(self, report: CheckReport, message: str = "", estimate: Estimate | None = None) -> bool:
        """Keep a copy of a checked file until a slot is free for it.

        Args:
            report: Its check, without faults.
            message: What to say with it.
            estimate: What it is worth; None leaves what is known of the content.

        Returns:
            Whether it is new; content that waits already gets the new message and estimate.

        Raises:
            PodiumError: the content was submitted before, or disk or database fail.
        """
        known = self.ledger.latest(report.fingerprint)
        if known is not None and known.ref is not None:
            raise PodiumError(
                f"The content of {report.path} is submission {known.ref} already, so it cannot "
                f"wait for a slot: `submit {report.path} --again` submits it once more."
            )
        copy = self._copied(report)
        if estimate is not None:
            self.ledger.remember_blend(copy, report.fingerprint, estimate)
        with self.ledger.session() as session:
            row = session.scalars(
                self._own().where(QueuedFile.fingerprint == report.fingerprint)
            ).first()
            new = row is None
            if row is None:
                row = QueuedFile(
                    competition=self.ledger.competition,
                    endpoint=self.ledger.endpoint,
                    fingerprint=report.fingerprint,
                    added=datetime.now(UTC),
                    message="",
                )
                session.add(row)
            row.file, row.sha256, row.rows = str(copy), report.sha256, report.rows
            row.message = said(message) or row.message
        return new

    def entries(self) -> list[Entry]:
        """Return what waits: the best estimate first, then those without one, oldest first.

        Content that reached Kaggle by another way is not among them.
        """
        with self.ledger.session() as session:
            rows = list(session.scalars(self._own().order_by(QueuedFile.id)))
        waiting = []
        for row in rows:
            known = self.ledger.latest(row.fingerprint)
            if known is None or known.ref is None:
                waiting.append(
                    Entry(
                        row.id,
                        Path(row.file),
                        row.fingerprint,
                        row.sha256,
                        row.rows,
                        row.message,
                        row.added,
                        self.ledger.estimate_of(row.fingerprint),
                    )
                )
        return sorted(waiting, key=self._promise, reverse=True)

    def find(self, which: str) -> Entry:
        """Return the entry that a person means: by its number, its file's name or its path.

        Raises:
            PodiumError: none is, or several are.
        """
        found = [
            each
            for each in self.entries()
            if which in (str(each.number), each.file.name, str(each.file))
        ]
        if len(found) == 1:
            return found[0]
        how_many = f"{len(found)} files in the queue are" if found else "Nothing in the queue is"
        raise PodiumError(
            f"{how_many} called {which!r}: name one by its number, as `queue` lists it."
        )

    def remove(self, entry: Entry, *, delete: bool = False) -> None:
        """Take a file out of the queue.

        Args:
            entry: The file.
            delete: Whether its copy goes too; the ledger refers to that of a submitted one.
        """
        with self.ledger.session() as session:
            session.execute(sql_delete(QueuedFile).where(QueuedFile.id == entry.number))
        if delete:
            entry.file.unlink(missing_ok=True)

    def _copied(self, report: CheckReport) -> Path:
        copy = (self._folder / report.fingerprint / printable(report.path.name)).absolute()
        with atomic_path(copy) as temporary:
            temporary.write_bytes(report.path.read_bytes())
            if sha256_of(temporary) != report.sha256:
                raise PodiumError(
                    f"{report.path} changed while it was read: add it again when nothing writes "
                    "to it."
                )
        return copy

    def _own(self) -> Select[QueuedFile]:
        return select(QueuedFile).where(
            QueuedFile.competition == self.ledger.competition,
            QueuedFile.endpoint == self.ledger.endpoint,
        )

    def _promise(self, entry: Entry) -> tuple[bool, float, int]:
        value = entry.estimate.cv_score
        return (value is not None, self._sign * (value or 0.0), -entry.number)


def estimated(
    known: Estimate, value: float | None, error: float | None, competition: Competition
) -> Estimate | None:
    """Return what a person says that a file is worth; None where they say nothing.

    Args:
        known: What is known of the content; its blend's name is kept.
        value: By the competition's metric.
        error: Its standard error. Default: for a share of right rows the binomial one, of as many
            rows as the competition promises for training; None for another metric, or where it
            promises none.
        competition: Gives the metric and the number of rows.

    Raises:
        PodiumError: no score by the metric has such a value.
    """
    if value is None:
        return None
    metric = competition.problem.metric
    share = isinstance(metric.measure, Proportion)
    least = 0 if share else -1
    # Every metric of classes that is better when greater measures agreement: 1 is perfect.
    bounded = metric.kind != Kind.NUMBERS and metric.greater_is_better
    if not math.isfinite(value) or (bounded and not least <= value <= 1):
        raise PodiumError(
            f"{value:g} is not a score by {metric.name}"
            + (f": it lies between {least} and 1." if bounded else ".")
        )
    if error is not None:
        return replace(known, cv_score=value, cv_se=error, cv_rows=None)
    rows = competition.train_rows if share else None
    error = binomial_error(value, rows) if rows else None
    return replace(known, cv_score=value, cv_se=error, cv_rows=rows)
