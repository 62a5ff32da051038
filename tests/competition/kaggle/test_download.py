"""A competition's files, whole or not at all."""

import errno
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from competition.errors import PodiumError
from competition.files import temporary_path
from competition.kaggle.client import KaggleClient, KaggleUnavailable
from competition.kaggle.download import download
from competition.kaggle.manifest import Manifest
from competition.spec import Competition
from competition.workspace import Workspace

Start = Callable[..., Any]
ClientOf = Callable[..., KaggleClient]


@pytest.fixture
def workspace(spec: Competition, tmp_path: Path) -> Workspace:
    return Workspace.in_folders(spec, tmp_path / "data", tmp_path / "runs")


@pytest.fixture
def data(workspace: Workspace) -> Path:
    """Where the files go to."""
    return workspace.data


@pytest.fixture(autouse=True)
def no_leftovers(data: Path) -> Iterator[None]:
    """Whatever happened, no temporary file is left."""
    yield
    if data.exists():
        assert [each.name for each in data.iterdir() if each.name.startswith(".")] == []


def same(folder: Path, public: Path, spec: Competition) -> bool:
    return all((folder / name).read_bytes() == (public / name).read_bytes() for name in spec.files)


def test_once_brings_twice_does_nothing_and_what_changed_is_brought_again(
    start: Start,
    client_of: ClientOf,
    practice_folder: Path,
    workspace: Workspace,
    data: Path,
    spec: Competition,
) -> None:
    practice, public = start(), practice_folder / "public"
    client, seen = client_of(practice), []
    result = download(workspace, client, lambda done, total: seen.append((done, total)))
    assert result.fetched
    assert same(data, public, spec)
    assert result.size == sum((public / name).stat().st_size for name in spec.files)
    assert seen[-1][0] == seen[-1][1] == (public / "optical-digits.zip").stat().st_size
    manifest = json.loads((data / "manifest.json").read_text())
    assert manifest["source"] == practice.url
    assert set(manifest["files"]) == set(spec.files)

    content = bytearray((data / "train.csv").read_bytes())
    content[5000] ^= 1
    (data / "train.csv").write_bytes(content)
    assert download(workspace, client).fetched
    (data / "test.csv").unlink()
    assert download(workspace, client).fetched
    assert same(data, public, spec)

    practice.stop()
    assert not download(workspace, client).fetched


def test_files_put_there_by_hand_are_trusted_by_their_sizes(
    start: Start,
    client_of: ClientOf,
    practice_folder: Path,
    workspace: Workspace,
    data: Path,
    spec: Competition,
) -> None:
    client = client_of(start())
    data.mkdir(parents=True)
    for name in spec.files:
        shutil.copy(practice_folder / "public" / name, data)
    assert not download(workspace, client).fetched
    assert Manifest.read(data) is not None
    (data / "manifest.json").unlink()
    with (data / "test.csv").open("a") as file:
        file.write("1")
    assert download(workspace, client).fetched
    assert same(data, practice_folder / "public", spec)


def test_files_from_another_server_are_replaced(
    start: Start, client_of: ClientOf, workspace: Workspace, data: Path, spec: Competition
) -> None:
    client = client_of(start())
    download(workspace, client)
    kept = json.loads((data / "manifest.json").read_text())
    (data / "manifest.json").write_text(json.dumps(kept | {"source": "https://www.kaggle.com"}))
    assert download(workspace, client).fetched


@pytest.mark.parametrize(
    "faults",
    [
        "cut@storage*7",
        "cut,refuse=503@storage*2,cut,retry-after=0.02",
        "refuse=429@DownloadDataFiles*2,retry-after=0.02",
        "corrupt",
        "cut,corrupt",
        "cut,error-body,cut",
        "error-body",
        "drop@DownloadDataFiles,drop@storage,drop@ListDataFiles",
        "refuse=404@DownloadDataFiles*9,corrupt,cut",
        "refuse=404@DownloadDataFiles*9,cut,error-body",
    ],
)
def test_cuts_refusals_and_damage_are_got_over(
    start: Start,
    client_of: ClientOf,
    practice_folder: Path,
    workspace: Workspace,
    data: Path,
    spec: Competition,
    faults: str,
) -> None:
    assert download(workspace, client_of(start(faults=faults))).fetched
    assert same(data, practice_folder / "public", spec)


def test_what_does_not_pass_is_a_sentence_and_changes_nothing(
    start: Start, client_of: ClientOf, workspace: Workspace, data: Path, spec: Competition
) -> None:
    data.mkdir(parents=True)
    (data / "train.csv").write_text("mine")
    with pytest.raises(PodiumError, match="damaged twice"):
        download(workspace, client_of(start(faults="corrupt*9")))
    with pytest.raises(KaggleUnavailable, match="503"):
        download(workspace, client_of(start(faults="refuse=503@storage*99,retry-after=0.02")))
    assert [each.name for each in data.iterdir()] == ["train.csv"]
    assert (data / "train.csv").read_text() == "mine"


def rezip(practice_folder: Path, change: Callable[[zipfile.ZipFile, Path], None]) -> None:
    """Let the practice Kaggle serve another zip."""
    public = practice_folder / "public"
    with zipfile.ZipFile(public / "optical-digits.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        change(archive, public)


def test_csvs_zipped_once_more_and_odd_neighbours(
    start: Start,
    client_of: ClientOf,
    practice_folder: Path,
    workspace: Workspace,
    data: Path,
    spec: Competition,
) -> None:
    def change(archive: zipfile.ZipFile, public: Path) -> None:
        inner = public / "inner.zip"
        with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as nested:
            nested.write(public / "train.csv", "train.csv")
        archive.write(inner, "train.csv.zip")
        for name in spec.files[1:]:
            archive.write(public / name, name)
        archive.writestr("../escaped.txt", "out")
        archive.writestr("/escaped.txt", "out")
        archive.writestr("folder/", "")

    rezip(practice_folder, change)
    download(workspace, client_of(start()))
    assert same(data, practice_folder / "public", spec)
    assert sorted(each.name for each in data.iterdir()) == sorted([*spec.files, "manifest.json"])
    assert not (data.parent / "escaped.txt").exists()


@pytest.mark.parametrize("again", [False, True])
def test_files_inside_one_top_folder_are_taken_from_it(
    again: bool,
    start: Start,
    client_of: ClientOf,
    practice_folder: Path,
    workspace: Workspace,
    data: Path,
    spec: Competition,
) -> None:
    def change(archive: zipfile.ZipFile, public: Path) -> None:
        for name in spec.files:
            archive.write(public / name, f"digits/{name}")
            archive.writestr(f"__MACOSX/digits/{name}", "a shadow")

    rezip(practice_folder, change)
    # Where the archive is refused, each file comes by itself.
    faults = "refuse=404@DownloadDataFiles" if again else ""
    download(workspace, client_of(start(faults=faults)))
    assert same(data, practice_folder / "public", spec)
    assert sorted(each.name for each in data.iterdir()) == sorted([*spec.files, "manifest.json"])


def test_two_files_of_one_name_are_not_guessed_among(
    start: Start,
    client_of: ClientOf,
    practice_folder: Path,
    workspace: Workspace,
    spec: Competition,
) -> None:
    def change(archive: zipfile.ZipFile, public: Path) -> None:
        for name in spec.files:
            archive.write(public / name, f"first/{name}")
            archive.write(public / name, f"second/{name}")

    rezip(practice_folder, change)
    with pytest.raises(PodiumError, match=r"only first/train\.csv, second/train\.csv"):
        download(workspace, client_of(start()))


def test_files_that_kaggle_lists_in_a_folder_are_asked_for_by_that_name(
    scripted, workspace: Workspace, data: Path, spec: Competition
) -> None:
    files = [{"name": f"digits/{name}", "totalBytes": 4} for name in spec.files]
    scripted.says("ListDataFiles", {"files": files})
    scripted.says("DownloadDataFiles", {}, 404)
    scripted.says("DownloadDataFile", b"text", headers={"Content-Type": "text/csv"})
    client = KaggleClient(spec, scripted.access)
    download(workspace, client)
    asked = {each[1]["fileName"] for each in scripted.calls if each[0] == "DownloadDataFile"}
    assert asked == {f"digits/{name}" for name in spec.files}
    assert sorted(each.name for each in data.iterdir()) == sorted([*spec.files, "manifest.json"])


def test_a_refresh_tells_what_changed_at_kaggle_since_the_download(
    start: Start,
    client_of: ClientOf,
    practice_folder: Path,
    workspace: Workspace,
    data: Path,
    spec: Competition,
) -> None:
    client, public = client_of(start()), practice_folder / "public"
    first = download(workspace, client, refresh=True)
    assert (first.fetched, first.before, first.changed) == (True, "", ())
    again = download(workspace, client, refresh=True)
    assert (again.fetched, again.before != "", again.changed) == (True, True, ())
    # Of the same size, and as old as before.
    status = (public / "train.csv").stat()
    content = bytearray((public / "train.csv").read_bytes())
    content[-3] ^= 1
    (public / "train.csv").write_bytes(content)
    os.utime(public / "train.csv", ns=(status.st_atime_ns, status.st_mtime_ns))
    rezip(
        practice_folder,
        lambda archive, public: [archive.write(public / name, name) for name in spec.files],
    )
    assert not download(workspace, client).fetched
    assert download(workspace, client, refresh=True).changed == ("train.csv",)
    assert same(data, public, spec)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("missing", r"holds no train\.csv"), ("link", "a link"), ("short", "damaged twice")],
)
def test_archives_that_break_a_promise(
    start: Start,
    client_of: ClientOf,
    practice_folder: Path,
    workspace: Workspace,
    data: Path,
    spec: Competition,
    kind: str,
    words: str,
) -> None:
    def change(archive: zipfile.ZipFile, public: Path) -> None:
        for name in spec.files[1:]:
            archive.write(public / name, name)
        if kind == "link":
            link = zipfile.ZipInfo("train.csv")
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, "/etc/passwd")
        if kind == "short":
            archive.writestr("train.csv", b"label\r\n")

    rezip(practice_folder, change)
    with pytest.raises(PodiumError, match=words):
        download(workspace, client_of(start()))
    assert list(data.iterdir()) == []


def test_file_by_file_where_there_is_no_archive(
    start: Start,
    client_of: ClientOf,
    practice_folder: Path,
    workspace: Workspace,
    data: Path,
    spec: Competition,
) -> None:
    client = client_of(start(faults="refuse=404@DownloadDataFiles*9,cut*2"))
    assert download(workspace, client).fetched
    assert same(data, practice_folder / "public", spec)


def test_two_downloads_at_once_do_not_mix(
    start: Start,
    client_of: ClientOf,
    practice_folder: Path,
    workspace: Workspace,
    data: Path,
    spec: Competition,
) -> None:
    practice = start(faults="slow=0.3@storage*2")
    results: list[bool] = []
    clients = [client_of(practice), client_of(practice)]
    threads = [
        threading.Thread(target=lambda c=c: results.append(download(workspace, c).fetched))
        for c in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, True]  # the second one found what the first one brought
    assert same(data, practice_folder / "public", spec)
    assert not download(workspace, clients[0]).fetched


def test_a_file_system_without_locks_is_a_sentence(
    start: Start, client_of: ClientOf, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("competition.locks.FileLock.acquire", no_locks)
    with pytest.raises(PodiumError, match="has no locks"):
        download(workspace, client_of(start()))


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "null",
        "7",
        "{",
        "[" * 100_000,
        '{"files": {}}',
        '{"competition": "a", "source": "b", "time": "c", "files": []}',
        '{"competition": "a", "source": "b", "time": "c", "files": {"train.csv": null}}',
        '{"competition": "a", "source": "b", "time": "c", "files": {"train.csv": {"size": 1}}}',
        '{"competition": [], "source": "b", "time": "c", "files": {}}',
    ],
)
def test_a_manifest_that_is_not_whole_counts_as_absent(
    start: Start, client_of: ClientOf, workspace: Workspace, data: Path, content: str
) -> None:
    client = client_of(start())
    download(workspace, client)
    (data / "manifest.json").write_text(content)
    assert Manifest.read(data) is None
    assert not download(workspace, client).fetched  # trusted by their sizes
    assert Manifest.read(data) is not None


def killed(program: list[str], environment: dict[str, str], until: Callable[[], bool]) -> None:
    process = subprocess.Popen(program, env=environment, stderr=subprocess.DEVNULL)
    while process.poll() is None and not until():
        time.sleep(0.002)
    process.kill()
    assert process.wait() == -signal.SIGKILL


@pytest.mark.long
def test_what_killed_downloads_left_is_cleaned_by_the_next_one(
    start: Start, practice_folder: Path, data: Path, spec: Competition
) -> None:
    """Killed while the zip arrives, while another one goes on in the same folder."""
    practice = start(faults="slow=0.3@storage*2")
    program, environment = command(practice, data)

    def hidden() -> int:
        return len(list(data.glob(".*.part")))

    killed(program, environment, lambda: hidden() == 4)  # the zip, and what comes out of it
    assert hidden() == 4
    with temporary_path(data, "in use") as used:
        done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.count("\n")) == (0, 1)
        assert list(data.glob(".*.part")) == [used]
    assert same(data, practice_folder / "public", spec)


def test_a_download_waits_for_another_process_and_goes_on_when_that_is_killed(
    start: Start,
    client_of: ClientOf,
    practice_folder: Path,
    workspace: Workspace,
    data: Path,
    spec: Competition,
    caplog: pytest.LogCaptureFixture,
) -> None:
    practice = start(faults="slow=20@storage")
    program, environment = command(practice, data)
    process = subprocess.Popen(program, env=environment, stderr=subprocess.DEVNULL)

    def kill() -> None:
        process.kill()
        process.wait()

    try:
        while not list(data.glob(".*.part")):
            time.sleep(0.01)
        threading.Timer(0.5, kill).start()
        assert download(workspace, client_of(practice)).fetched
    finally:
        kill()
    assert "Another download" in caplog.text
    assert same(data, practice_folder / "public", spec)


def command(practice: Any, data: Path) -> tuple[list[str], dict[str, str]]:
    root = Path(__file__).parents[3]
    environment = {**os.environ, **practice.environment, "DATA_DIR": str(data.parent)}
    return [sys.executable, "-m", "competition", "download"], environment | {
        "PYTHONPATH": str(root)
    }


def test_a_disk_too_small_is_a_sentence(start: Start, data: Path) -> None:
    """A real disk of 1 MiB, in a mount namespace of its own, where the system lets one make it."""
    program, environment = command(start(), data)
    root = data.parent
    root.mkdir()
    script = (
        f'mount -t tmpfs -o size=1m tmpfs "{root}" && "$@"; echo "rc=$?"; '
        f'find "{root}" -type f ! -name "*.lock"'
    )
    shell = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    if shutil.which("unshare") is None or subprocess.run([*shell, "true"], check=False).returncode:
        pytest.skip("no mount namespaces here; the size limit's test stands in")
    done = subprocess.run(
        [*shell, *program], env=environment, capture_output=True, text=True, check=False
    )
    if "mount:" in done.stderr:
        pytest.skip("tmpfs cannot be mounted here; the size limit's test stands in")
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.strip() == "rc=1"


def test_a_limit_on_file_sizes_is_a_sentence(start: Start, data: Path) -> None:
    program, environment = command(start(), data)
    done = subprocess.run(
        program,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)),
    )
    assert done.returncode == 1
    assert "ulimit" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(data.iterdir()) == []
