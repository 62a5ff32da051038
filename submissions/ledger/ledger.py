"""What was submitted, from which file, worth what: the memory that outlives every process."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, sessionmaker

from competition.database import Database
from competition.kaggle.replies import RemoteSubmission
from competition.terminal.printable import printable
from competition.workspace import Workspace
from submissions.ledger.matching import Known, same, same_name
from submissions.ledger.schema import bring_up_to_date
from submissions.ledger.tables import Base, BlendFile, State, Submission
from submissions.sending.marker import parsed


@dataclass(frozen=True)
class Estimate:
    """What a file is worth before Kaggle has scored it, mostly by a blend's out-of-fold rows.

    Attributes:
        cv_score: By the competition's metric; a blend's is cross-fitted.
        cv_se: Its standard error.
        cv_rows: How many rows it was measured on.
        blend_key: The key that decides the blend's content.
        blend_name: The blend in words, such as `2 x cnn + knn`.
    """

    cv_score: float | None = None
    cv_se: float | None = None
    cv_rows: int | None = None
    blend_key: str | None = None
    blend_name: str | None = None


_ANOTHER_SERVER = (
    "its number is another submission's now: the server at this address is not the one that gave "
    "it; submit the file again"
)
_ESTIMATE = tuple(field.name for field in fields(Estimate))


class Ledger:
    """The submissions of one competition to one server, by one account.

    Every method is one transaction, and raises DatabaseFailed where the database fails. The
    `Submission`s that come back are detached: plain to read, and changed only through `change`.

    Args:
        database: Where it is kept; other tables in it are left alone.
        competition: The competition's slug.
        endpoint: The server that these submissions go to.
        account: Kaggle's name for the user; None where it is not known: then all accounts' are
            read. Rows whose account nobody knew are everybody's.
    """

    def __init__(
        self, database: Database, competition: str, endpoint: str, account: str | None = None
    ) -> None:
        self.database = database
        self.competition = competition
        self.endpoint = endpoint
        self.account = (account or "").strip().casefold()
        with database.explained():
            bring_up_to_date(database)
        self._sessions = sessionmaker(database.engine, expire_on_commit=False)

    @classmethod
    def open(
        cls, workspace: Workspace, endpoint: str | None = None, account: str | None = None
    ) -> Self:
        """Open a workspace's ledger, of the server that it calls where no other is named."""
        return cls(
            workspace.database,
            workspace.competition.slug,
            endpoint or workspace.access.server,
            account,
        )

    def of_account(self, account: str | None) -> "Ledger":
        """Return the same ledger as one account sees it; None where its name is not known."""
        return Ledger(self.database, self.competition, self.endpoint, account)

    @classmethod
    def if_there(
        cls, workspace: Workspace, endpoint: str | None = None, account: str | None = None
    ) -> Self | None:
        """Open it as `open` does; None (and make nothing) where there is no database yet."""
        return None if workspace.database.missing else cls.open(workspace, endpoint, account)

    def submissions(self) -> list[Submission]:
        """Return all of them, newest first."""
        with self.session() as session:
            order = (Submission.created.desc(), Submission.id.desc())
            return list(session.scalars(self._own().order_by(*order)))

    def latest(self, fingerprint: str) -> Submission | None:
        """Return the last attempt to submit a content, or None."""
        with self.session() as session:
            own = self._own().where(Submission.fingerprint == fingerprint)
            return session.scalars(own.order_by(Submission.attempt.desc()).limit(1)).first()

    def get(self, number: int) -> Submission:
        """Return the submission of a ledger's number (not Kaggle's)."""
        with self.session() as session:
            return session.get_one(Submission, number)

    def intend(self, fingerprint: str, attempt: int, **values: Any) -> Submission:
        """Record that a submission is about to be made; take up an attempt that came to nothing.

        The database keeps one row for each attempt at a content, so that two processes that got
        past the lock all the same could not both have one.

        Args:
            fingerprint: Of the content.
            attempt: 1, or more for a wilful repetition.
            values: Other columns of `Submission`.
        """
        with self.session() as session:
            where = (Submission.fingerprint == fingerprint, Submission.attempt == attempt)
            row = session.scalars(self._own().where(*where)).first()
            if row is None:
                row = Submission(
                    competition=self.competition,
                    endpoint=self.endpoint,
                    fingerprint=fingerprint,
                    attempt=attempt,
                )
                session.add(row)
            begun = {"state": State.INTENT, "created": datetime.now(UTC), "error": None}
            _assign(row, begun | values)
            row.account = self.account or row.account or ""
            return row

    def change(self, number: int, **values: Any) -> Submission:
        """Change columns of one row and return it."""
        with self.session() as session:
            row = session.get_one(Submission, number)
            _assign(row, values)
            return row

    def absorb(self, remote: Iterable[RemoteSubmission]) -> None:
        """Bring the ledger up to Kaggle's list: new statuses and scores, and unknown submissions.

        What an entry is, its marker decides, and its number only where it has none: another server
        at the same address gives the same numbers to other files. A submission that was made
        elsewhere (on the web page, or before this ledger) gets a row of its own.
        """
        with self.session() as session:
            known = Known(session.scalars(self._own()))
            for entry in remote:
                if entry.ref <= 0:
                    continue
                found = parsed(entry.description)
                row = known.row_of(entry, found)
                if row is None:
                    # A second one with the same marker is told by its number alone.
                    row = self._imported(entry, None if found and known.has(found) else found)
                    session.add(row)
                for other in known.displaced(entry, row):
                    if other.fingerprint is None:  # it was listed before its marker was
                        session.delete(other)
                    elif other.pending:
                        other.state, other.ref, other.status = State.LOST, None, None
                        other.error = _ANOTHER_SERVER
                _update(row, entry)
                row.account = row.account or self.account
                known.add(row)

    def lookalikes(
        self, row: Submission, remote: Iterable[RemoteSubmission]
    ) -> list[RemoteSubmission]:
        """Return what may be a submission in doubt, though no description says so.

        Those are entries of the same file name and size that were not listed when it was intended,
        without a marker, or with one that was damaged: into that of another attempt, or of a
        content that was never submitted from here.

        Args:
            row: The submission.
            remote: Kaggle's list, absorbed.
        """
        with self.session() as session:
            made_here = list(session.scalars(self._own().where(Submission.sha256.is_not(None))))
        contents = {other.fingerprint for other in made_here} - {row.fingerprint}
        taken = {
            other.ref for other in made_here if other.created > row.created and other.id != row.id
        }
        found = []
        for entry in remote:
            marked = parsed(entry.description)
            # Before there was `newest_before`, only the clocks could tell, and they may differ.
            old = row.newest_before is None and entry.created < row.created - timedelta(days=1)
            if old or entry.ref <= (row.newest_before or 0) or entry.ref in taken:
                continue
            if marked is not None and marked[1] in contents:
                continue
            if same_name(entry.file_name, row.file) and same(entry.total_bytes, row.size):
                found.append(entry)
        return found

    def close_abandoned(self, fingerprint: str, now: datetime) -> None:
        """Close what an ended process left of other contents, so that nobody waits for it.

        To be called under the submitter's lock, after `absorb`. What was never sent is refused;
        what may have been is lost when Kaggle has not listed it for an hour. Should it be listed
        later all the same, its marker brings it back; and whoever submits a lost one again looks
        for it first, so that nothing rests on how long this hour was.

        Args:
            fingerprint: The content that is about to be submitted; its row stays.
            now: The moment, in UTC.
        """
        with self.session() as session:
            for row in session.scalars(self._own().where(Submission.ref.is_(None))):
                if row.fingerprint == fingerprint or not row.unfinished:
                    continue
                if row.state != State.SENDING:
                    row.state = State.REFUSED
                    row.error = "interrupted before Kaggle took it; submit the file again"
                elif now - row.created > timedelta(hours=1):
                    row.state = State.LOST
                    row.error = "interrupted, and Kaggle never listed it; submit the file again"

    def remember_blend(self, file: Path, fingerprint: str, estimate: Estimate) -> None:
        """Keep what the blend of a written file is worth; the last blend of a content counts."""
        with self.session() as session:
            kept = session.scalars(self._blend(fingerprint)).first()
            if kept is None:
                kept = BlendFile(competition=self.competition, fingerprint=fingerprint)
                session.add(kept)
            values = dict(file=printable(str(file)), created=datetime.now(UTC), **asdict(estimate))
            _assign(kept, values)

    def estimate_of(self, fingerprint: str) -> Estimate:
        """Return what is known of a content's worth: empty where no blend wrote it."""
        with self.session() as session:
            kept = session.scalars(self._blend(fingerprint)).first()
            if kept is None:
                return Estimate()
            return Estimate(**{name: getattr(kept, name) for name in _ESTIMATE})

    def other_endpoints(self) -> dict[str, int]:
        """Return how many submissions of this competition went to each other server."""
        with self.session() as session:
            counts = (
                select(Submission.endpoint, func.count())
                .where(Submission.competition == self.competition)
                .where(Submission.endpoint != self.endpoint)
                .group_by(Submission.endpoint)
            )
            return {endpoint: int(count) for endpoint, count in session.execute(counts)}

    def other_accounts(self) -> dict[str, int]:
        """Return how many submissions of this competition each other account sent to this server.

        Where no account is known, those of all accounts.
        """
        with self.session() as session:
            counts = (
                select(Submission.account, func.count())
                .where(Submission.competition == self.competition)
                .where(Submission.endpoint == self.endpoint)
                .where(Submission.account.not_in(("", self.account)))
                .group_by(Submission.account)
            )
            return {account: int(count) for account, count in session.execute(counts)}

    def _own(self) -> Select[Submission]:
        rows = select(Submission).where(
            Submission.competition == self.competition, Submission.endpoint == self.endpoint
        )
        if not self.account:
            return rows
        return rows.where(Submission.account.in_(("", self.account)))

    def _blend(self, fingerprint: str) -> Select[BlendFile]:
        return select(BlendFile).where(
            BlendFile.competition == self.competition, BlendFile.fingerprint == fingerprint
        )

    def _imported(self, entry: RemoteSubmission, found: tuple[str, str, int] | None) -> Submission:
        message, fingerprint, attempt = found or (entry.description, None, None)
        return Submission(
            competition=self.competition,
            endpoint=self.endpoint,
            account=self.account,
            created=entry.created,
            file=entry.file_name,
            fingerprint=fingerprint,
            attempt=attempt,
            message=message,
        )

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Yield a transaction, which ends with the block."""
        with self.database.explained(), self._sessions.begin() as session:
            yield session


def _assign(row: Base, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _update(row: Submission, entry: RemoteSubmission) -> None:
    """Take what Kaggle says now; a score that it once gave is not lost where it stops giving it."""
    row.ref = entry.ref
    row.state = State.SUBMITTED
    row.status = entry.status
    row.error = entry.error
    if entry.public_score is not None and math.isfinite(entry.public_score):
        row.public_score = entry.public_score
    if entry.private_score is not None and math.isfinite(entry.private_score):
        row.private_score = entry.private_score
