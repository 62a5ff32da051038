"""The ledger's tables, made by `migrations`. Their names start with `podium_`, beside Optuna's."""

import enum
from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

_ENDS = ("complete", "error")


class State(enum.StrEnum):
    """How far a submission has come, as far as this side knows."""

    INTENT = "intent"  # recorded; not a byte has left
    UPLOADED = "uploaded"  # the file is at Kaggle's, and no submission made of it
    SENDING = "sending"  # CreateSubmission may have been carried out, or not
    SUBMITTED = "submitted"  # Kaggle gave it a number; `status` says the rest
    REFUSED = "refused"  # certainly not carried out; `error` says why
    LOST = "lost"  # sent by a process that ended, and not listed for an hour


class KernelState(enum.StrEnum):
    """How far a run on Kaggle's machines has come, as far as this side knows."""

    INTENT = "intent"  # recorded; nothing has left
    SENDING = "sending"  # SaveKernel may have been carried out, or not
    RUNNING = "running"  # Kaggle gave it a version; it waits, runs, or has ended
    REFUSED = "refused"  # certainly not carried out; `error` says why
    FAILED = "failed"  # it ended without columns; `error` says why
    DONE = "done"  # its columns are here


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with a time zone, stored in UTC on every database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store the UTC wall time."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The ledger's own schema; constraint names are fixed, so that they can be migrated."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )


class Submission(Base):
    """One submission, made here or found on Kaggle.

    Attributes:
        id: The ledger's own number.
        competition: The competition's slug.
        endpoint: The server, so that practice and the real Kaggle never mix.
        account: Kaggle's name for the user, in lower case; empty where nobody knows it.
        created: When it was intended, or as Kaggle says it for one made elsewhere.
        file: Path of the CSV, or its name as Kaggle says it.
        sha256: Of the file's bytes; None for one made elsewhere.
        rows: Data rows of the file.
        size: Its bytes.
        newest_before: The greatest number in Kaggle's list when it was intended; 0 for none.
        fingerprint: 12 hexadecimal digits of the content, as in the marker.
        attempt: 1, or 2 and more where the same content was submitted again on purpose.
        message: What the person wrote.
        state: How far it has come, as far as this side knows.
        ref: Kaggle's number; another server at the same address gives it once more.
        status: `pending`, `complete`, `error`, or any other word as Kaggle says it.
        public_score: On the public part of the test rows.
        private_score: On the rest, when Kaggle shows it.
        error: Why Kaggle refused or could not score it.
        cv_score: What it was worth by the metric before Kaggle scored it; a blend's is
            cross-fitted.
        cv_se: Its standard error.
        cv_rows: How many rows that was measured on; None where it is not known.
        blend_key: The blend's key.
        blend_name: The blend in words.
    """

    __tablename__ = "podium_submissions"
    __table_args__ = (
        UniqueConstraint(
            *("competition", "endpoint", "account", "fingerprint", "attempt"),
            name="uq_podium_submissions_attempt",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition: Mapped[str] = mapped_column(String(200))
    endpoint: Mapped[str] = mapped_column(String(500))
    account: Mapped[str] = mapped_column(String(200), default="", server_default="")
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    file: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(String(64))
    rows: Mapped[int | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    newest_before: Mapped[int | None] = mapped_column(BigInteger)
    fingerprint: Mapped[str | None] = mapped_column(String(12))
    attempt: Mapped[int | None]
    message: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(20))
    ref: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str | None] = mapped_column(String(100))
    public_score: Mapped[float | None]
    private_score: Mapped[float | None]
    error: Mapped[str | None] = mapped_column(Text)
    cv_score: Mapped[float | None]
    cv_se: Mapped[float | None]
    cv_rows: Mapped[int | None]
    blend_key: Mapped[str | None] = mapped_column(String(200))
    blend_name: Mapped[str | None] = mapped_column(Text)

    @property
    def scored(self) -> bool:
        """Whether Kaggle has said its last word."""
        return self.status in _ENDS

    @property
    def pending(self) -> bool:
        """Whether Kaggle has it and has not scored it yet."""
        return self.state == State.SUBMITTED and not self.scored

    @property
    def unfinished(self) -> bool:
        """Whether a process ended before it knew what became of it."""
        return self.state in (State.INTENT, State.UPLOADED, State.SENDING)

    @property
    def shown_status(self) -> str:
        """Kaggle's word for it, or ours as long as Kaggle has none."""
        return self.status or self.state


class BlendFile(Base):
    """A submission file that was written from a blend, and what the blend was worth.

    A file that is submitted by name, later or from another folder, gets its estimate from here.
    """

    __tablename__ = "podium_blend_files"
    __table_args__ = (UniqueConstraint("competition", "fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    competition: Mapped[str] = mapped_column(String(200))
    fingerprint: Mapped[str] = mapped_column(String(12))
    file: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    cv_score: Mapped[float | None]
    cv_se: Mapped[float | None]
    cv_rows: Mapped[int | None]
    blend_key: Mapped[str | None] = mapped_column(String(200))
    blend_name: Mapped[str | None] = mapped_column(Text)


class QueuedFile(Base):
    """A checked file that waits for a slot; what it is worth is in `podium_blend_files`."""

    __tablename__ = "podium_queue"
    __table_args__ = (UniqueConstraint("competition", "endpoint", "fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    competition: Mapped[str] = mapped_column(String(200))
    endpoint: Mapped[str] = mapped_column(String(500))
    fingerprint: Mapped[str] = mapped_column(String(12))
    file: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    message: Mapped[str] = mapped_column(Text)
    added: Mapped[datetime] = mapped_column(UtcDateTime)


class KernelRun(Base):
    """A run on Kaggle's machines.

    Attributes:
        id: The ledger's own number.
        competition: The competition's slug.
        endpoint: The server.
        account: Kaggle's name for the user, in lower case.
        slug: Of the kernel; the same settings have the same one.
        attempt: From 1; what is asked again after it ended is another.
        asked: What it does, as JSON.
        seconds: After which Kaggle ends it.
        created: When it was intended.
        state: How far it has come.
        sent: When it was pushed, or may have been.
        sha256: Of the script that was pushed, by which a lost reply is looked up.
        version: Kaggle's number of the kernel's version.
        error: Why it was refused, or has failed.
    """

    __tablename__ = "podium_kernels"
    __table_args__ = (
        UniqueConstraint(
            *("competition", "endpoint", "account", "slug", "attempt"),
            name="uq_podium_kernels_attempt",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition: Mapped[str] = mapped_column(String(200))
    endpoint: Mapped[str] = mapped_column(String(500))
    account: Mapped[str] = mapped_column(String(200))
    slug: Mapped[str] = mapped_column(String(60))
    attempt: Mapped[int]
    asked: Mapped[str] = mapped_column(Text)
    seconds: Mapped[int]
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(20))
    sent: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sha256: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)

    @property
    def is_done(self) -> bool:
        """Whether what it left was brought home."""
        return self.state == KernelState.DONE

    @property
    def unfinished(self) -> bool:
        """Whether the same command goes on with it."""
        return self.state in (KernelState.INTENT, KernelState.SENDING, KernelState.RUNNING)
