"""Columns in one zip file: written where they were made, merged where they are wanted."""

import json
import logging
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from competition.errors import PodiumError
from competition.files import atomic_path
from competition.problem.targets import Predictions
from pipelines.blending.candidates import folds_of
from pipelines.columns import Column, write_column
from pipelines.saved_models import MODEL_FILE
from pipelines.search.plan import Plan

COLUMNS_FILE = "columns.zip"
_MANIFEST = "manifest.json"
_ARRAYS = ("oof.npy", "test.npy")
_PLACE = re.compile(r"(?P<pipeline>[a-z][a-z0-9_]*)/(?P<key>[0-9a-f]{16})/(?P<file>[\w.-]+)")
_FIT = re.compile(r"fold-\d+(-\d+)?\.npz")
_BROKEN = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Merged:
    """What became of the columns of an archive.

    Attributes:
        added: Those that were not here.
        known: How many were.
    """

    added: list[Column]
    known: int


def pack_columns(columns: Sequence[Column], path: Path) -> None:
    """Write columns with their fits and models into a zip file, whole or not at all.

    Args:
        columns: Finished ones.
        path: Of the zip.
    """
    with (
        atomic_path(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for column in columns:
            for file in sorted(column.folder.iterdir()):
                if _wanted(file.name):
                    archive.write(file, f"{column.pipeline}/{column.key}/{file.name}")


def merge_columns(path: Path, plan: Plan) -> Merged:
    """Put the columns of a zip file into the store; those that are here stay as they are.

    Keys say what was asked, so whoever made a column, it is the one that a run here would make.
    Each is looked at first: its data, folds and metric, its shape, and its score, which is
    computed again.

    Args:
        path: As `pack_columns` wrote it.
        plan: Of the run here.

    Raises:
        PodiumError: the file is damaged, or a column is not of this run.
    """
    added, known = [], 0
    try:
        with zipfile.ZipFile(path) as archive:
            for (pipeline, key), files in sorted(_by_column(archive).items()):
                folder = plan.store.root / pipeline / key
                if (folder / _MANIFEST).is_file():
                    known += 1
                else:
                    added.append(_merge_one(archive, files, folder, plan))
    except _BROKEN as error:
        raise PodiumError(f"{path} is damaged ({error}). Fetch it again.") from error
    return Merged(added, known)


def _by_column(archive: zipfile.ZipFile) -> dict[tuple[str, str], dict[str, str]]:
    """Return the members of each column, by the names of their files."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name in archive.namelist():
        place = _PLACE.fullmatch(name)
        if place is None or not _wanted(place["file"]):
            raise ValueError(f"{name!r} is no file of a column")
        found.setdefault((place["pipeline"], place["key"]), {})[place["file"]] = name
    return found


def _merge_one(archive: zipfile.ZipFile, files: dict[str, str], folder: Path, plan: Plan) -> Column:
    manifest = json.loads(archive.read(files[_MANIFEST]))
    oof, test = (_array(archive.read(files[name])) for name in _ARRAYS)
    _check(manifest, oof, test, folder, plan)
    for file, name in files.items():
        # What was fitted here stays: it is what a further tuning here goes on with.
        if file not in (_MANIFEST, *_ARRAYS) and not (folder / file).exists():
            with atomic_path(folder / file) as temporary:
                temporary.write_bytes(archive.read(name))
    return write_column(folder, manifest, oof, test)


def _check(
    manifest: dict[str, Any], oof: Predictions, test: Predictions, folder: Path, plan: Plan
) -> None:
    """Refuse what is not of this run, or not worth what it says."""
    problem, dealt = plan.problem, plan.dealt
    told = manifest["data"], manifest["metric"], manifest["folds"], manifest["key"]
    if told != (plan.data.fingerprint, problem.metric.name, folds_of(plan), folder.name):
        raise ValueError(f"{folder.name} is of other data, folds or metric")
    shapes = (len(dealt.rows), problem.outputs), (len(plan.data.test), problem.outputs)
    if (oof.shape, test.shape) != shapes or not (np.isfinite(oof).all() & np.isfinite(test).all()):
        raise ValueError(f"{folder.name} has predictions of other rows")
    score = problem.score(dealt.truth, oof, dealt.assigned, dealt.units)
    if not np.isclose(score.value, manifest["score"]["value"], rtol=1e-4, atol=1e-6):
        raise ValueError(f"{folder.name} is worth {score.value:.5g}, and not what it says")


def _array(content: bytes) -> Predictions:
    array: Predictions = np.load(BytesIO(content), allow_pickle=False)
    return array


def _wanted(file: str) -> bool:
    return file in (_MANIFEST, MODEL_FILE, *_ARRAYS) or _FIT.fullmatch(file) is not None
