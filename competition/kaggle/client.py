"""The one door to Kaggle: every call that this project makes, typed, bounded and explained."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from competition.kaggle.errors import (
    AllowanceUsedUp,
    CredentialsMissing,
    CredentialsRefused,
    KaggleError,
    KaggleUnavailable,
    OutcomeUnknown,
    RulesNotAccepted,
    TooManyRequests,
    Translator,
    UnknownCompetition,
    surely_not_sent,
)
from competition.kaggle.replies import (
    LeaderboardRow,
    RemoteFile,
    RemoteStream,
    RemoteSubmission,
    SubmissionLimits,
    fields_of,
    leaderboard_rows,
    stream_of,
)
from competition.kaggle.retry import patiently
from competition.settings import kaggle_endpoint
from competition.spec import Competition

if TYPE_CHECKING:
    import requests

    from competition.kaggle.credentials import Credentials
    from competition.kaggle.transport import Transport

__all__ = [
    "AllowanceUsedUp",
    "CredentialsMissing",
    "CredentialsRefused",
    "KaggleClient",
    "KaggleError",
    "KaggleUnavailable",
    "LeaderboardRow",
    "OutcomeUnknown",
    "RemoteFile",
    "RemoteStream",
    "RemoteSubmission",
    "RulesNotAccepted",
    "SubmissionLimits",
    "TooManyRequests",
    "UnknownCompetition",
]

_SERVICE = "competitions.CompetitionApiService"
_PAGE_SIZE = 100
_MOST_PAGES = 200

_log = logging.getLogger(__name__)
_FROM_ENVIRONMENT = "KAGGLE_ENDPOINT"


class KaggleClient:
    """One competition at Kaggle, or at another server that speaks its protocol.

    Signing in happens at the first call, so that what needs no network works without credentials.
    Calls that read are tried up to five times within a minute.

    Args:
        competition: The competition that all calls are about.
        endpoint: The other server's address; None for Kaggle. Default: `KAGGLE_ENDPOINT`.
        timeout: Seconds to wait for a connection, and for each piece of an answer.

    Raises:
        KaggleError: any call, with one of its subclasses; the message says the next step.
        PodiumError: the endpoint is not an address.
    """

    def __init__(
        self,
        competition: Competition,
        *,
        endpoint: str | None = _FROM_ENVIRONMENT,
        timeout: tuple[float, float] = (10, 60),
    ) -> None:
        self.competition = competition
        self.endpoint = kaggle_endpoint() if endpoint == _FROM_ENVIRONMENT else endpoint
        self._timeout = timeout
        server = f"the Kaggle at {self.endpoint}" if self.endpoint else "Kaggle"
        self._translator = Translator(competition, server)

    @property
    def source(self) -> str:
        """Where the data comes from, for manifests: an address."""
        return self.endpoint or "https://www.kaggle.com"

    @property
    def username(self) -> str | None:
        """Kaggle's name for the user; None where a token does not tell."""
        return self._signed_in[1].username

    def list_files(self) -> list[RemoteFile]:
        """Return all files of the competition."""
        return [
            RemoteFile(str(each.get("name") or each.get("ref")), int(each.get("totalBytes") or 0))
            for each in self._pages("ListDataFiles", "files", "listing the files")
        ]

    @contextmanager
    def open_archive(self, start: int = 0, validator: str | None = None) -> Iterator[RemoteStream]:
        """Open the competition's zip for reading. Not tried again here: its reader resumes.

        Args:
            start: The first byte that is wanted.
            validator: The `validator` of an earlier stream; without it the stream starts at 0.
        """
        request = self._request("DownloadDataFiles")
        with self._stream("DownloadDataFiles", request, start, validator) as stream:
            yield stream

    @contextmanager
    def open_file(
        self, name: str, start: int = 0, validator: str | None = None
    ) -> Iterator[RemoteStream]:
        """Open one file for reading, as `open_archive` does; it may arrive as `<name>.zip`."""
        request = self._request("DownloadDataFile", file_name=name)
        with self._stream("DownloadDataFile", request, start, validator) as stream:
            yield stream

    def submission_limits(self) -> SubmissionLimits | None:
        """Return how many submissions are left today; None where the server cannot tell."""
        try:
            reply = self._read("GetSubmissionLimits", "asking for the submissions left")
        except KaggleError as error:
            if error.status in (404, 405, 501):
                return None
            raise
        limits = SubmissionLimits(
            used_today=int(reply.get("numToday") or 0),
            allowed_now=int(reply.get("numAllowedNow") or 0),
            limited_by_total=bool(reply.get("limitedByTotal")),
        )
        # Kaggle answers zero to everything before the first submission made one a team.
        unknown = limits == SubmissionLimits(0, 0, False) and not reply.get("numTotal")
        return None if unknown else limits

    def upload(self, path: Path) -> str:
        """Send a file's bytes to Kaggle's storage and return the token that stands for them.

        Nothing is submitted by it, so it is tried again after a cut, each time from the start.
        """
        return patiently(lambda: self._upload_once(path))

    def create_submission(self, token: str, description: str) -> int:
        """Submit an uploaded file and return Kaggle's number for it. Never tried twice.

        Args:
            token: From `upload`.
            description: What people read beside the submission.

        Raises:
            OutcomeUnknown: it may have been carried out: look it up before trying again. Without
                a `status` there was no reply, and it may even be carried out later.
            KaggleError: another error: it was certainly not carried out.
        """
        import requests

        doing = "submitting the file"
        self._translator = self._translator.hiding(token)
        request = self._request(
            "CreateSubmission", blob_file_tokens=token, submission_description=description
        )
        try:
            reply = self._transport.post(_SERVICE, "CreateSubmission", request)
        except requests.RequestException as error:
            failure = self._translator.broken(error, doing)
            if not surely_not_sent(error):
                failure = _unknown(failure)
        else:
            if reply.ok:
                return self._reference(reply)
            failure = self._translator.refused(reply, doing)
            if isinstance(failure, KaggleUnavailable):
                failure = _unknown(failure)
        raise failure

    def submissions(self) -> list[RemoteSubmission]:
        """Return all of the user's submissions to the competition, newest first."""
        found = {
            each.ref: each
            for each in map(
                RemoteSubmission.of,
                self._pages("ListSubmissions", "submissions", "listing the submissions"),
            )
        }
        return sorted(found.values(), key=lambda each: (each.created, each.ref), reverse=True)

    def leaderboard(self) -> list[LeaderboardRow]:
        """Return the public leaderboard, best first (at most 20,000 rows)."""
        return leaderboard_rows(
            self._pages("GetLeaderboard", "submissions", "reading the leaderboard")
        )

    @cached_property
    def _signed_in(self) -> "tuple[Transport, Credentials]":
        from competition.kaggle.credentials import sign_in
        from competition.kaggle.transport import Transport

        transport = Transport(self.endpoint, self._timeout)
        credentials = sign_in(transport, self._translator, elsewhere=self.endpoint is not None)
        self._translator = self._translator.hiding(credentials.secret)
        return transport, credentials

    @property
    def _transport(self) -> "Transport":
        return self._signed_in[0]

    def _request(self, method: str, **values: Any) -> Any:
        """Return kagglesdk's request object of a method, about this competition."""
        from kagglesdk.competitions.types import competition_api_service

        request = getattr(competition_api_service, f"Api{method}Request")()
        request.competition_name = self.competition.slug
        for name, value in values.items():
            setattr(request, name, value)
        return request

    def _call(self, method: str, doing: str, request: Any) -> dict[str, Any]:
        """Make one call, once, and return the fields of its reply."""
        import requests

        try:
            reply = self._transport.post(_SERVICE, method, request)
            if reply.ok:
                return fields_of(reply)
            failure: KaggleError = self._translator.refused(reply, doing)
        except requests.RequestException as error:
            failure = self._translator.broken(error, doing)
        # Raised out here, the error of requests, which holds addresses, is not chained to it.
        raise failure

    def _read(self, method: str, doing: str, **values: Any) -> dict[str, Any]:
        return patiently(lambda: self._call(method, doing, self._request(method, **values)))

    def _pages(self, method: str, entry: str, doing: str) -> Iterator[dict[str, Any]]:
        """Yield the items of a listing, over all its pages."""
        token = ""
        for _ in range(_MOST_PAGES):
            reply = self._read(method, doing, page_size=_PAGE_SIZE, page_token=token or None)
            yield from (each for each in reply.get(entry) or [] if isinstance(each, dict))
            before, token = token, str(reply.get("nextPageToken") or "")
            if not token or token == before:
                return
        _log.warning("%s has more than %d pages; the rest is left out.", doing, _MOST_PAGES)

    @contextmanager
    def _stream(
        self, method: str, request: Any, start: int, validator: str | None
    ) -> Iterator[RemoteStream]:
        import requests

        doing = "downloading the files"
        # Storage compares sizes of what it stores: no compression on the way.
        headers = {"Accept-Encoding": "identity"}
        if start and validator:
            headers |= {"Range": f"bytes={start}-", "If-Range": validator}
        try:
            reply = self._transport.post(_SERVICE, method, request, headers, stream=True)
            failure = None if reply.ok else self._translator.refused(reply, doing)
        except requests.RequestException as error:
            failure = self._translator.broken(error, doing)
        if failure is not None:
            raise failure
        with reply:
            yield stream_of(reply, lambda error: self._translator.broken(error, doing))

    def _upload_once(self, path: Path) -> str:
        import requests

        doing = "uploading the file"
        status = path.stat()
        begun = self._call(
            "StartSubmissionUpload",
            doing,
            self._request(
                "StartSubmissionUpload",
                file_name=path.name,
                content_length=status.st_size,
                last_modified_epoch_seconds=int(status.st_mtime),
            ),
        )
        token, address = str(begun.get("token") or ""), str(begun.get("createUrl") or "")
        if not token or not address:
            raise KaggleUnavailable(
                f"There came no address to upload to from {self._translator.server}. "
                "Run the command again in a while."
            )
        self._translator = self._translator.hiding(token)
        try:
            with path.open("rb") as content:
                reply = self._transport.storage.put(address, data=content)
            accepted = reply.status_code in (200, 201)
            failure = None if accepted else self._translator.refused_upload(reply)
        except requests.RequestException as error:
            failure = self._translator.broken(error, doing)
        if failure is not None:
            raise failure
        return token

    def _reference(self, reply: "requests.Response") -> int:
        """Return the number of a submission that Kaggle says it took."""
        import requests

        try:
            said = fields_of(reply)
            reference = int(said.get("ref") or 0)
        except (requests.RequestException, TypeError, ValueError):
            said, reference = {}, 0
        if reference > 0:
            return reference
        message = self._translator.clean(str(said.get("message") or "no message"))
        unknown = OutcomeUnknown(
            f"The submission got no number from {self._translator.server} ({message}): it was "
            "probably not taken. Look at the list of submissions before submitting again."
        )
        unknown.status = reply.status_code
        raise unknown


def _unknown(failure: KaggleError) -> OutcomeUnknown:
    unknown = OutcomeUnknown(
        f"{failure} The submission may have been taken nevertheless: look at the list of "
        "submissions before submitting again."
    )
    unknown.status, unknown.retry_after = failure.status, failure.retry_after
    return unknown
