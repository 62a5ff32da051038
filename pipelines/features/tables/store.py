"""Features of a table that learn nothing of the truth: computed once, looked up by row.

They are computed of training and test rows together, so that a count or a mean is of both, and kept
as float32 in the folder that the rows name; rows without an origin are a table of numbers.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.data.rows import Origin, origin_of
from competition.files import atomic_path
from competition.locks import locked
from pipelines.features.feature_store import MOST_BYTES, make_room
from pipelines.features.tables.columns import Columns, joined
from pipelines.features.tables.parts.cells import cells
from pipelines.features.tables.parts.codes import codes
from pipelines.features.tables.parts.counts import counts
from pipelines.features.tables.parts.dates import date_cycles, date_trends
from pipelines.features.tables.parts.groups import group_statistics
from pipelines.features.tables.parts.pairs import crossings, pairs
from pipelines.features.tables.parts.texts import topics
from pipelines.features.tables.whole import (
    Whole,
    name_of,
    places_in_whole,
    plain_schema,
    whole_of,
)

_VERSION = 1  # goes up when the features of a part change
BASE = "cells"
_OF_ROWS: dict[str, Callable[[Whole], Columns]] = {
    BASE: cells,
    "trends": date_trends,
    "cycles": date_cycles,
    "topics": topics,
}
_OF_CELLS: dict[str, Callable[[Whole, Columns], Columns]] = {
    "codes": codes,
    "counts": counts,
    "groups": group_statistics,
    "pairs": pairs,
    "crossings": crossings,
}
PARTS = (*_OF_ROWS, *_OF_CELLS)
_MOST_IN_MEMORY = 16
_in_memory: dict[tuple[str, str], Columns] = {}


def looked_up(rows: npt.NDArray[Any], parts: tuple[str, ...]) -> Columns:
    """Return some parts of the features of rows, side by side.

    Args:
        rows: (n, columns), perhaps `Rows` with an origin.
        parts: Of `PARTS`.

    Raises:
        PodiumError: the folder cannot be written.
    """
    origin = origin_of(rows)
    if origin is None:
        matrix = np.asarray(rows, np.float64)
        whole = Whole(matrix, plain_schema(matrix))
        base = cells(whole)
        return joined(_computed(part, whole, base) for part in parts)
    places = places_in_whole(origin)
    return joined(_whole_part(part, origin).rows(places) for part in parts)


def _whole_part(part: str, origin: Origin) -> Columns:
    """Return a part of the features of both sets, kept in a folder or in this process."""
    name = hashlib.sha256(f"{_VERSION} {part} {name_of(origin)}".encode()).hexdigest()[:16]
    if origin.folder is not None:
        return _in_folder(origin.folder / f"{name}.npy", part, origin)
    found = _in_memory.get((part, name))
    if found is None:
        found = _computed_of(part, origin)
        while len(_in_memory) >= _MOST_IN_MEMORY:
            _in_memory.pop(next(iter(_in_memory)), None)
        _in_memory[part, name] = found
    return found


def _computed_of(part: str, origin: Origin) -> Columns:
    base = _whole_part(BASE, origin) if part in _OF_CELLS else None
    return _computed(part, whole_of(origin), base)


def _computed(part: str, whole: Whole, base: Columns | None) -> Columns:
    if part in _OF_ROWS:
        return base if part == BASE and base is not None else _OF_ROWS[part](whole)
    assert base is not None
    return _OF_CELLS[part](whole, base)


def _in_folder(path: Path, part: str, origin: Origin) -> Columns:
    """Return a file's features, mapped into memory; compute and write them if nobody did."""
    rows = len(origin.whole) + (0 if origin.other is None else len(origin.other))
    found = _mapped(path, rows)
    if found is not None:
        return found
    base = _whole_part(BASE, origin) if part in _OF_CELLS else None
    with locked(path.with_suffix(".lock")):
        found = _mapped(path, rows)
        if found is not None:
            return found
        features = _computed(part, whole_of(origin), base)
        said = {"names": features.names, "levels": features.levels}
        with atomic_path(path.with_suffix(".json")) as temporary:
            temporary.write_text(json.dumps(said), encoding="utf-8")
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.save(file, features.values)
        make_room(path, MOST_BYTES)
    return features


def _mapped(path: Path, rows: int) -> Columns | None:
    """Return whole features, marked as just used; None where there are none, or damaged ones."""
    try:
        os.utime(path)
        values = np.load(path, mmap_mode="r")
        said = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        names, levels = tuple(said["names"]), tuple(said["levels"])
    except (OSError, ValueError, EOFError, KeyError, TypeError):
        return None
    whole = values.ndim == 2 and values.shape == (rows, len(names)) and len(names) == len(levels)
    return Columns(values, names, levels) if whole else None
