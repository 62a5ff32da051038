"""Makes a practice competition from labelled images: a stratified third becomes the hidden test."""

import csv
import io
import json
import zipfile
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.files import atomic_path, sha256_of
from competition.practice.baselines import baselines, nearest_mean, read_pixels
from competition.practice.scoring import Solution
from competition.spec import Competition, load_competition

SEED = 20_240_601
HIDDEN_SHARE = 1 / 3
PUBLIC_SHARE = 0.25
SPEC_FILE = "competition.toml"
HIDDEN_FILE = "hidden.csv"
BASELINES_FILE = "baselines.json"
PUBLIC_FOLDER = "public"
_PREPARED_FILE = "prepared.json"


@dataclass(frozen=True)
class Labelled:
    """A labelled CSV taken apart, its numbers left as they were written.

    Attributes:
        name: The file's name, for messages.
        header: The names of the pixel columns, joined by commas.
        pixels: For each row the text after the label.
        labels: For each row its class number, (n,) int.
    """

    name: str
    header: bytes
    pixels: list[bytes]
    labels: npt.NDArray[np.int64]


def prepare(
    folder: Path, competition: Competition, data: Path | None, hidden: int | None = None
) -> Competition:
    """Make the practice competition in a folder, unless it is there already.

    Leaves `public/` (the files that are served, and their zip), `hidden.csv` (id, label, public),
    `baselines.json` and `competition.toml`.

    Args:
        folder: Where it is kept; made where it is missing.
        competition: The competition whose form the files take.
        data: Its labelled `train.csv`, also zipped, or its zip; None for the optical digits.
        hidden: How many rows to hide; None for a third.

    Returns:
        The competition with its numbers of rows, as `competition.toml` describes it.

    Raises:
        PodiumError: the data breaks a promise, or the folder holds other data.
    """
    fingerprint = _fingerprint(competition, data, hidden)
    prepared, spec_file = folder / _PREPARED_FILE, folder / SPEC_FILE
    if prepared.is_file() and spec_file.is_file():
        if prepared.read_text() != fingerprint:
            raise PodiumError(
                f"{folder} holds a practice Kaggle made of other data, or hiding other rows. "
                "Choose another folder with --folder, or delete that one."
            )
        spec = load_competition(str(spec_file))
        spec = replace(spec, daily_submissions=competition.daily_submissions)
    else:
        content = _labelled_bytes(competition, data)
        name = data.name if data else "the optical digits"
        spec = _write(folder, competition, parse(content, competition, name), hidden)
    with atomic_path(spec_file) as path:
        path.write_text(spec.to_toml(), encoding="utf-8")
    with atomic_path(prepared) as path:
        path.write_text(fingerprint)
    return spec


def _fingerprint(competition: Competition, data: Path | None, hidden: int | None) -> str:
    """Name the data and the form that a folder was made from; the allowance may change."""
    form = replace(competition, daily_submissions=1).to_toml()
    if data is not None and not data.is_file():
        raise PodiumError(f"There is no file {data}. Give a labelled CSV or a competition's zip.")
    source = sha256_of(data) if data else "optical digits"
    share = "" if hidden is None else f" {hidden}"
    return f"{source} {sha256(form.encode()).hexdigest()}{share}"


def parse(content: bytes, competition: Competition, name: str) -> Labelled:
    """Take a labelled CSV apart, checking the header, the labels and the width of every row.

    Raises:
        PodiumError: with the row where a promise is broken.
    """
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    while lines and not lines[-1].strip():
        lines.pop()
    lines = [line.removesuffix(b"\r") for line in lines]
    header = lines[0] if lines else b""
    label_column, _, pixel_columns = header.partition(b",")
    width = competition.image_side**2
    if label_column.decode("utf-8", "replace").strip('"') != competition.label_column:
        raise PodiumError(
            f"{name}: the first column should be {competition.label_column!r}, not "
            f"{label_column[:40].decode('utf-8', 'replace')!r}. Give the labelled training file."
        )
    class_numbers = {each.encode(): number for number, each in enumerate(competition.classes)}
    labels = np.empty(len(lines) - 1, np.int64)
    pixels = []
    for row, line in enumerate(lines):
        if line.count(b",") != width:
            raise PodiumError(
                f"{name}, line {row + 1}: {line.count(b',') + 1} columns instead of {width + 1} "
                f"(the label and {competition.image_side}×{competition.image_side} pixels). "
                "Give a whole file."
            )
        if row:
            label, _, rest = line.partition(b",")
            number = class_numbers.get(label.strip(b'" '))
            if number is None:
                raise PodiumError(
                    f"{name}, line {row + 1}: the label {label[:40].decode('utf-8', 'replace')!r} "
                    f"is none of {', '.join(competition.classes)}. Mend the line or the "
                    "competition's classes."
                )
            labels[row - 1] = number
            pixels.append(rest)
    return Labelled(name, pixel_columns, pixels, labels)


def stratified_share(labels: npt.NDArray[np.int64], share: float, seed: int) -> npt.NDArray[Any]:
    """Return the sorted row numbers of a stratified share, always the same for a seed.

    Each class gives its share rounded down; the rows that are then missing come from the classes
    with the largest remainders (Hamilton's method).

    Args:
        labels: (n,) class numbers.
        share: Between 0 and 1.
        seed: Of NumPy's generator.
    """
    random = np.random.default_rng(seed)
    classes, counts = np.unique(labels, return_counts=True)
    quotas = counts * share
    takes = np.floor(quotas).astype(int)
    missing = round(len(labels) * share) - takes.sum()
    takes[np.argsort(takes - quotas, kind="stable")[:missing]] += 1
    taken = [
        random.permutation(np.flatnonzero(labels == each))[:take]
        for each, take in zip(classes, takes, strict=True)
    ]
    return np.sort(np.concatenate(taken))


def _write(
    folder: Path, competition: Competition, labelled: Labelled, hidden_rows: int | None
) -> Competition:
    if len(labelled.labels) < 12:
        raise PodiumError(
            f"{labelled.name}: {len(labelled.labels)} labelled rows are too few to hide a third of "
            "them. Give at least a dozen."
        )
    share = HIDDEN_SHARE if hidden_rows is None else hidden_rows / len(labelled.labels)
    if share > 0.9:
        raise PodiumError(
            f"{hidden_rows:,} rows cannot be hidden of the {len(labelled.labels):,} of "
            f"{labelled.name}, as too few would be left to learn from. Hide fewer."
        )
    hidden = stratified_share(labelled.labels, share, SEED)
    is_hidden = np.zeros(len(labelled.labels), bool)
    is_hidden[hidden] = True
    kept = np.flatnonzero(~is_hidden)
    spec = replace(competition, train_rows=len(kept), test_rows=len(hidden))
    names = [each.encode() for each in spec.classes]
    pixels, labels = labelled.pixels, labelled.labels
    train_lines = [names[labels[row]] + b"," + pixels[row] for row in kept]
    test_lines = [pixels[row] for row in hidden]
    sample_lines = [f"{i},{spec.classes[0]}".encode() for i in range(1, len(hidden) + 1)]
    files = {
        spec.train_file: [spec.label_column.encode() + b"," + labelled.header, *train_lines],
        spec.test_file: [labelled.header, *test_lines],
        spec.sample_file: [f"{spec.id_column},{spec.target_column}".encode(), *sample_lines],
    }
    public = folder / PUBLIC_FOLDER
    for name, lines in files.items():
        with atomic_path(public / name) as path, path.open("wb") as file:
            file.write(b"\r\n".join(lines) + b"\r\n")
    with (
        atomic_path(public / f"{spec.slug}.zip") as path,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name in files:
            archive.write(public / name, name)
    nearest = nearest_mean(read_pixels(labelled.pixels, labelled.name), labels, kept, hidden)
    _write_hidden(folder, spec, labels[hidden])
    solution = Solution.read(folder / HIDDEN_FILE, spec)
    with atomic_path(folder / BASELINES_FILE) as path:
        path.write_text(json.dumps(baselines(solution, nearest), indent=1))
    return spec


def _write_hidden(folder: Path, spec: Competition, truth: npt.NDArray[np.int64]) -> None:
    random = np.random.default_rng(SEED)
    public_rows = max(1, round(len(truth) * PUBLIC_SHARE))
    public = set(random.permutation(len(truth))[:public_rows].tolist())
    with atomic_path(folder / HIDDEN_FILE) as path, path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([spec.id_column, spec.target_column, "public"])
        for index, label in enumerate(truth.tolist()):
            rows.writerow([index + 1, spec.classes[label], int(index in public)])


def _labelled_bytes(competition: Competition, data: Path | None) -> bytes:
    if data is None:
        from competition.practice.optical_digits import labelled_csv

        return labelled_csv(competition.label_column)
    content = data.read_bytes()
    try:
        while zipfile.is_zipfile(io.BytesIO(content)):
            content = _member(content, competition.train_file, data)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError) as error:
        raise PodiumError(f"{data} is a damaged zip ({error}). Download it again.") from None
    if content[:2] == b"PK":
        raise PodiumError(f"{data} is a zip cut short. Download it again.")
    return content


def _member(content: bytes, wanted: str, data: Path) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in (wanted, f"{wanted}.zip"):
            if name in archive.namelist():
                return archive.read(name)
    raise PodiumError(f"{data} holds no {wanted}. Give the competition's zip, or its {wanted}.")
