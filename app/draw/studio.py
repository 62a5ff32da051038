"""What the page asks for: pictures read, and shown as the models see them."""

import base64
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.draw.neighbours import NearestImages
from app.draw.readers import Reader
from app.draw.segmentation import find_digits
from app.draw.strokes import to_digit_form
from app.truth import truth_in_words
from competition.data.dataset import Dataset
from competition.errors import PodiumError
from competition.problem.targets import Kind, Predictions
from competition.spec import Competition

Images = npt.NDArray[np.uint8]

NEIGHBOURS = 8
MOST_DIGITS = 200


@dataclass(frozen=True)
class Library:
    """Training images to show beside a drawing.

    Attributes:
        data: The competition's data.
        nearest: Searches its training images.
    """

    data: Dataset
    nearest: NearestImages


class Studio:
    """Reads pictures, one request after the other.

    Its answers are dictionaries that JSON can hold; images in them are base64 of their side × side
    bytes.

    Args:
        competition: Gives the images' side, and the names of the classes or targets.
        readers: The blend and the models.
        library: The training images; None where the data is not here.
    """

    def __init__(
        self, competition: Competition, readers: list[Reader], library: Library | None
    ) -> None:
        self._competition = competition
        self._problem = competition.problem
        self._readers = {reader.name: reader for reader in readers}
        self._library = library
        self._turn = threading.Lock()  # networks share their weights' place: one reads at a time

    def describe(self) -> dict[str, Any]:
        """Return what the page shows before anything is drawn."""
        return {
            "title": self._competition.title,
            "side": self._competition.image_side,
            "classes": list(self._problem.classes) if self._has_probabilities else [],
            "neighbours": self._library is not None,
            "models": [
                {
                    "name": reader.name,
                    "title": reader.title,
                    "ready": bool(reader.models),
                    "note": reader.note,
                }
                for reader in self._readers.values()
            ],
        }

    def read_drawing(self, drawing: Images, name: str) -> dict[str, Any]:
        """Read one digit, (height, width) uint8; the entry `digit` is None for an empty canvas.

        Raises:
            PodiumError: there is no such model.
        """
        reader = self._reader(name)
        image = to_digit_form(drawing, self._competition.image_shape[0])
        return {"digit": None if image is None else self._readings(image[None], reader)[0]}

    def read_picture(self, picture: Images, name: str) -> dict[str, Any]:
        """Read all digits of a picture, (height, width) uint8, in reading order.

        Raises:
            PodiumError: there is no such model, or far too many digits.
        """
        reader = self._reader(name)
        found = find_digits(picture, self._competition.image_shape[0])
        if len(found) > MOST_DIGITS:
            raise PodiumError(
                f"The picture has {len(found)} pieces of ink where at most {MOST_DIGITS} are read; "
                "cut out the part that holds the digits."
            )
        if not found:
            return {"digits": []}
        readings = self._readings(np.stack([digit.image for digit in found]), reader)
        boxes = [(digit.left, digit.top, digit.width, digit.height) for digit in found]
        return {
            "digits": [
                {**reading, "line": digit.line, "box": box}
                for reading, digit, box in zip(readings, found, boxes, strict=True)
            ]
        }

    def _reader(self, name: str) -> Reader:
        reader = self._readers.get(name)
        if reader is None or not reader.models:
            raise PodiumError(f"There is no model {name!r} to read with; choose another.")
        return reader

    @property
    def _has_probabilities(self) -> bool:
        return self._problem.kind == Kind.CLASSES

    def _readings(self, images: Images, reader: Reader) -> list[dict[str, Any]]:
        with self._turn:
            predictions = reader.read(images)
            nearest = self._nearest(images)
        labels = reader.labels(predictions)
        return [
            self._reading(image, label, row, neighbours)
            for image, label, row, neighbours in zip(
                images, labels, predictions, nearest, strict=True
            )
        ]

    def _reading(
        self, image: Images, label: Any, row: Predictions, neighbours: list[int]
    ) -> dict[str, Any]:
        """Return what is said of one image, whose label is a class index or values (t,)."""
        name = truth_in_words(self._problem, label)
        said = f"Read as {name}."
        if self._has_probabilities:
            said = f"Read as {name}, at {row[int(label)]:.1%}."
        elif self._problem.kind == Kind.ORDERED:
            last = len(self._problem.classes) - 1
            said = f"Read as {name}; the mean class number is {float(row[0]):.2f} of 0 to {last}."
        shares = row.tolist() if self._has_probabilities else []
        return {
            "label": name,
            "said": said,
            "probabilities": [round(share, 6) for share in shares],
            "image": _base64(image),
            "neighbours": [self._neighbour(number, name) for number in neighbours],
        }

    def _neighbour(self, row: int, read: str) -> dict[str, Any]:
        assert self._library is not None
        data = self._library.data
        label = truth_in_words(self._problem, data.truth[row])
        return {
            "row": row,
            "label": label,
            "same": None if self._problem.kind == Kind.NUMBERS else label == read,
            "image": _base64(data.train[row]),
        }

    def _nearest(self, images: Images) -> list[list[int]]:
        """Return the row numbers of the training images nearest to each image."""
        if self._library is None:
            return [[] for _ in images]
        found: list[list[int]] = self._library.nearest.search(images, NEIGHBOURS).tolist()
        return found


def _base64(image: Images) -> str:
    return base64.b64encode(image.tobytes()).decode()
