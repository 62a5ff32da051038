"""`manifest.json` beside the data: each file's size and SHA-256, and where they came from."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from competition.files import atomic_path, sha256_of

MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True)
class FileRecord:
    """A downloaded file: its size in bytes and its SHA-256 in hexadecimal."""

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "FileRecord":
        """Return the record of a file as it is now."""
        return cls(path.stat().st_size, sha256_of(path))

    @classmethod
    def read(cls, kept: Any) -> "FileRecord":
        """Return the record that an entry of the JSON file holds.

        Raises:
            TypeError: it holds something else.
            KeyError: it lacks a part.
        """
        size, sha256 = kept["size"], kept["sha256"]
        if not isinstance(size, int) or not isinstance(sha256, str):
            raise TypeError("not a size and a digest")
        return cls(size, sha256)

    def matches(self, path: Path) -> bool:
        """Tell whether a file is there and has this content."""
        return (
            path.is_file() and path.stat().st_size == self.size and sha256_of(path) == self.sha256
        )


@dataclass(frozen=True)
class Manifest:
    """What a download brought.

    Attributes:
        competition: Its slug.
        source: The address it came from.
        time: When (UTC, ISO 8601).
        files: The record of each file by name.
    """

    competition: str
    source: str
    time: str
    files: dict[str, FileRecord]

    @classmethod
    def of(cls, folder: Path, competition: str, source: str, names: tuple[str, ...]) -> "Manifest":
        """Return the manifest of files that have just come into a folder."""
        files = {name: FileRecord.of(folder / name) for name in names}
        return cls(competition, source, datetime.now(UTC).isoformat(timespec="seconds"), files)

    @classmethod
    def read(cls, folder: Path) -> "Manifest | None":
        """Return a folder's manifest; None where there is none, or not a whole one."""
        try:
            kept = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
            files = {name: FileRecord.read(record) for name, record in kept["files"].items()}
            made = cls(kept["competition"], kept["source"], kept["time"], files)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        texts = (made.competition, made.source, made.time)
        return made if all(isinstance(text, str) for text in texts) else None

    def write(self, folder: Path) -> None:
        """Save it in a folder, whole or not at all."""
        with atomic_path(folder / MANIFEST_FILE) as path:
            path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
