"""The slow search for the first broken cell of a file of images."""

import csv
from pathlib import Path
from typing import TextIO

from competition.data.csv_files import DOWNLOAD_AGAIN
from competition.data.labels import Labels
from competition.errors import PodiumError


def first_fault(
    file: TextIO,
    path: Path,
    header: list[str],
    label_places: tuple[int, ...],
    id_place: int | None,
    labels: Labels,
) -> PodiumError:
    """Return a sentence on the first broken cell of a file.

    Args:
        file: Open behind its header line.
        path: Of the file, for the sentence.
        header: The names of its columns.
        label_places: Where the label columns stand, from 0.
        id_place: Where the id column stands; None where there is none.
        labels: What the cells of the label columns may hold.
    """
    reader = csv.reader(file, strict=True)
    for number, row in enumerate(reader, start=2):
        if not row:
            continue
        where = f"{path.name}, row {number}"
        if len(row) != len(header):
            cut = " (a cut last line?)" if next(reader, None) is None else ""
            return PodiumError(
                f"{where}: {len(row)} columns where the header has {len(header)}{cut}. "
                f"{DOWNLOAD_AGAIN}"
            )
        for place, (name, text) in enumerate(zip(header, row, strict=True)):
            wrong = None
            if place in label_places:
                wrong = labels.fault(text)
            elif place != id_place and not _is_pixel(text):
                wrong = f"{text!r} is not a pixel value (a whole number from 0 to 255)"
            if wrong:
                return PodiumError(
                    f"{where}, column {place + 1} ({name}): {wrong}. Fix the file, or download it "
                    "again."
                )
    return PodiumError(f"{path.name} cannot be read as a table of images. {DOWNLOAD_AGAIN}")


def _is_pixel(text: str) -> bool:
    """Tell whether NumPy reads a cell as a byte."""
    digits = text.strip().removeprefix("+")
    small = digits.lstrip("0")[:4] or "0"
    return digits.isascii() and digits.isdigit() and int(small) <= 255
