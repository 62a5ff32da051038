"""The ledger's rows about runs on Kaggle's machines."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, select

from pipelines.kernels.machine import Asked
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import KernelRun, KernelState

_LONGEST = 50  # characters of a title, which is the slug


class KernelRuns:
    """The runs of one competition on one server, by one account.

    Rows that come back are detached: plain to read, and changed only through `change`.

    Args:
        ledger: Of the competition, as the account sees it.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def all(self) -> list[KernelRun]:
        """Return all of them, newest first."""
        with self._ledger.session() as session:
            return list(session.scalars(self._own().order_by(KernelRun.id.desc())))

    def get(self, number: int) -> KernelRun:
        """Return the run of a ledger's number."""
        with self._ledger.session() as session:
            return session.get_one(KernelRun, number)

    def begin(self, asked: Asked, seconds: int, *, again: bool = True) -> KernelRun:
        """Return the unfinished run of what is asked, or record the intent of a new one.

        Args:
            asked: What it does; its `attempt` does not count.
            seconds: After which Kaggle is to end it.
            again: Whether one that is done is asked again; without, it is returned.
        """
        slug = slug_of(self._ledger.competition, asked)
        with self._ledger.session() as session:
            newest = KernelRun.attempt.desc()
            row = session.scalars(
                self._own().where(KernelRun.slug == slug).order_by(newest).limit(1)
            ).first()
            if row is not None and (row.unfinished or (row.is_done and not again)):
                return row
            attempt = 1 if row is None else row.attempt + 1
            begun = KernelRun(
                competition=self._ledger.competition,
                endpoint=self._ledger.endpoint,
                account=self._ledger.account,
                slug=slug,
                attempt=attempt,
                asked=replace(asked, attempt=attempt).to_json(),
                seconds=seconds,
                created=datetime.now(UTC),
                state=KernelState.INTENT,
            )
            session.add(begun)
            return begun

    def change(self, number: int, **values: Any) -> KernelRun:
        """Change columns of one row and return it."""
        with self._ledger.session() as session:
            row = session.get_one(KernelRun, number)
            for name, value in values.items():
                setattr(row, name, value)
            return row

    def _own(self) -> Select[KernelRun]:
        return select(KernelRun).where(
            KernelRun.competition == self._ledger.competition,
            KernelRun.endpoint == self._ledger.endpoint,
            KernelRun.account == self._ledger.account,
        )


def slug_of(competition: str, asked: Asked) -> str:
    """Return a kernel's slug, which is its title too: the same for the same asking."""
    same = replace(asked, attempt=0).to_json()
    digest = hashlib.sha256(same.encode()).hexdigest()[:8]
    room = _LONGEST - len("podium--") - len(digest)
    short = re.sub(r"[^a-z0-9]+", "-", competition.lower())[:room].strip("-")
    return f"podium-{short}-{digest}"
