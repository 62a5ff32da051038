"""Which shipped competition labelled data are of, told from their header."""

import math
import re
from pathlib import Path

from competition.practice.labelled.packed import header_line
from competition.spec import Competition, available_competitions, load_competition

_COUNTED = re.compile(r"(\D*)\d+")


def recognised(data: Path) -> str | None:
    """Return the shipped competition of images whose form some labelled data have; None for none.

    Its label column must be there, and as many numbered columns as its images have pixels.

    Args:
        data: A labelled CSV, or a competition's zip.

    Raises:
        PodiumError: the zip is damaged.

    Example:
        >>> recognised(Path("digit-recognizer.zip"))
        'digit-recognizer'
    """
    for slug in available_competitions():
        competition = load_competition(slug)
        if competition.rows_kind != "images" or competition.bundled is not None:
            continue
        line = header_line(data, competition.train_file)
        if line is not None and _is_of(line.decode("utf-8", "replace"), competition):
            return slug
    return None


def _is_of(header: str, competition: Competition) -> bool:
    names = [name.strip().strip('"') for name in header.lstrip("\ufeff").split(",")]
    others = [name for name in names if name not in competition.label_columns]
    pixels = [found for name in others if (found := _COUNTED.fullmatch(name))]
    return (
        len(others) == len(names) - len(competition.label_columns)
        and len(pixels) == math.prod(competition.image_shape)
        and len({pixel[1] for pixel in pixels}) == 1
        and len(others) - len(pixels) <= 1  # an id
    )
