"""From probabilities to a submission file: the sample's own ids, in its order."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from competition.settings import runs_folder
from numpy.typing import NDArray

from competition.errors import PodiumError
from competition.files import atomic_path
from competition.problem.sample import SampleSubmission, quoted
from competition.spec import Competition

FINGERPRINT_LENGTH = 12


def labels_of(probabilities: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the most probable class of each row; the lowest index where several tie.

    Args:
        probabilities: `(n, n_classes)`, finite.

    Returns:
        `(n,)` class indices.

    Raises:
        PodiumError: not two-dimensional, or a value is NaN or infinite.
    """
    if probabilities.ndim != 2 or not np.isfinite(probabilities).all():
        raise PodiumError(
            f"Probabilities must be finite and (rows, classes); these are {probabilities.shape}"
            " or hold a NaN. Run `make blend` again."
        )
    labels: NDArray[np.intp] = probabilities.argmax(axis=1)
    return labels


def submission_text(
    labels: NDArray[np.integer], competition: Competition, sample: SampleSubmission
) -> str:
    """Return the CSV text of a submission, with LF line ends and quotes only where needed.

    It is also the canonical form of a submission's content: two files that answer the same have
    the same text here, whatever their line ends, quotes or order of rows.

    Args:
        labels: `(n,)` class indices, in the order of the sample's ids.
        competition: Gives the class names.
        sample: Gives header and ids.

    Raises:
        PodiumError: the number of labels is not that of the ids, or an index is no class.
    """
    if labels.shape != (len(sample.ids),):
        raise PodiumError(
            f"There are {len(labels):,} predictions and {len(sample.ids):,} ids in "
            f"{competition.sample_file}: run `make download` and `make blend` again."
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < len(competition.classes):
        raise PodiumError(
            f"Class indices must lie in 0…{len(competition.classes) - 1}, "
            f"not {labels.min()}…{labels.max()}: run `make blend` again."
        )
    names = [quoted(name) for name in competition.classes]
    rows = [f"{quoted(sample.header[0])},{quoted(sample.header[1])}"]
    rows += [
        f"{name},{names[label]}" for name, label in zip(sample.fields, labels.tolist(), strict=True)
    ]
    rows.append("")
    return "\n".join(rows)


def fingerprint_of(text: str) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of a submission's canonical text."""
    return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_LENGTH]


def write_submission(
    labels: NDArray[np.integer], competition: Competition, sample: SampleSubmission
) -> Path:
    """Write `runs/<slug>/submissions/<UTC time>-<first 8 of the SHA-256>.csv`, whole or not at all.

    A file of the same content that stands there already is returned, and no other is written.

    Args:
        labels: `(n,)` class indices, in the order of the sample's ids.
        competition: Gives the class names and the folder.
        sample: Gives header and ids.

    Raises:
        PodiumError: labels and sample do not fit together, or the disk refuses the file.
    """
    data = submission_text(labels, competition, sample).encode()
    digest = hashlib.sha256(data).hexdigest()[:8]
    folder = runs_folder(competition) / "submissions"
    for earlier in sorted(folder.glob(f"*-{digest}.csv")):
        if earlier.read_bytes() == data:
            return earlier
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{digest}.csv"
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
    return path
