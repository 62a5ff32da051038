"""A part of five million rows: what loading and fitting it takes of the memory."""

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from competition.data.dataset import load_dataset
from competition.data.subset import load_subset
from competition.spec import Competition, load_competition
from pipelines.base import load_pipeline, suggested
from pipelines.execution.local import LocalExecutor
from pipelines.search.fit import fit_fold, requests_of
from pipelines.search.folds import Folds
from pipelines.search.plan import Plan
from pipelines.search.run import FOLDS
from pipelines.search.store import Store

_SEED_ROWS = 200  # rows of the CSV that stands for the large one
_TEST_ROWS = 1_000
_CHUNK = 100_000
_SIDE = 28


@dataclass(frozen=True)
class Memory:
    """Of one process, in MiB.

    Attributes:
        now: Anonymous memory: its own, which the system cannot take back.
        total: Resident memory with the pages of mapped files.
        peak: The highest resident memory so far.
    """

    now: float
    total: float
    peak: float

    def __str__(self) -> str:
        """Return it as one phrase."""
        return (
            f"{self.now:,.0f} MiB anonymous, {self.total:,.0f} resident, {self.peak:,.0f} at most"
        )


def memory_of_this_process() -> Memory:
    """Return what Linux says of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    kib = {line.split(":")[0]: line.split()[1] for line in lines if line.endswith("kB")}
    return Memory(*(int(kib[name]) / 1024 for name in ("RssAnon", "VmRSS", "VmHWM")))


def make_competition(folder: Path, rows: int) -> Competition:
    """Make a competition of so many rows by its cache alone: the CSV beside it stays small.

    The cache is first filled in the ordinary way from small files, then its labelled arrays are
    made as long as wanted; the files' sizes and times say, as ever, that it is theirs.

    Args:
        folder: Where to; needs 800 bytes a row.
        rows: How many labelled rows.
    """
    competition = replace(
        load_competition("digit-recognizer"), train_rows=_SEED_ROWS, test_rows=_TEST_ROWS
    )
    rng = np.random.default_rng(0)
    pixels = ",".join(f"pixel{number}" for number in range(_SIDE * _SIDE))
    blank = ",".join(["0"] * (_SIDE * _SIDE))
    train, test, sample = (folder / name for name in competition.files)
    labelled = "".join(f"{row % 10},{blank}\n" for row in range(_SEED_ROWS))
    train.write_text(f"label,{pixels}\n{labelled}", encoding="ascii")
    test.write_text(f"{pixels}\n" + f"{blank}\n" * _TEST_ROWS, encoding="ascii")
    ids = "".join(f"{row},0\n" for row in range(1, _TEST_ROWS + 1))
    sample.write_text(f"ImageId,Label\n{ids}", encoding="ascii")
    small = load_dataset(competition, folder)
    cache = folder / "cache" / small.fingerprint
    labels = rng.integers(0, 10, rows)
    np.save(cache / "train_labels.npy", labels)
    images = np.lib.format.open_memmap(
        cache / "train_images.npy", "w+", np.uint8, (rows, _SIDE, _SIDE)
    )
    for start in range(0, rows, _CHUNK):
        part = labels[start : start + _CHUNK]
        block = rng.integers(0, 100, (len(part), _SIDE, _SIDE), np.uint8)
        block[np.arange(len(part)), 2 * part + 4] += 150  # a bright line tells the classes apart
        images[start : start + _CHUNK] = block
    images.flush()
    return competition


def coordinate(competition: Competition, folder: Path, rows: int) -> list[str]:
    """Load a subset, fit a fold of it in a worker, and return the lines to print."""
    import sklearn.model_selection  # noqa: F401  # whose import is not to be timed

    before = memory_of_this_process()
    began = time.perf_counter()
    data = load_subset(competition, folder, rows)
    seconds = time.perf_counter() - began
    lines = [
        f"before loading: {before}",
        f"coordinator, {len(data.train_labels):,} rows loaded in {seconds:.1f} s: "
        f"{memory_of_this_process()}",
    ]
    store = Store(folder / "predictions", data.fingerprint)
    plan = Plan(competition, folder, data, Folds(FOLDS, 0), 0, 1, store, rows=rows)
    pipeline = load_pipeline("logistic")
    task = plan.task(pipeline, suggested(pipeline, pipeline.shipped()[0].params))
    with LocalExecutor(1, 1) as executor:
        request = requests_of(replace(task, params={"C": 0.01, "max_iter": 20}))[0]
        result = executor.submit(fit_fold, request).result()
        worker = executor.submit(memory_of_this_process).result()
    lines.append(f"worker, after a fit of {result.fit_seconds:.1f} s: {worker}")
    return [*lines, f"coordinator at the end: {memory_of_this_process()}"]


def measure_rows(all_rows: int, rows: int) -> None:
    """Print what so many rows of all of them take."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:
            competition = apart.submit(make_competition, folder, all_rows).result()
        size = sum(file.stat().st_size for file in folder.rglob("*.npy")) / 1e9
        print(f"{all_rows:,} rows of {_SIDE} × {_SIDE} in {size:.2f} GB", flush=True)
        for _ in range(2):  # the second time the system has the pages
            with ProcessPoolExecutor(1, get_context("spawn")) as apart:
                for line in apart.submit(coordinate, competition, folder, rows).result():
                    print(line, flush=True)
