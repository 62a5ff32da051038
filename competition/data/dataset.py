"""A competition's data as validated arrays, cached by content and mapped into memory."""

import csv
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.files import atomic_path, sha256_of
from competition.data.image_csv import Layout, open_csv, read_header, read_images
from competition.data.rows import Origin, Rows
from competition.problem.targets import Truth
from competition.spec import Competition

_FORMAT = 1  # goes up when the cached arrays change, so that old ones are left alone


@dataclass(frozen=True)
class Dataset:
    """The rows of one competition and what is known of them.

    Attributes:
        train: (n, side, side) or (n, side, side, 3) uint8, read-only.
        truth: (n,) int64 class indices, or (n, t) float64 values; read-only.
        test: (m, …) uint8, as `train`; read-only.
        test_ids: (m,) text: the sample submission's ids, in its order.
        fingerprint: Hexadecimal digest of what decides all of it; two runs on equal data share it.
        folder: Where what is computed of the rows is kept; None for nowhere.
    """

    train: npt.NDArray[np.uint8]
    truth: Truth
    test: npt.NDArray[np.uint8]
    test_ids: npt.NDArray[np.str_]
    fingerprint: str
    folder: Path | None = None

    def train_rows(self, numbers: npt.NDArray[np.int64] | None = None) -> Rows:
        """Return labelled rows that remember their origin: those of these numbers, or all."""
        return self._rows(self.train, "train", numbers)

    def test_rows(self) -> Rows:
        """Return all test rows, which remember their origin."""
        return self._rows(self.test, "test", None)

    def _rows(
        self, whole: npt.NDArray[np.uint8], name: str, numbers: npt.NDArray[np.int64] | None
    ) -> Rows:
        chosen = whole if numbers is None else whole[numbers]
        if numbers is None:
            numbers = np.arange(len(whole))
        return Rows(chosen, Origin(whole, f"{self.fingerprint}-{name}", self.folder, numbers))


def load_dataset(competition: Competition, folder: Path) -> Dataset:
    """Read, check and cache the three files of a competition.

    The first call parses the CSV files; later ones map the cached arrays into memory. A file is
    known by its size and modification time, as git knows it, and by its SHA-256 when these change.

    Args:
        competition: What the files promise to hold.
        folder: Where they are (`data/<slug>`); the cache goes to `<folder>/cache`.

    Raises:
        PodiumError: a file is missing or breaks a promise; the sentence names file, row and column.
    """
    paths = [_find(folder, name) for name in competition.files]
    digests = _digests(folder, paths)
    promise = repr((_FORMAT, competition, digests))
    fingerprint = hashlib.sha256(promise.encode()).hexdigest()[:16]
    cache = folder / "cache" / fingerprint
    if not (cache / "complete").is_file():
        _fill(cache, competition, *paths)
    return Dataset(
        train_images=_mapped(cache, "train_images"),
        train_labels=_mapped(cache, "train_labels"),
        test_images=_mapped(cache, "test_images"),
        test_ids=_mapped(cache, "test_ids"),
        fingerprint=fingerprint,
    )


def _find(folder: Path, name: str) -> Path:
    """Return the file itself, or its zip where Kaggle packed it alone."""
    plain, packed = folder / name, folder / f"{name}.zip"
    if not plain.is_file() and packed.is_file():
        return packed
    if not plain.is_file():
        raise PodiumError(f"{plain} is not there; `make download` brings it.")
    return plain


def _digests(folder: Path, paths: list[Path]) -> list[str]:
    """Return each file's SHA-256, computed only when its size or time has changed."""
    index = folder / "cache" / "digests.json"
    try:
        known = json.loads(index.read_text())
    except (OSError, ValueError):
        known = {}
    fresh: dict[str, tuple[list[int], str]] = {}
    for path in paths:
        stat = path.stat()
        seen = [stat.st_size, stat.st_mtime_ns]
        entry = known.get(path.name)
        digest = entry[1] if entry and entry[0] == seen else sha256_of(path)
        fresh[path.name] = (seen, digest)
    if {name: list(entry) for name, entry in fresh.items()} != known:
        with atomic_path(index) as temporary:
            temporary.write_text(json.dumps(fresh))
    return [fresh[path.name][1] for path in paths]


def _fill(cache: Path, competition: Competition, train: Path, test: Path, sample: Path) -> None:
    """Parse the three files and write the arrays; the marker comes last."""
    side, classes = competition.image_side, competition.classes
    id_column = competition.id_column
    labelled = read_images(train, Layout(side, competition.label_column, id_column, classes))
    unlabelled = read_images(test, Layout(side, None, id_column, classes))
    if labelled.pixel_columns != unlabelled.pixel_columns:
        raise PodiumError(
            f"{train.name} and {test.name} name their pixel columns differently, so their images "
            "would not line up; fetch both again with `make download`."
        )
    ids = _sample_ids(sample, competition)
    _check_rows(train, len(labelled.images), competition.train_rows)
    _check_rows(test, len(unlabelled.images), competition.test_rows)
    _check_rows(sample, len(ids), len(unlabelled.images))
    if unlabelled.ids is not None and not np.array_equal(unlabelled.ids, ids):
        row = int(np.flatnonzero(unlabelled.ids != ids)[0])
        raise PodiumError(
            f"{test.name}, row {row + 2}: its id is {unlabelled.ids[row]!r} where {sample.name} "
            f"has {ids[row]!r}; fetch both again with `make download`."
        )
    assert labelled.labels is not None
    _check_classes(train, labelled.labels, competition)
    arrays: dict[str, npt.NDArray[Any]] = {
        "train_images": labelled.images,
        "train_labels": labelled.labels,
        "test_images": unlabelled.images,
        "test_ids": ids,
    }
    for name, array in arrays.items():
        with atomic_path(cache / f"{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, array)
    with atomic_path(cache / "complete"):
        pass


def _mapped(cache: Path, name: str) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = np.load(cache / f"{name}.npy", mmap_mode="r")
    return array


def _sample_ids(path: Path, competition: Competition) -> npt.NDArray[np.str_]:
    """Read the ids of the sample submission, in its order; check its header and each row."""
    wanted = [competition.id_column, competition.target_column]
    with open_csv(path) as file:
        header = read_header(file, path)
        if header != wanted:
            raise PodiumError(
                f"{path.name}, row 1: the columns are {', '.join(header)} where the competition "
                f"has {', '.join(wanted)}; fetch it again with `make download`."
            )
        first_seen: dict[str, int] = {}
        for number, row in enumerate(csv.reader(file), start=2):
            if len(row) != len(wanted) or not row[0].strip():
                raise PodiumError(
                    f"{path.name}, row {number}: an id and a label are needed, not "
                    f"{','.join(row)!r}; fetch it again with `make download`."
                )
            if first_seen.setdefault(row[0].strip(), number) != number:
                raise PodiumError(
                    f"{path.name}, row {number}, column 1 ({wanted[0]}): the id {row[0]!r} stands "
                    f"in row {first_seen[row[0].strip()]} already; fetch it again with "
                    "`make download`."
                )
    return np.array(list(first_seen), dtype=np.str_)


def _check_rows(path: Path, found: int, expected: int | None) -> None:
    if expected is not None and found != expected:
        raise PodiumError(
            f"{path.name} has {found:,} rows where {expected:,} are expected; it may be cut: "
            "fetch it again with `make download`."
        )


def _check_classes(path: Path, labels: npt.NDArray[np.int64], competition: Competition) -> None:
    counts = np.bincount(labels, minlength=len(competition.classes))
    absent = [competition.classes[index] for index in np.flatnonzero(counts == 0)]
    if absent:
        raise PodiumError(
            f"{path.name} has no row of class {', '.join(absent)}; a model cannot learn what it "
            "never sees: fetch the file again with `make download`."
        )
