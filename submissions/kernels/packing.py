"""One Python script that holds Podium: all that a run on Kaggle's machines needs of it."""

import base64
import importlib.metadata
import io
import json
import lzma
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from competition.errors import PodiumError
from competition.spec import Competition
from pipelines.kernels.machine import ASKED_FILE, FEATURES_FILE, SPEC_FILE, Asked

MOST_BYTES = 900_000  # Kaggle takes a script of about a megabyte

_ROOT = Path(__file__).parents[2]
_PACKAGES = ("competition", "pipelines")
# What serves a person's own machine alone.
_STAYS = ("competition/practice", "competition/drafting", "__pycache__")
# Of Podium's libraries those that Kaggle's image lacks, or may have in versions that are too old;
# each is Python alone.
_BROUGHT = ("pebble", "skops", "prettytable", "filelock", "tenacity")

_SCRIPT = '''"""{title}: a run of Podium, which packed itself into `PACKED`.

`PACKED` is a tar.xz in base 85 of the packages competition and pipelines, and of libraries that the
machine may lack; `FILES` says what was asked. It leaves submission.csv and, after a tuning,
columns.zip for the machine that pushed this.
"""

import base64
import io
import sys
import tarfile
import tempfile
from pathlib import Path

PACKED = "{packed}"
FILES = {files}

if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    with tempfile.TemporaryDirectory(prefix="podium-") as folder:
        with tarfile.open(fileobj=io.BytesIO(base64.b85decode(PACKED)), mode="r:xz") as archive:
            archive.extractall(folder, filter="data")
        for name, text in FILES.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        sys.path.insert(0, str(Path(folder) / "code"))

        from pipelines.kernels.machine import main

        main(Path(folder))
'''


def packed_script(title: str, competition: Competition, asked: Asked) -> str:
    """Return the source of a script; the same for the same code, competition and asking.

    Args:
        title: What it calls itself.
        competition: Whose files it gets.
        asked: What it does.

    Raises:
        PodiumError: it is larger than Kaggle takes.
    """
    files = files_of(competition, asked)
    return checked(_SCRIPT.format(title=title, packed=packed_code(), files=files), competition)


def checked(source: str, competition: Competition) -> str:
    """Return a source that is as small as Kaggle takes it.

    Raises:
        PodiumError: it is larger.
    """
    if len(source) > MOST_BYTES:
        raise PodiumError(
            f"The script would take {len(source) / 1000:,.0f} kB, and Kaggle takes "
            f"{MOST_BYTES / 1000:,.0f}. Is there something large in {competition.slug}.py?"
        )
    return source


def files_of(competition: Competition, asked: Asked) -> str:
    """Return what a run reads beside the code: texts by name, as a dictionary of Python."""
    files = {ASKED_FILE: asked.to_json(), SPEC_FILE: competition.to_toml()}
    if competition.features is not None:
        files[FEATURES_FILE] = competition.features
    return json.dumps(files, indent=1, ensure_ascii=False)


@cache
def packed_code() -> str:
    """Return the code as a tar.xz in base 85."""
    content = io.BytesIO()
    with (
        lzma.open(content, "w", preset=6) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for name, file in sorted(_files()):
            _put(archive, f"code/{name}", file.read_bytes())
    return base64.b85encode(content.getvalue()).decode()


def _files() -> Iterator[tuple[str, Path]]:
    """Yield the names and paths of what the script holds of code."""
    for package in _PACKAGES:
        for file in (_ROOT / package).rglob("*"):
            name = file.relative_to(_ROOT).as_posix()
            if file.is_file() and not any(part in name for part in _STAYS):
                yield name, file
    for library in _BROUGHT:
        for listed in importlib.metadata.files(library) or ():
            if listed.suffix == ".py" and "tests" not in listed.parts and ".." not in listed.parts:
                yield listed.as_posix(), Path(str(listed.locate()))


def _put(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a file without anything that differs from day to day."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
