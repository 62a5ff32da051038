"""Brings a competition's files, whole or not at all, and brings them again where they changed."""

import hashlib
import logging
import shutil
import time
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from competition.errors import PodiumError
from competition.files import (
    atomic_path,
    explained_os_errors,
    remove_abandoned,
    temporary_path,
)
from competition.kaggle.archives import Damaged, member_called, unpack
from competition.kaggle.client import KaggleClient, RemoteFile, RemoteStream
from competition.kaggle.errors import KaggleError, KaggleUnavailable
from competition.kaggle.manifest import FileRecord, Manifest
from competition.kaggle.retry import PASSING, Patience
from competition.locks import locked
from competition.spec import Competition
from competition.workspace import Workspace

Progress = Callable[[int, int | None], None]
Opener = Callable[[int, str | None], AbstractContextManager[RemoteStream]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DownloadResult:
    """What a download left in its folder.

    Attributes:
        folder: Where the files are.
        files: The record of each file by name.
        fetched: False where everything was right already.
        source: The address the files came from.
        before: When the download was whose manifest stood in the folder (UTC, ISO 8601); empty
            where there was none from this source.
        changed: Which files have another content at Kaggle since then.
    """

    folder: Path
    files: dict[str, FileRecord]
    fetched: bool
    source: str
    before: str = ""
    changed: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(record.size for record in self.files.values())


def download(
    workspace: Workspace,
    client: KaggleClient,
    progress: Progress | None = None,
    *,
    refresh: bool = False,
) -> DownloadResult:
    """Bring the competition's files into its data folder, unless they are there and right.

    Right means: as `manifest.json` from the same source says, by SHA-256; then no call is made.
    Files without a manifest, put there by hand, are trusted when their sizes are those that Kaggle
    lists. A cut connection is resumed; what arrived damaged is fetched once more. Downloads into
    one folder wait for each other, and what a killed one left behind is removed.

    Args:
        workspace: Whose files, and where to.
        client: The door to Kaggle.
        progress: Called with the bytes so far, and the bytes in all or None.
        refresh: Fetch the files even where they are right, and say which changed at Kaggle.

    Raises:
        PodiumError: Kaggle refuses, the files are damaged, or the disk is full. Whatever was in the
            folder before stays as it was.
    """
    competition, folder = workspace.competition, workspace.data
    with explained_os_errors(folder / competition.train_file):
        remove_abandoned(folder)
        there = _already_right(competition, folder, client)
        if there and not refresh:
            return there
        remote = _by_name(competition, client.list_files())
        # Beside the folder, which holds the competition's files and nothing else.
        lock = folder.with_name(f".{folder.name}.download.lock")

        def waiting() -> None:
            _log.warning("Another download into %s is under way; waiting for its end.", folder)

        with locked(lock, waiting=waiting):
            there = _already_right(competition, folder, client)
            if there and not refresh:
                return there
            return _bring(
                competition, folder, client, remote, progress or _no_progress, refresh=refresh
            )


def download_archive(client: KaggleClient, path: Path, progress: Progress | None = None) -> None:
    """Bring the zip with all files of a competition, of which nothing is known yet.

    Args:
        client: The door to Kaggle.
        path: What it is to be called; it appears whole or not at all.
        progress: As for `download`.

    Raises:
        PodiumError: Kaggle refuses, the zip is damaged, or the disk is full.
    """
    with atomic_path(path) as archive:
        _receive(client.open_archive, archive, client.patience, progress or _no_progress)
        if not zipfile.is_zipfile(archive):
            raise PodiumError(
                f"The files of {client.competition.slug} arrived damaged. Run the command again."
            )


def _already_right(
    competition: Competition, folder: Path, client: KaggleClient
) -> DownloadResult | None:
    """Return what is in the folder where the manifest vouches for all of it."""
    manifest = Manifest.read(folder)
    if manifest is None or manifest.source != client.source:
        return None
    if not all(
        name in manifest.files and manifest.files[name].matches(folder / name)
        for name in competition.files
    ):
        return None
    return DownloadResult(folder, manifest.files, False, client.source)


def _bring(
    competition: Competition,
    folder: Path,
    client: KaggleClient,
    remote: dict[str, RemoteFile],
    progress: Progress,
    *,
    refresh: bool,
) -> DownloadResult:
    """Fetch the files, unless they were put there by hand, and say so in the manifest."""
    before = Manifest.read(folder)
    by_hand = (
        not refresh
        and before is None
        and all(
            (folder / name).is_file() and 0 < (folder / name).stat().st_size == remote[name].size
            for name in competition.files
        )
    )
    if not by_hand:
        _fetch(competition, folder, client, remote, progress)
    made = Manifest.of(folder, competition.slug, client.source, competition.files)
    made.write(folder)
    if before is None or before.source != client.source:
        return DownloadResult(folder, made.files, not by_hand, client.source)
    changed = tuple(name for name in made.files if before.files.get(name) != made.files[name])
    return DownloadResult(folder, made.files, not by_hand, client.source, before.time, changed)


def _by_name(competition: Competition, listed: list[RemoteFile]) -> dict[str, RemoteFile]:
    """Return what Kaggle lists of each file, which may stand in a folder there."""
    found = {}
    for name in competition.files:
        member = member_called([each.name for each in listed], name)
        found[name] = next(
            (each for each in listed if each.name == member and member.endswith(name)),
            RemoteFile(name, 0),
        )
    return found


def _no_progress(_done: int, _total: int | None) -> None:
    """Tell nobody."""


def _fetch(
    competition: Competition,
    folder: Path,
    client: KaggleClient,
    remote: dict[str, RemoteFile],
    progress: Progress,
) -> None:
    """Bring all files, twice if the first zip is damaged."""
    for last in (False, True):
        try:
            with ExitStack() as stack:
                targets = {
                    name: stack.enter_context(atomic_path(folder / name))
                    for name in competition.files
                }
                try:
                    _from_archive(folder, client, targets, remote, progress)
                except KaggleError as error:
                    if error.status not in (404, 501):
                        raise
                    _file_by_file(folder, client, targets, remote, progress)
            return
        except Damaged as damage:
            if last:
                raise PodiumError(
                    f"The files of {competition.slug} arrived damaged twice ({damage}). Nothing "
                    f"was changed in {folder}; run the command again later, or download them at "
                    f"{competition.url}/data."
                ) from None
            _log.warning("The download is damaged (%s); fetching it again.", damage)


def _from_archive(
    folder: Path,
    client: KaggleClient,
    targets: dict[str, Path],
    remote: dict[str, RemoteFile],
    progress: Progress,
) -> None:
    with temporary_path(folder, "download") as archive:
        _receive(client.open_archive, archive, client.patience, progress)
        unpack(archive, targets, {name: each.size for name, each in remote.items()})


def _file_by_file(
    folder: Path,
    client: KaggleClient,
    targets: dict[str, Path],
    remote: dict[str, RemoteFile],
    progress: Progress,
) -> None:
    for name, target in targets.items():

        def opener(
            start: int, validator: str | None, name: str = remote[name].name
        ) -> AbstractContextManager[RemoteStream]:
            return client.open_file(name, start, validator)

        _receive(opener, target, client.patience, progress)
        if zipfile.is_zipfile(target):
            with temporary_path(folder, "download") as packed:
                shutil.copyfile(target, packed)
                unpack(packed, {name: target}, {name: remote[name].size})
            continue
        size = target.stat().st_size
        if remote[name].size not in (0, size):
            raise Damaged(f"{name} has {size} bytes instead of {remote[name].size}")


def _receive(opener: Opener, path: Path, patience: Patience, progress: Progress) -> None:
    """Write a remote file to a path, resuming where the connection is cut.

    Gives up after five failures in a row, or a minute, without a byte more.

    Raises:
        Damaged: the storage says that its file has another content.
    """
    done, failures, validator = 0, 0, None
    deadline = time.monotonic() + patience.seconds
    while True:
        before = done
        try:
            with opener(done, validator) as stream, path.open("r+b") as file:
                if stream.start not in (0, done):
                    raise KaggleUnavailable("The storage sent another part than was asked for.")
                done, validator = stream.start, stream.validator
                file.seek(done)
                file.truncate()
                for chunk in stream.chunks:
                    file.write(chunk)
                    done += len(chunk)
                    progress(done, stream.total)
            if stream.total in (None, done):
                if stream.md5 not in (None, _md5_of(path)):
                    raise Damaged("its bytes are not those that the storage says it has")
                return
            raise KaggleUnavailable(
                f"The storage sent {done} of {stream.total} bytes. Run the command again."
            )
        except PASSING as error:
            if done > before:
                failures, deadline = 0, time.monotonic() + patience.seconds
            failures += 1
            wait = patience.pause(error, failures)
            if failures >= patience.attempts or time.monotonic() + wait > deadline:
                raise
            _log.info("The download was cut after %d bytes; going on in %.1f s.", done, wait)
            time.sleep(wait)


def _md5_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()
