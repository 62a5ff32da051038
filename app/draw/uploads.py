"""Pictures that a page sends: checked before they are decoded, then turned to grey levels."""

import io
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from competition.errors import PodiumError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Grey = npt.NDArray[np.uint8]

MOST_BYTES = 10_000_000
MOST_PIXELS = 40_000_000
_KINDS = ("PNG", "JPEG", "WEBP", "BMP")
_LONGEST = 1600  # pixels kept of the longer side; a digit needs far fewer


def read_picture(content: bytes) -> Grey:
    """Return the grey levels (height, width) uint8 of a PNG, JPEG, WebP or BMP file.

    The kind is told by the content, whatever the file is called, and the size by the header, before
    a pixel is decoded. Transparent parts count as paper, a camera's rotation is undone, and large
    pictures are shrunk.

    Raises:
        PodiumError: it is another kind of file, too large, or damaged.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if not content:
        raise PodiumError("The file is empty; choose another.")
    if len(content) > MOST_BYTES:
        raise PodiumError(too_large())
    try:
        picture = Image.open(io.BytesIO(content), formats=_KINDS)
        width, height = picture.size
        if width * height > MOST_PIXELS:
            raise Image.DecompressionBombError
        picture.draft("L", (_LONGEST, _LONGEST))  # JPEGs are decoded at a fraction of their size
        turned = ImageOps.exif_transpose(picture)
        turned.thumbnail((_LONGEST, _LONGEST))
        return _grey(_on_paper(turned))
    except Image.DecompressionBombError:
        raise PodiumError(
            f"The picture has more than {MOST_PIXELS // 1_000_000} megapixels; make it smaller."
        ) from None
    except UnidentifiedImageError:
        raise PodiumError(
            "This file is not a picture that can be read here; choose a PNG, JPEG, WebP or BMP."
        ) from None
    except Exception as error:  # decoders meet damage with errors of every class
        raise PodiumError(
            f"The picture is damaged ({error}); save it again, or choose another."
        ) from error


def too_large() -> str:
    """Return the sentence about files above the limit."""
    return (
        f"The file is larger than {MOST_BYTES // 1_000_000} MB; make it smaller, or cut the digits "
        "out of it."
    )


def _grey(picture: "Picture") -> Grey:
    if picture.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
        return (np.asarray(picture, dtype=np.int64).clip(0, 65535) >> 8).astype(np.uint8)
    return np.asarray(picture.convert("L"))


def _on_paper(picture: "Picture") -> "Picture":
    """Put a picture with transparent parts on white, or on black if what it shows is light."""
    from PIL import Image

    if not picture.has_transparency_data:
        return picture
    shown = picture.convert("RGBA")
    pixels = np.asarray(shown, dtype=np.float32)
    opacity = pixels[..., 3] / 255
    light = float((pixels[..., :3].mean(axis=2) * opacity).sum() / max(float(opacity.sum()), 1.0))
    paper = Image.new("RGBA", shown.size, "black" if light > 127 else "white")
    return Image.alpha_composite(paper, shown)
