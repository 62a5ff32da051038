"""The one door to Kaggle: every call that this project makes, typed, bounded and explained."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from competition.kaggle.caller import Caller
from competition.kaggle.errors import (
    AllowanceUsedUp,
    CredentialsMissing,
    CredentialsRefused,
    KaggleError,
    KaggleUnavailable,
    OutcomeUnknown,
    RulesNotAccepted,
    TooManyRequests,
    UnknownCompetition,
    WrongSettings,
    surely_not_sent,
)
from competition.kaggle.replies import (
    CompetitionFacts,
    LeaderboardRow,
    RemoteFile,
    RemoteStream,
    RemoteSubmission,
    SubmissionLimits,
    fields_of,
    leaderboard_rows,
    whole,
)
from competition.kaggle.retry import Patience
from competition.spec import Competition
from competition.terminal.printable import printable
from competition.workspace import Access

if TYPE_CHECKING:
    import requests

_REFUSED = (400, 403, 409, 422, 429)  # what may be about the allowance, which the limits confirm

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
    "WrongSettings",
]


class KaggleClient:
    """One competition at Kaggle, or at another server that speaks its protocol.

    Signing in happens at the first call, so that what needs no network works without credentials.
    Calls that read are tried up to five times within a minute.

    Args:
        competition: The competition that all calls are about.
        access: Which Kaggle is called, and with whose credentials.
        timeout: Seconds to wait for a connection, and for each piece of an answer.
        attempts: How often a call that can be repeated is tried.
        first_pause: Seconds between the first two attempts; twice as many after each further one.

    Raises:
        KaggleError: any call, with one of its subclasses; the message says the next step.
        PodiumError: the endpoint is not an address.

    Example:
        >>> client = KaggleClient(workspace.competition, workspace.access)
        >>> [file.name for file in client.list_files()]
        ['sample_submission.csv', 'test.csv', 'train.csv']
    """

    def __init__(
        self,
        competition: Competition,
        access: Access,
        *,
        timeout: tuple[float, float] = (10, 60),
        attempts: int = 5,
        first_pause: float = 0.5,
    ) -> None:
        self.competition = competition
        self.patience = Patience(attempts, first_pause)
        self._access = access
        self._caller = Caller(competition, access, self.patience, timeout)

    @property
    def source(self) -> str:
        """Where the data comes from, for manifests and ledgers: an address."""
        return self._access.server

    @property
    def username(self) -> str | None:
        """Kaggle's name for the user; None where a token does not tell."""
        return self._caller.username

    def facts(self) -> CompetitionFacts:
        """Return what Kaggle says of the competition: its title, its metric, its allowance."""
        reply = self._caller.read("GetCompetition", "asking about the competition")
        return CompetitionFacts.of(reply)

    def list_files(self) -> list[RemoteFile]:
        """Return all files of the competition."""
        pages = self._caller.pages("ListDataFiles", "files", "listing the files")
        return [RemoteFile.of(each) for each in pages]

    def open_archive(
        self, start: int = 0, validator: str | None = None
    ) -> AbstractContextManager[RemoteStream]:
        """Open the competition's zip for reading. Not tried again here: its reader resumes.

        Args:
            start: The first byte that is wanted.
            validator: The `validator` of an earlier stream; without it the stream starts at 0.
        """
        return self._caller.stream("DownloadDataFiles", start, validator)

    def open_file(
        self, name: str, start: int = 0, validator: str | None = None
    ) -> AbstractContextManager[RemoteStream]:
        """Open one file for reading, as `open_archive` does; it may arrive as `<name>.zip`."""
        return self._caller.stream("DownloadDataFile", start, validator, file_name=name)

    def open_submission(self, ref: int) -> AbstractContextManager[RemoteStream]:
        """Open the file of a submission for reading, from its start."""
        return self._caller.stream("DownloadSubmission", 0, None, submission_id=ref)

    def submission_limits(self) -> SubmissionLimits | None:
        """Return how many submissions are left today; None where the server cannot tell."""
        try:
            reply = self._caller.read("GetSubmissionLimits", "asking for the submissions left")
        except KaggleError as error:
            if error.status in (404, 405, 501):
                return None
            raise
        return SubmissionLimits.of(reply)

    def upload(self, path: Path, name: str | None = None) -> str:
        """Send a file's bytes to Kaggle's storage and return the token that stands for them.

        Nothing is submitted by it, so it is tried again after a cut, each time from the start.

        Args:
            path: The file.
            name: What Kaggle calls it; its own name where none is given.
        """
        return self.patience.repeat(lambda: self._upload_once(path, name or path.name))

    def create_submission(self, token: str, description: str) -> int:
        """Submit an uploaded file and return Kaggle's number for it. Never tried twice.

        Args:
            token: From `upload`.
            description: What people read beside the submission.

        Raises:
            OutcomeUnknown: it may have been carried out: look it up before trying again. Without
                a `status` there was no reply, and it may even be carried out later.
            AllowanceUsedUp: it was refused, and the limits say that none is left today.
            KaggleError: another error: it was certainly not carried out.
        """
        self._caller.hide(token)
        return self._create(
            *("CreateSubmission", "submitting the file"),
            blob_file_tokens=token,
            submission_description=description,
        )

    def create_code_submission(
        self, slug: str, version: int, file_name: str, description: str
    ) -> int:
        """Submit a version of one's kernel, as `create_submission` does an uploaded file.

        Kaggle has it run again, on the test file that nobody sees, and scores what that leaves.

        Args:
            slug: Of the kernel.
            version: One whose run is complete.
            file_name: Of the submission among what it leaves.
            description: What people read beside the submission.

        Raises:
            KaggleError: as there.
        """
        return self._create(
            *("CreateCodeSubmission", "submitting the kernel"),
            kernel_owner=self.username or "",
            kernel_slug=slug,
            kernel_version=version,
            file_name=file_name,
            submission_description=description,
        )

    def _create(self, method: str, doing: str, **values: Any) -> int:
        """Make a submission by one call, which is never tried twice."""
        import requests

        try:
            reply = self._caller.post(method, **values)
        except requests.RequestException as error:
            failure = self._caller.translator.broken(error, doing)
            if not surely_not_sent(error):
                failure = _unknown(failure)
        else:
            if reply.ok:
                return self._reference(reply)
            failure = self._caller.translator.refused(reply, doing)
            # What a redirect leads to says nothing of the call itself.
            if isinstance(failure, KaggleUnavailable) or reply.history:
                failure = _unknown(failure)
            elif reply.status_code in _REFUSED and self._used_up():
                failure = self._caller.translator.used_up(reply)
        raise failure

    def _used_up(self) -> bool:
        """Tell whether the limits confirm that nothing is left until midnight.

        Words do not tell: a file can be over a limit, too. What bounds the whole competition, and
        a closed one (0 of 0), is not renewed by any midnight.
        """
        try:
            limits = self.submission_limits()
        except KaggleError:
            return False
        if limits is None or limits.limited_by_total:
            return False
        return limits.allowed_now <= 0 < limits.used_today

    def submissions(self) -> list[RemoteSubmission]:
        """Return all of the user's submissions to the competition, newest first."""
        pages = self._caller.pages("ListSubmissions", "submissions", "listing the submissions")
        found = {each.ref: each for each in map(RemoteSubmission.of, pages)}
        return sorted(found.values(), key=lambda each: (each.created, each.ref), reverse=True)

    def leaderboard(self) -> list[LeaderboardRow]:
        """Return the public leaderboard, best first (at most 20,000 rows)."""
        pages = self._caller.pages("GetLeaderboard", "submissions", "reading the leaderboard")
        return leaderboard_rows(pages)

    def _upload_once(self, path: Path, name: str) -> str:
        import requests

        doing = "uploading the file"
        status = path.stat()
        begun = self._caller.call(
            "StartSubmissionUpload",
            doing,
            file_name=printable(name),
            content_length=status.st_size,
            last_modified_epoch_seconds=int(status.st_mtime),
        )
        token, address = str(begun.get("token") or ""), str(begun.get("createUrl") or "")
        if not token or not address:
            raise KaggleUnavailable(
                f"There came no address to upload to from {self._caller.translator.server}. "
                "Run the command again in a while."
            )
        self._caller.hide(token)
        try:
            with path.open("rb") as content:
                reply = self._caller.transport.storage.put(address, data=content)
            accepted = reply.status_code in (200, 201)
            failure = None if accepted else self._caller.translator.refused_upload(reply)
        except requests.RequestException as error:
            failure = self._caller.translator.broken(error, doing)
        if failure is not None:
            raise failure
        return token

    def _reference(self, reply: "requests.Response") -> int:
        """Return the number of a submission that Kaggle says it took."""
        import requests

        try:
            said = fields_of(reply)
        except requests.RequestException:
            said = {}
        reference = whole(said.get("ref"))
        if reference > 0:
            return reference
        translator = self._caller.translator
        message = translator.clean(str(said.get("message") or "no message"))
        unknown = OutcomeUnknown(
            f"The submission got no number from {translator.server} ({message}): it was probably "
            "not taken. Look at the list of submissions before submitting again."
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
