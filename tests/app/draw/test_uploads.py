"""Pictures of every kind and shape become grey levels, and anything else becomes a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.draw.uploads import MOST_BYTES, read_picture
from competition.errors import PodiumError


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def stroke(mode: str = "L", paper: object = 255, ink: object = 0) -> Image.Image:
    """Return 60 × 40 pixels with a bar near the left edge."""
    picture = Image.new(mode, (60, 40), paper)  # type: ignore[arg-type]
    picture.paste(ink, (5, 5, 10, 35))  # type: ignore[arg-type]
    return picture


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_four_kinds_are_read_whatever_their_mode(kind: str) -> None:
    for mode in ("L", "RGB"):
        ink: object = 0 if mode == "L" else (20, 10, 30)
        paper: object = 255 if mode == "L" else (250, 255, 240)
        grey = read_picture(encoded(stroke(mode, paper, ink), kind))
        assert (grey.shape, grey.dtype) == ((40, 60), np.uint8)
        assert grey[20, 7] < 60
        assert grey[20, 40] > 200


@pytest.mark.parametrize("ink", [0, 255])
def test_transparent_parts_are_paper(ink: int) -> None:
    grey = read_picture(encoded(stroke("LA", (ink, 0), (ink, 255))))
    assert abs(int(grey[20, 7]) - int(grey[20, 40])) > 200


def test_sixteen_bits_keep_their_ink() -> None:
    deep = Image.fromarray((np.asarray(stroke()).astype(np.uint16) << 8) | 255)
    grey = read_picture(encoded(deep))
    assert int(grey[20, 40]) - int(grey[20, 7]) > 200


def test_a_cameras_rotation_is_undone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    grey = read_picture(encoded(stroke(), "JPEG", exif=exif))
    assert grey.shape == (60, 40)
    assert grey[7].mean() < 100


def test_a_large_photo_is_shrunk() -> None:
    grey = read_picture(encoded(Image.new("L", (5000, 4000), 200), "JPEG"))
    assert max(grey.shape) <= 1600
    assert grey.shape[1] / grey.shape[0] == pytest.approx(1.25, rel=0.01)


def test_a_bomb_is_refused_by_its_header() -> None:
    small = encoded(stroke())
    header = b"IHDR" + struct.pack(">II", 100_000, 100_000) + small[24:29]
    bomb = small[:12] + header + struct.pack(">I", zlib.crc32(header)) + small[33:]
    for content in (bomb, encoded(Image.new("1", (8_000, 5_001)))):
        with pytest.raises(PodiumError, match="more than 40 megapixels"):
            read_picture(content)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"hello", "PNG, JPEG, WebP or BMP"),
        (encoded(stroke(), "GIF"), "PNG, JPEG, WebP or BMP"),
        (encoded(stroke(), "TIFF"), "PNG, JPEG, WebP or BMP"),
        (encoded(Image.effect_noise((60, 60), 50))[:900], "damaged"),
        (b"\0" * (MOST_BYTES + 1), "larger than 10 MB"),
    ],
    ids=["empty", "text", "gif", "tiff", "cut", "large"],
)
def test_what_is_no_picture_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(PodiumError, match=sentence):
        read_picture(content)


@given(
    st.sampled_from(["PNG", "JPEG", "WEBP", "BMP"]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8),
)
@settings(max_examples=80)
def test_damage_never_escapes_as_another_error(kind: str, hits: list[tuple[int, int]]) -> None:
    content = bytearray(encoded(stroke(), kind))
    for place, value in hits:
        content[place % len(content)] = value
    try:
        grey = read_picture(bytes(content))
    except PodiumError:
        return
    assert grey.dtype == np.uint8
    assert grey.ndim == 2
