"""Brings a competition's files, whole or not at all, and heals them when they are not right."""

import errno
import logging
import stat
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from competition.errors import PodiumError
from competition.files import atomic_path, explained_os_errors
from competition.kaggle_client import KaggleClient, RemoteStream
from competition.kaggle_errors import KaggleError, KaggleUnavailable
from competition.kaggle_retry import ATTEMPTS, PASSING, TOTAL_SECONDS, pause
from competition.manifest import FileRecord, Manifest
from competition.spec import Competition

Progress = Callable[[int, int | None], None]
Opener = Callable[[int, str | None], AbstractContextManager[RemoteStream]]

_MOST_BYTES = 4 << 30
_CHUNK = 1 << 20

_log = logging.getLogger(__name__)


class _Damaged(Exception):
    """A zip that breaks a promise; fetching it again may help."""


@dataclass(frozen=True)
class DownloadResult:
    """What a download left in its folder.

    Attributes:
        folder: Where the files are.
        files: The record of each file by name.
        fetched: False where everything was right already.
        source: The address the files came from.
    """

    folder: Path
    files: dict[str, FileRecord]
    fetched: bool
    source: str

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(record.size for record in self.files.values())


def download(
    competition: Competition,
    folder: Path,
    client: KaggleClient,
    progress: Progress | None = None,
) -> DownloadResult:
    """Bring the competition's files into a folder, unless they are there and right.

    Right means: as `manifest.json` from the same source says, by SHA-256; then no call is made.
    Files without a manifest, put there by hand, are trusted when their sizes are those that Kaggle
    lists. A cut connection is resumed; a damaged zip is fetched once more.

    Args:
        competition: Whose files.
        folder: Where to; made where it is missing.
        client: The door to Kaggle.
        progress: Called with the bytes so far, and the bytes in all or None.

    Raises:
        PodiumError: Kaggle refuses, the files are damaged, or the disk is full. Whatever was in the
            folder before stays as it was.
    """
    manifest = Manifest.read(folder)
    if manifest and manifest.source == client.source and _is_right(folder, competition, manifest):
        return DownloadResult(folder, manifest.files, False, client.source)
    listed = {each.name: each.size for each in client.list_files()}
    by_hand = manifest is None and all(
        (folder / name).is_file() and (folder / name).stat().st_size == listed.get(name)
        for name in competition.files
    )
    if not by_hand:
        with explained_os_errors(folder / competition.train_file), _explained_limit(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _fetch(competition, folder, client, listed, progress or _no_progress)
    made = Manifest.of(folder, competition.slug, client.source, competition.files)
    made.write(folder)
    return DownloadResult(folder, made.files, not by_hand, client.source)


def _no_progress(_done: int, _total: int | None) -> None:
    """Tell nobody."""


@contextmanager
def _explained_limit(folder: Path) -> Iterator[None]:
    """Turn a file size limit, which acts as a full disk does, into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise PodiumError(
            f"Files as large as these are not allowed in {folder} (see ulimit -f). "
            "Nothing half-written was left; raise the limit and run the command again."
        ) from error


def _is_right(folder: Path, competition: Competition, manifest: Manifest) -> bool:
    return all(
        name in manifest.files and manifest.files[name].matches(folder / name)
        for name in competition.files
    )


def _fetch(
    competition: Competition,
    folder: Path,
    client: KaggleClient,
    listed: dict[str, int],
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
                    _from_archive(folder, client, targets, listed, progress)
                except KaggleError as error:
                    if error.status not in (404, 501):
                        raise
                    _file_by_file(folder, client, targets, listed, progress)
            return
        except _Damaged as damage:
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
    listed: dict[str, int],
    progress: Progress,
) -> None:
    with _temporary(folder) as archive:
        _receive(client.open_archive, archive, progress)
        _unpack(archive, targets, listed)


def _file_by_file(
    folder: Path,
    client: KaggleClient,
    targets: dict[str, Path],
    listed: dict[str, int],
    progress: Progress,
) -> None:
    for name, target in targets.items():
        with _temporary(folder) as received:

            def opener(
                start: int, validator: str | None, name: str = name
            ) -> AbstractContextManager[RemoteStream]:
                return client.open_file(name, start, validator)

            _receive(opener, received, progress)
            if zipfile.is_zipfile(received):
                _unpack(received, {name: target}, listed)
                continue
            size = received.stat().st_size
            if listed.get(name) not in (None, 0, size):
                raise _Damaged(f"{name} has {size} bytes instead of {listed[name]}")
            received.replace(target)


@contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    """Yield the path of a file of this download alone, which is removed afterwards."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".download.", suffix=".part") as file:
        path = Path(file.name)
        yield path
        # NamedTemporaryFile complains about a file that was moved away.
        path.touch()


def _receive(opener: Opener, path: Path, progress: Progress) -> None:
    """Write a remote file to a path, resuming where the connection is cut.

    Gives up after five failures in a row, or a minute, without a byte more.
    """
    done, failures, validator = 0, 0, None
    deadline = time.monotonic() + TOTAL_SECONDS
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
                return
            raise KaggleUnavailable(
                f"The storage sent {done} of {stream.total} bytes. Run the command again."
            )
        except PASSING as error:
            if done > before:
                failures, deadline = 0, time.monotonic() + TOTAL_SECONDS
            failures += 1
            wait = pause(error, failures)
            if failures >= ATTEMPTS or time.monotonic() + wait > deadline:
                raise
            _log.info("The download was cut after %d bytes; going on in %.1f s.", done, wait)
            time.sleep(wait)


def _unpack(archive: Path, targets: dict[str, Path], listed: dict[str, int]) -> None:
    """Write the wanted members of a zip to their targets; nothing else in it is looked at.

    Raises:
        _Damaged: the zip breaks a promise.
        PodiumError: a file is missing, or is none.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for name, target in targets.items():
                info = _member(opened, name)
                _check_member(info, listed.get(name, 0))
                if info.filename == name:
                    _copy(opened, info, target)
                    continue
                with _temporary(target.parent) as inner:
                    _copy(opened, info, inner)
                    _unpack(inner, {name: target}, listed)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _Damaged(str(error) or type(error).__name__) from None


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    for candidate in (name, f"{name}.zip"):
        if candidate in archive.namelist():
            return archive.getinfo(candidate)
    raise PodiumError(
        f"Kaggle's archive holds no {name}, only {', '.join(archive.namelist()[:10])}. "
        "Check the file names in the competition's TOML file."
    )


def _check_member(info: zipfile.ZipInfo, listed: int) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.is_dir() or kind not in (0, stat.S_IFREG) or info.flag_bits & 1:
        raise PodiumError(
            f"{info.filename} in Kaggle's archive is a link, a folder or encrypted, not a plain "
            "file; it was not unpacked. Download the files by hand and look at them."
        )
    zipped = info.filename.endswith(".zip")
    if info.file_size > _MOST_BYTES or (
        listed and not zipped and listed not in (info.file_size, info.compress_size)
    ):
        raise _Damaged(
            f"{info.filename} has {info.file_size} bytes" + (f" instead of {listed}" * bool(listed))
        )


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    """Unpack one member; zipfile compares the CRC at its end."""
    with archive.open(info) as source, target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)
