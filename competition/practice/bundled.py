"""The labelled data that a practice Kaggle brings along, for competitions that name one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.practice.optical_digits import optical_digits
from competition.spec import Competition

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Source:
    """Labelled images that need no download.

    Attributes:
        title: For people.
        load: Returns the images, (n, side, side) uint8, and what is written as their labels, (n,).
    """

    title: str
    load: Callable[[], tuple[Images, Labels]]


def _even_digits() -> tuple[Images, Labels]:
    images, digits = optical_digits()
    return images, (digits % 2 == 0).astype(np.int64)


SOURCES = {
    "optical-digits": Source("the optical digits", optical_digits),
    "optical-digits-even": Source("the optical digits, 1 for the even ones", _even_digits),
}


def find_source(competition: Competition) -> Source:
    """Return the source that a competition names.

    Raises:
        PodiumError: it names none, or one that is not known.
    """
    if competition.bundled is None:
        raise PodiumError(
            f"A practice Kaggle of {competition.slug} needs its labelled data. Give its "
            f"{competition.train_file} or its zip with --data."
        )
    if competition.bundled not in SOURCES:
        raise PodiumError(
            f"The bundled data {competition.bundled!r} are not known: known are "
            f"{', '.join(SOURCES)}. Correct `bundled` in the competition's TOML file."
        )
    return SOURCES[competition.bundled]


def labelled_csv(source: Source, label_column: str) -> bytes:
    """Return a source as a labelled CSV in MNIST's form, with Kaggle's CRLF line ends."""
    images, labels = source.load()
    pixels = images.reshape(len(images), -1)
    header = ",".join([label_column, *(f"pixel{i}" for i in range(pixels.shape[1]))])
    rows = np.column_stack([labels, pixels])
    lines = [header, *(",".join(map(str, row)) for row in rows.tolist())]
    return "".join(f"{line}\r\n" for line in lines).encode()
