"""What Kaggle's replies hold, as frozen dataclasses, read so that nothing odd loses a list."""

import base64
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from competition.kaggle.errors import KaggleError, KaggleUnavailable
from competition.terminal.printable import printable

if TYPE_CHECKING:
    import requests

# Of the last piece before a cut nothing is kept, so pieces are small.
_CHUNK = 1 << 15
_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class RemoteFile:
    """A file of a competition: its name, and its size in bytes (0 where Kaggle does not tell)."""

    name: str
    size: int

    @classmethod
    def of(cls, fields: dict[str, Any]) -> "RemoteFile":
        """Return the file of one item of ListDataFiles."""
        return cls(str(fields.get("name") or fields.get("ref")), whole(fields.get("totalBytes")))


@dataclass(frozen=True)
class CompetitionFacts:
    """What Kaggle says of a competition; empty, 0 or False where it does not tell.

    Attributes:
        title: The name that people read.
        metric: Kaggle's name of how it is scored.
        daily_submissions: How many submissions it takes in a day.
        notebooks_only: Whether submissions have to come from a notebook.
    """

    title: str
    metric: str
    daily_submissions: int
    notebooks_only: bool

    @classmethod
    def of(cls, reply: dict[str, Any]) -> "CompetitionFacts":
        """Return the facts of a reply of GetCompetition."""
        return cls(
            title=_said(reply.get("title")).strip(),
            metric=_said(reply.get("evaluationMetric")).strip(),
            daily_submissions=max(0, whole(reply.get("maxDailySubmissions"))),
            notebooks_only=bool(reply.get("isKernelsSubmissionsOnly")),
        )


@dataclass(frozen=True)
class RemoteStream:
    """An open download.

    Attributes:
        name: The file's name at the storage; ends in `.zip` where the file arrives zipped.
        start: The offset in the whole file of the first byte of `chunks`.
        total: The whole file's bytes; None where the storage does not tell.
        validator: Names this version of the file, for resuming; None where it cannot be resumed.
        md5: The whole file's MD5, 16 bytes; None where the storage does not tell.
        chunks: The bytes. Raises `KaggleError` when the connection is cut.
    """

    name: str
    start: int
    total: int | None
    validator: str | None
    md5: bytes | None
    chunks: Iterator[bytes]


@dataclass(frozen=True)
class SubmissionLimits:
    """The allowance: submissions used today (UTC), allowed now, and what bounds them."""

    used_today: int
    allowed_now: int
    limited_by_total: bool

    @classmethod
    def of(cls, reply: dict[str, Any]) -> "SubmissionLimits | None":
        """Return the limits of a reply; None where it does not tell.

        Kaggle answers zero to everything before the first submission made one a team.
        """
        limits = cls(
            used_today=whole(reply.get("numToday")),
            allowed_now=max(whole(reply.get("numAllowedNow")), 0),
            limited_by_total=str(reply.get("limitedByTotal")).lower() == "true",
        )
        unknown = limits == cls(0, 0, False) and not reply.get("numTotal")
        return None if unknown else limits


@dataclass(frozen=True)
class RemoteSubmission:
    """A submission as Kaggle lists it.

    Attributes:
        ref: Kaggle's number for it.
        file_name: The uploaded file's name.
        description: What was said with it.
        created: When it was made (UTC).
        status: `pending`, `complete`, `error`, or whatever else Kaggle said, in lower case.
        public_score: On the public part; None until scored.
        private_score: On the private part; None until Kaggle shows it.
        error: Why it could not be scored; None where it could.
        total_bytes: The file's size.
    """

    ref: int
    file_name: str
    description: str
    created: datetime
    status: str
    public_score: float | None
    private_score: float | None
    error: str | None
    total_bytes: int

    @classmethod
    def of(cls, fields: dict[str, Any]) -> "RemoteSubmission":
        """Return the submission of one item of ListSubmissions."""
        return cls(
            ref=whole(fields.get("ref")),
            file_name=_said(fields.get("fileName")),
            description=_said(fields.get("description")),
            created=_time(fields.get("date")),
            # A status that is missing is the enum's first value.
            status=_said(fields.get("status") or "pending").lower(),
            public_score=_score(fields.get("publicScore")),
            private_score=_score(fields.get("privateScore")),
            error=_said(fields.get("errorDescription")) or None,
            total_bytes=whole(fields.get("totalBytes")),
        )


@dataclass(frozen=True)
class LeaderboardRow:
    """A line of the public leaderboard: rank (from 1), team, score, time of submission (UTC)."""

    rank: int
    team: str
    score: float
    submitted: datetime


def leaderboard_rows(items: Iterable[dict[str, Any]]) -> list[LeaderboardRow]:
    """Return the rows of GetLeaderboard's items, which come best first; unscored ones are left."""
    scored = [(item, _score(item.get("score"))) for item in items]
    return [
        LeaderboardRow(rank, _said(item.get("teamName")), score, _time(item.get("submissionDate")))
        for rank, (item, score) in enumerate(
            ((item, score) for item, score in scored if score is not None), start=1
        )
    ]


def fields_of(reply: "requests.Response") -> dict[str, Any]:
    """Return the JSON object of a reply.

    Raises:
        requests.exceptions.InvalidJSONError: it holds anything else.
    """
    from requests.exceptions import InvalidJSONError

    try:
        fields = reply.json()
    except RecursionError as error:
        raise InvalidJSONError("nested too deep") from error
    if not isinstance(fields, dict):
        raise InvalidJSONError("not an object")
    return fields


def items_of(fields: dict[str, Any], entry: str) -> list[dict[str, Any]]:
    """Return the objects that a reply lists under an entry; none where it lists nothing."""
    listed = fields.get(entry)
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def stream_of(
    reply: "requests.Response", broken: Callable[["requests.RequestException"], KaggleError]
) -> RemoteStream:
    """Return the open download of a reply with status 200 or 206.

    Args:
        reply: The storage's reply, its body not yet read.
        broken: Turns an error of the transport into the one to raise.
    """
    start, total = 0, _length(reply.headers.get("Content-Length"))
    if reply.status_code == 206:
        ranged = re.fullmatch(
            r"bytes (\d+)-\d+/(\d+|\*)", reply.headers.get("Content-Range", "").strip()
        )
        if ranged is None:
            raise KaggleUnavailable(
                "The storage sent a part of the file without saying which. Try again in a while."
            )
        start, total = int(ranged[1]), _length(ranged[2])
    elif reply.status_code != 200:
        raise KaggleUnavailable(
            f"The storage answered {reply.status_code} to a download. Try again in a while."
        )
    if reply.headers.get("Content-Type", "").startswith("text/html"):
        raise KaggleUnavailable(
            "A web page came in place of the file, as from a network that wants a login first. "
            "Open a page in a browser, then run the command again."
        )
    tag = reply.headers.get("ETag", "")
    # A weak tag does not promise equal bytes, so it cannot vouch for resuming.
    validator = tag if tag and not tag.startswith("W/") else reply.headers.get("Last-Modified")
    name = unquote(urlsplit(reply.url).path.rsplit("/", 1)[-1])
    md5 = _md5(reply.headers.get("x-goog-hash", ""))
    return RemoteStream(name, start, total, validator, md5, _chunks(reply, broken))


def _chunks(
    reply: "requests.Response", broken: Callable[["requests.RequestException"], KaggleError]
) -> Iterator[bytes]:
    import requests

    failure = None
    try:
        yield from reply.iter_content(_CHUNK)
    except requests.RequestException as error:
        failure = broken(error)
    if failure is not None:
        raise failure


def _md5(hashes: str) -> bytes | None:
    """Return the MD5 of Google Cloud Storage's `x-goog-hash: crc32c=…,md5=…`."""
    found = re.search(r"md5=([A-Za-z0-9+/]{22}==)", hashes)
    return base64.b64decode(found[1]) if found else None


def _length(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def whole(value: Any) -> int:
    """Return a whole number of a reply; 0 where it holds none, or none that a database takes."""
    try:
        number = int(value or 0)
    except (TypeError, ValueError, OverflowError):
        return 0
    return number if abs(number) < 1 << 63 else 0


def _said(text: Any) -> str:
    """Return what people wrote, without what would move a terminal's cursor."""
    return printable(str(text or ""))


def _score(text: Any) -> float | None:
    try:
        score = float(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return score if math.isfinite(score) else None


def _time(text: Any) -> datetime:
    """Return a time of Kaggle's, which is UTC with or without saying so."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return _NEVER
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
