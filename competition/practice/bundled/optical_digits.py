"""Real handwritten digits that come with scikit-learn, brought to MNIST's form.

The 1,797 images of `sklearn.datasets.load_digits` (Alpaydin & Kaynak, UCI, 1998) are 8×8 with 17
grey levels. MNIST's form (LeCun, Bottou, Bengio & Haffner, 1998) is a digit fitted into 20×20
pixels, its centre of mass in the middle of 28×28, 256 grey levels.
"""

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.uint8]

SIDE = 28
_BOX = 20
_ENLARGED = 80
_INK = 40


def optical_digits() -> tuple[Images, npt.NDArray[np.int64]]:
    """Return the images, (1797, 28, 28) uint8, and their labels, (1797,) int64."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    grey = np.rint(images.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    return np.stack([mnist_form(image) for image in grey]), labels.astype(np.int64)


def mnist_form(image: Images) -> Images:
    """Fit the ink of a grey image of any size, (h, w) uint8, into MNIST's 28×28 frame.

    An image without ink gives an empty frame.
    """
    import cv2

    scale = _ENLARGED / max(image.shape)
    enlarged = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    left, top, width, height = cv2.boundingRect((enlarged > _INK).astype(np.uint8))
    if not width:
        return np.zeros((SIDE, SIDE), np.uint8)
    ink = enlarged[top : top + height, left : left + width]
    shrink = _BOX / max(width, height)
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    digit = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    moments = cv2.moments(digit)
    row = round((SIDE - 1) / 2 - moments["m01"] / moments["m00"])
    column = round((SIDE - 1) / 2 - moments["m10"] / moments["m00"])
    # The whole digit stays inside the frame, however far its centre of mass is from its middle.
    row = min(max(row, 0), SIDE - size[1])
    column = min(max(column, 0), SIDE - size[0])
    frame = np.zeros((SIDE, SIDE), np.uint8)
    frame[row : row + size[1], column : column + size[0]] = digit
    return frame
