"""A competition's data as checked arrays, cached by content and mapped into memory."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from competition.data.csv_files import DOWNLOAD_AGAIN, find_csv
from competition.data.image_csv import ImageTable, Layout, find_fault, read_images
from competition.data.labels import Labels
from competition.data.rows import Origin, Rows
from competition.data.tables.fold_rule import By, Units
from competition.data.tables.schema import Schema
from competition.errors import PodiumError
from competition.files import atomic_path, sha256_of
from competition.problem.sample import read_sample_ids
from competition.problem.targets import Truth
from competition.spec import Competition

if TYPE_CHECKING:
    from competition.data.tables.table import Table

AskIds = Callable[[], npt.NDArray[np.str_]]  # which may have to wait for them
Content = tuple[dict[str, npt.NDArray[Any]], "Table | None"]  # arrays, and a table's columns

_FORMAT = 3  # goes up when the cached arrays change, so that old ones are left alone
_ARRAYS = ("train", "truth", "test", "test_ids")


@dataclass(frozen=True)
class Dataset:
    """The rows of one competition and what is known of them.

    Attributes:
        train: (n, side, side) or (n, side, side, 3) uint8, or the matrix (n, columns) float64 that
            a table becomes, as `schema` says; read-only.
        truth: (n,) int64 class indices, or (n, t) float64 values; read-only.
        test: (m, …), as `train`; read-only.
        test_ids: (m,) text: the sample submission's ids, in its order.
        fingerprint: Hexadecimal digest of what decides all of it; two runs on equal data share it.
        folder: Where what is computed of the rows is kept; None for nowhere.
        schema: What the columns of a table hold; None for images.
        units: (n,) int64 the fold unit of each training row, such as its group; None where rows
            are on their own.
        forward: Whether units follow each other in time, and the test rows come last.
    """

    train: npt.NDArray[Any]
    truth: Truth
    test: npt.NDArray[Any]
    test_ids: npt.NDArray[np.str_]
    fingerprint: str
    folder: Path | None = None
    schema: Schema | None = None
    units: Units | None = None
    forward: bool = False

    def train_rows(self, numbers: npt.NDArray[np.int64] | None = None) -> Rows:
        """Return labelled rows that remember their origin: those of these numbers, or all."""
        return self._rows(self.train, "train", numbers)

    def test_rows(self) -> Rows:
        """Return all test rows, which remember their origin."""
        return self._rows(self.test, "test", None)

    def _rows(
        self, whole: npt.NDArray[Any], name: str, numbers: npt.NDArray[np.int64] | None
    ) -> Rows:
        chosen = whole if numbers is None else whole[numbers]
        if numbers is None:
            numbers = np.arange(len(whole))
        first = name == "train"
        other = None if self.schema is None else self.test if first else self.train
        return Rows(
            chosen,
            Origin(
                whole,
                f"{self.fingerprint}-{name}",
                self.folder,
                numbers,
                self.schema,
                self.units if first else None,
                other,
                self.forward,
            ),
        )


def load_dataset(competition: Competition, folder: Path) -> Dataset:
    """Read, check and cache the three files of a competition.

    The first call parses the CSV files; later ones map the cached arrays into memory. A file is
    known by its size and modification time, as git knows it, and by its SHA-256 when these change.

    Args:
        competition: What the files promise to hold.
        folder: Where they are (`data/<slug>`); the cache goes to `<folder>/cache`.

    Raises:
        PodiumError: a file is missing or breaks a promise; the sentence names file, row and column.

    Example:
        >>> data = load_dataset(load_competition("digit-recognizer"), Path("data/digit-recognizer"))
        >>> data.train.shape, data.truth.shape
        ((42000, 28, 28), (42000,))
    """
    train, test, sample = (find_csv(folder, name) for name in competition.files)
    caches = folder / "cache"
    is_new = not caches.is_dir()
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1)) as beside:
        digests = _digests(folder, [train, test, sample], beside)
        # Where nothing is cached, the files are read while they are hashed.
        content = _read(competition, folder, beside) if is_new else None
        fingerprint = _fingerprint(competition, digests())
        cache = caches / fingerprint
        data = _cached(cache, fingerprint, competition)
        if data is None:
            _fill(cache, *(content or _read(competition, folder, beside)))
            data = _cached(cache, fingerprint, competition)
        assert data is not None, "what was just written can be read"
    data = replace(data, folder=folder / "features")
    # These promises do not decide the arrays, so they may have changed since these were cached.
    _check_rows(train, len(data.train), competition.train_rows)
    _check_rows(test, len(data.test), competition.test_rows)
    if not competition.classes and data.truth.min() < competition.problem.metric.scale.least:
        if competition.image_side is None:
            from competition.data.tables.truth import check_least

            check_least(competition, train)
        raise find_fault(train, _layout(competition, labelled=True))
    return data


def _fingerprint(competition: Competition, digests: list[str]) -> str:
    """Return a digest of what decides the arrays, and of nothing else."""
    decides = (
        _FORMAT,
        digests,
        competition.id_column,
        competition.target_columns,
        competition.label_columns,
        competition.classes,
        competition.image_side,
        competition.channels,
        competition.test_id,
        competition.roles,
        competition.folds,
        competition.features,
    )
    return hashlib.sha256(repr(decides).encode()).hexdigest()[:16]


def _digests(folder: Path, paths: list[Path], beside: Executor) -> Callable[[], list[str]]:
    """Begin to compute each file's SHA-256, where its size or time has changed.

    Returns:
        What waits for them, notes and returns them.
    """
    index = folder / "cache" / "digests.json"
    known = _known_digests(index)
    fresh: dict[str, list[Any]] = {}
    hashing = {}
    for path in paths:
        stat = path.stat()
        seen = [stat.st_size, stat.st_mtime_ns]
        match known.get(path.name):
            case [before, str(digest)] if before == seen:
                fresh[path.name] = [seen, digest]
            case _:
                fresh[path.name] = [seen, ""]
                hashing[path.name] = beside.submit(sha256_of, path)

    def digests() -> list[str]:
        for name, hashed in hashing.items():
            fresh[name][1] = hashed.result()
        if fresh != known:
            with atomic_path(index) as temporary:
                temporary.write_text(json.dumps(fresh))
        return [str(fresh[path.name][1]) for path in paths]

    return digests


def _known_digests(index: Path) -> dict[str, Any]:
    try:
        known = json.loads(index.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _layout(competition: Competition, labelled: bool) -> Layout:
    least = -np.inf if competition.classes else competition.problem.metric.scale.least
    return Layout(
        competition.image_shape,
        competition.id_column,
        competition.label_columns if labelled else (),
        Labels(competition.classes, least),
    )


def _read(competition: Competition, folder: Path, beside: Executor) -> Content:
    ids = beside.submit(read_sample_ids, competition, folder).result
    if competition.image_side is None:
        return _read_table(competition, folder, ids, beside)
    return _read_images(competition, folder, ids), None


def _read_images(
    competition: Competition, folder: Path, ids: AskIds
) -> dict[str, npt.NDArray[Any]]:
    """Parse the three files, and check them against each other."""
    train, test = (find_csv(folder, name) for name in competition.files[:2])
    labelled = read_images(train, _layout(competition, labelled=True))
    unlabelled = read_images(test, _layout(competition, labelled=False))
    if labelled.pixel_columns != unlabelled.pixel_columns:
        raise PodiumError(
            f"{train.name} and {test.name} name their pixel columns differently, so their images "
            "would not line up. Download both again."
        )
    _check_rows(Path(competition.sample_file), len(ids()), len(unlabelled.images))
    _check_ids(unlabelled, ids(), test, competition)
    assert labelled.truth is not None
    if competition.classes:
        _check_classes(train, labelled.truth, competition)
    return {
        "train": labelled.images,
        "truth": labelled.truth,
        "test": unlabelled.images,
        "test_ids": ids(),
    }


def _read_table(competition: Competition, folder: Path, ids: AskIds, beside: Executor) -> Content:
    """Read the three files of a table."""
    from competition.data.tables.table import read_table  # with pandas, which images do without

    table = read_table(competition, folder, ids, beside)
    if competition.classes:
        _check_classes(folder / competition.train_file, table.truth, competition)
    arrays: dict[str, npt.NDArray[Any]] = {"truth": table.truth, "test_ids": ids()}
    if table.units is not None:
        arrays["units"] = table.units
    return arrays, table


def _fill(cache: Path, arrays: dict[str, npt.NDArray[Any]], table: "Table | None") -> None:
    """Write the arrays, and what a table's columns are; the marker comes last."""
    try:
        with ThreadPoolExecutor(1) as pool:  # beside the matrices, since the disk takes its time
            saved = [pool.submit(_save, cache / f"{name}.npy", arrays[name]) for name in arrays]
            if table is not None:
                table.write(cache)
            for each in saved:
                each.result()
        with atomic_path(cache / "complete"):
            pass
    except BaseException:
        if not (cache / "complete").exists():
            shutil.rmtree(cache, ignore_errors=True)
        raise


def _save(path: Path, array: npt.NDArray[Any]) -> None:
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.save(file, array)


def _cached(cache: Path, fingerprint: str, competition: Competition) -> Dataset | None:
    """Return the cached data; None where it is not all there."""
    if not (cache / "complete").is_file():
        return None
    try:
        arrays = [_mapped(cache, name) for name in _ARRAYS]
        of_table = competition.image_side is None
        schema = Schema.read(cache) if of_table else None
        units = _mapped(cache, "units") if competition.folds.column is not None else None
    except (OSError, ValueError, EOFError):
        return None
    train, truth, test, ids = arrays
    forward = competition.folds.by == By.TIME
    return Dataset(train, truth, test, ids, fingerprint, None, schema, units, forward)


def _mapped(cache: Path, name: str) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = np.load(cache / f"{name}.npy", mmap_mode="r")
    return array


def _check_rows(path: Path, found: int, expected: int | None) -> None:
    if expected is not None and found != expected:
        raise PodiumError(
            f"{path.name} has {found:,} rows where {expected:,} are expected; it may be cut. "
            f"{DOWNLOAD_AGAIN}"
        )


def _check_ids(
    unlabelled: ImageTable, ids: npt.NDArray[np.str_], test: Path, competition: Competition
) -> None:
    """Check that the test file's own ids, where it has any, are those of the sample, in order."""
    if unlabelled.ids is None or np.array_equal(unlabelled.ids, ids):
        return
    row = int(np.flatnonzero(unlabelled.ids != ids)[0])
    raise PodiumError(
        f"{test.name}, row {row + 2}: its id is {str(unlabelled.ids[row])!r} where "
        f"{competition.sample_file} has {str(ids[row])!r}. Download both again."
    )


def _check_classes(path: Path, truth: Truth, competition: Competition) -> None:
    counts = np.bincount(truth, minlength=len(competition.classes))
    absent = [competition.classes[index] for index in np.flatnonzero(counts == 0)]
    if absent:
        raise PodiumError(
            f"{path.name} has no row of class {', '.join(absent)}, and a model cannot learn what "
            f"it never sees. {DOWNLOAD_AGAIN}"
        )
