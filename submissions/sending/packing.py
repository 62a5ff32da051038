"""Large files travel as a zip of one CSV, which Kaggle unpacks."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from competition.errors import PodiumError
from competition.files import temporary_path

LARGE = 20_000_000  # bytes, from which packing saves more time than it takes


@dataclass(frozen=True)
class Packing:
    """Which files are uploaded as a zip.

    Attributes:
        folder: Where the zip is kept as long as it is needed.
        wanted: Whether all are, or none; None for large ones alone.
    """

    folder: Path
    wanted: bool | None = None

    def packs(self, size: int) -> bool:
        """Tell whether a file of so many bytes is uploaded as a zip."""
        return size >= LARGE if self.wanted is None else self.wanted

    @contextmanager
    def packed(self, path: Path) -> Iterator[Path]:
        """Yield a zip with nothing but a file, which is gone afterwards.

        Raises:
            PodiumError: it cannot be written.
        """
        with temporary_path(self.folder, path.name) as packed:
            try:
                with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                    archive.write(path, "submission.csv")
            except (OSError, ValueError, zipfile.LargeZipFile) as error:
                raise PodiumError(
                    f"{path} cannot be packed ({error}); nothing was uploaded. `--no-zip` sends it "
                    "as it is."
                ) from error
            yield packed
