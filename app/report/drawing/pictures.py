"""Images as PNG data URIs, which a page carries within itself."""

from base64 import b64encode
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """An image in the page.

    Attributes:
        uri: A `data:image/png` address.
        words: What it shows, for who cannot see it.
        caption: What stands below it.
        marked: Whether its caption reports a mistake.
    """

    uri: str
    words: str
    caption: str = ""
    marked: bool = False


def png_uri(image: Images) -> str:
    """Return one image as the address of its PNG.

    Args:
        image: (height, width) uint8 grey levels, or (height, width, 3) of red, green and blue.
    """
    if image.ndim == 3:
        image = image[..., ::-1]  # OpenCV writes blue first
    _, encoded = cv2.imencode(".png", np.ascontiguousarray(image))
    return "data:image/png;base64," + b64encode(encoded.tobytes()).decode("ascii")


def sheet(images: Images, columns: int) -> Images:
    """Lay images (n, side, side[, 3]) out in rows, one pixel apart.

    Args:
        images: A whole number of rows of them.
        columns: Images in a row.

    Returns:
        (rows · (side + 1) - 1, columns · (side + 1) - 1[, 3]) uint8.
    """
    rows, side, colours = len(images) // columns, images.shape[1], images.shape[3:]
    framed = np.zeros((rows * columns, side + 1, side + 1, *colours), dtype=np.uint8)
    framed[:, :side, :side] = images[: rows * columns]
    laid = framed.reshape(rows, columns, side + 1, side + 1, *colours).swapaxes(1, 2)
    whole: Images = laid.reshape(rows * (side + 1), columns * (side + 1), *colours)
    return whole[:-1, :-1]
