"""The labelled data that a practice Kaggle brings along, for competitions that name them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError
from competition.practice.bundled.optical_digits import optical_digits
from competition.practice.bundled.tables import breast_cancer, diabetes, wine
from competition.spec import Competition

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Source:
    """Labelled data that need no download.

    Attributes:
        title: For people.
        csv: Returns them as a labelled CSV, given the name of its label column.
    """

    title: str
    csv: Callable[[str], bytes]


def _digits(label_column: str) -> bytes:
    return images_csv(*optical_digits(), label_column)


def _even_digits(label_column: str) -> bytes:
    images, digits = optical_digits()
    return images_csv(images, (digits % 2 == 0).astype(np.int64), label_column)


SOURCES = {
    "optical-digits": Source("the optical digits", _digits),
    "optical-digits-even": Source("the optical digits, 1 for the even ones", _even_digits),
    "breast-cancer": Source("the breast cancers", breast_cancer),
    "wine": Source("the wines", wine),
    "diabetes": Source("the patients with diabetes", diabetes),
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


def images_csv(images: Images, labels: Labels, label_column: str) -> bytes:
    """Return images as a labelled CSV in MNIST's form, with Kaggle's CRLF line ends.

    Args:
        images: (n, side, side).
        labels: (n,) what is written as their labels.
        label_column: What its column is called.
    """
    pixels = images.reshape(len(images), -1)
    header = ",".join([label_column, *(f"pixel{i}" for i in range(pixels.shape[1]))])
    rows = np.column_stack([labels, pixels])
    lines = [header, *(",".join(map(str, row)) for row in rows.tolist())]
    return "".join(f"{line}\r\n" for line in lines).encode()
