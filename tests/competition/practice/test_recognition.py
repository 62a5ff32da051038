"""Digits are told by their form, and nothing else is taken for them."""

from pathlib import Path

import pytest

from competition.errors import PodiumError
from competition.practice.recognition import recognised
from tests.competition.practice.tables import as_csv, pets, zipped

PIXELS = [f"pixel{place}" for place in range(784)]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["label", *PIXELS], "digit-recognizer"),
        (['"label"', *PIXELS], "digit-recognizer"),
        (["id", *PIXELS, "label"], "digit-recognizer"),
        (["label", *(f"{y}x{x}" for y in range(28) for x in range(28))], None),
        (["label", *PIXELS[1:]], None),
        (["digit", *PIXELS], None),
        (["label", "id", "name", *PIXELS], None),
        (["label"], None),
    ],
)
def test_by_the_header(tmp_path: Path, names: list[str], found: str | None) -> None:
    content = (",".join(names) + "\r\n" + ",".join("0" for _ in names)).encode()
    (tmp_path / "train.csv").write_bytes(content)
    assert recognised(tmp_path / "train.csv") == found
    packed = zipped(tmp_path / "data.zip", train=content, test=content)
    assert recognised(packed) == found


def test_a_table_is_none_and_damage_is_a_sentence(tmp_path: Path) -> None:
    file = zipped(tmp_path / "pets.zip", train=as_csv(pets()), test=as_csv(pets()))
    assert recognised(file) is None
    content = bytearray(file.read_bytes())
    content[40:60] = b"\xff" * 20
    file.write_bytes(content)
    with pytest.raises(PodiumError, match="damaged"):
        recognised(file)


def test_the_real_one(real_zip: Path) -> None:
    assert recognised(real_zip) == "digit-recognizer"
