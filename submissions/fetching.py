"""Bring back the file of a submission, as Kaggle keeps it."""

import io
import zipfile
from pathlib import Path

from competition.errors import PodiumError
from competition.files import atomic_path
from competition.kaggle.client import KaggleClient, KaggleError, KaggleUnavailable, RemoteSubmission
from competition.verbs import step
from competition.workspace import Workspace

_LONGEST = 150  # characters of a name, which a file system takes with what is put before it


def fetch_submission(ref: int, workspace: Workspace, client: KaggleClient) -> Path:
    """Write a submission's file to `runs/<slug>/submissions/fetched/<number>-<name>`.

    Args:
        ref: Kaggle's number.
        workspace: Gives the folder.
        client: The door to Kaggle.

    Returns:
        The file; one of this number that is there already is replaced.

    Raises:
        KaggleError: Kaggle cannot be reached, or does not give the file.
        PodiumError: it is no submission of this account, or the disk refuses the file.
    """
    entry = next((each for each in client.submissions() if each.ref == ref), None)
    if entry is None:
        raise PodiumError(
            f"There is no submission {ref} to {workspace.competition.slug} by this account: "
            f"`{step('scores', 'REFRESH')}` lists the numbers."
        )
    content = client.patience.repeat(lambda: _content(entry, client))
    name = Path(entry.file_name.replace("\\", "/")).name[-_LONGEST:] or "submission.csv"
    path = workspace.runs / "submissions" / "fetched" / f"{ref}-{name}"
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return path


def _content(entry: RemoteSubmission, client: KaggleClient) -> bytes:
    """Read the file, once; out of its zip where it comes in one."""
    try:
        with client.open_submission(entry.ref) as stream:
            content = b"".join(stream.chunks)
            name, total = stream.name, stream.total
    except KaggleError as error:
        if error.status in (404, 405, 501):
            raise KaggleError(
                f"Kaggle lists submission {entry.ref} but does not give its file."
            ) from None
        raise
    if total not in (None, len(content)):
        raise KaggleUnavailable(
            f"{len(content):,} bytes of {total:,} came. Run the command again in a while."
        )
    unpacked = _unpacked(content, name, entry)
    if entry.total_bytes not in (0, len(content), len(unpacked)):
        raise KaggleUnavailable(
            f"{len(unpacked):,} bytes came of submission {entry.ref}, which has "
            f"{entry.total_bytes:,} in Kaggle's list. Run the command again in a while."
        )
    return unpacked


def _unpacked(content: bytes, name: str, entry: RemoteSubmission) -> bytes:
    if name.endswith(".zip") and not entry.file_name.endswith(".zip"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                (member,) = archive.namelist()
                return archive.read(member)
        except (zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError):
            return content
    return content
