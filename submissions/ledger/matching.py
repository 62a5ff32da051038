"""Which row of the ledger an entry of Kaggle's list is about: by its marker, then its number."""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

from competition.kaggle.replies import RemoteSubmission
from submissions.ledger.tables import Submission


class Known:
    """The rows of a ledger, found by number and by marker."""

    def __init__(self, rows: Iterable[Submission]) -> None:
        self.numbered: dict[int, list[Submission]] = {}
        self.marked: dict[tuple[str, int], Submission] = {}
        for row in rows:
            self.add(row)

    def add(self, row: Submission) -> None:
        """Note a row that has a number or a marker now."""
        if row.ref is not None and row not in self.numbered.setdefault(row.ref, []):
            self.numbered[row.ref].append(row)
        if row.fingerprint is not None:
            self.marked.setdefault((row.fingerprint, row.attempt or 1), row)

    def has(self, found: tuple[str, str, int]) -> bool:
        """Tell whether there is a row of a marker, as `parsed` returns it."""
        return found[1:] in self.marked

    def row_of(
        self, entry: RemoteSubmission, found: tuple[str, str, int] | None
    ) -> Submission | None:
        """Return the row that an entry of Kaggle's list is about; None where there is none yet."""
        own = self.marked.get(found[1:]) if found else None
        if own is not None and own.ref in (None, entry.ref):
            return own
        for row in self.numbered.get(entry.ref, []):
            if row.fingerprint is None:
                if row.created == entry.created and (own is not None or found is None):
                    return row
            elif found is None and (
                same_name(entry.file_name, row.file) or row.size == entry.total_bytes
            ):
                return row
        return None

    def displaced(self, entry: RemoteSubmission, row: Submission) -> list[Submission]:
        """Return the other rows that had the number of an entry whose marker says that it is `row`.

        Those that were made at the same moment are the entry itself, listed before its marker was.
        """
        if row.fingerprint is None:
            return []
        others = (other for other in self.numbered.get(entry.ref, []) if other is not row)
        return [
            other
            for other in others
            if other.fingerprint is not None or other.created == entry.created
        ]


def same(one: str | int | None, other: str | int | None) -> bool:
    """Tell whether two facts agree, as far as both are known."""
    return not one or not other or one == other


def same_name(one: str, other: str) -> bool:
    """Tell whether two paths may name one file, in whatever spelling a server lists it.

    Example:
        >>> same_name("MY_FILE%20E.csv.zip", "/tmp/my file é.csv")
        True
    """
    return same(_plain(one), _plain(other))


def _plain(path: str) -> str:
    """Return the Latin letters and the digits of a path's last part."""
    name = re.split(r"[/\\]", unquote(path))[-1].casefold().removesuffix(".zip")
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", name))
