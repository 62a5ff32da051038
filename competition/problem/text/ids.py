"""Ids that count: where a file's count from another number, or stand in another order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_COUNTED = re.compile(r"(?P<stem>.*?)(?P<number>(?<!.)-?\d+|\d+)(?P<end>\D*)", re.DOTALL)
_DIGITS = 18  # that an integer of 64 bits surely holds
FEW = 10  # rows by which a whole column slips


def as_whole(text: str) -> str | None:
    """Return '3' for '3.0', '03' or '3e0'; None for what is not a whole number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return str(int(value)) if value.is_integer() else None


def whole_numbers(ids: npt.NDArray[np.str_]) -> npt.NDArray[np.int64] | None:
    """Return the numbers (n,) that ids are; None where one is not of digits alone.

    Example:
        >>> whole_numbers(np.array(["7", "12"]))
        array([ 7, 12])
    """
    width = ids.dtype.itemsize // 4  # bytes of a letter
    if not len(ids) or not 0 < width <= _DIGITS:
        return None
    letters = np.ascontiguousarray(ids).view(np.uint32).reshape(-1, width)
    if (letters[:, 0] == 0).any():
        return None
    numbers = np.zeros(len(ids), np.int64)
    for column in letters.T:
        digits = column.astype(np.int64) - ord("0")
        is_digit = (digits >= 0) & (digits <= 9)
        if not (is_digit | (column == 0)).all():
            return None
        numbers = np.where(is_digit, 10 * numbers + digits, numbers)
    return numbers


def counted(ids: Sequence[str]) -> tuple[tuple[str, str], list[int]] | None:
    """Return what stands around the numbers of ids, and the numbers; None where they differ.

    Example:
        >>> counted(["img_07.png", "img_08.png"])
        (('img_', '.png'), [7, 8])
    """
    around, numbers = set(), []
    for text in ids:
        found = _COUNTED.fullmatch(as_whole(text) or text)
        if found is None or len(found["number"]) > _DIGITS:
            return None
        around.add((found["stem"], found["end"]))
        numbers.append(int(found["number"]))
        if len(around) > 1:
            return None
    return (around.pop(), numbers) if around else None


@dataclass(frozen=True)
class Shift:
    """Ids that are the sample's plus one and the same number.

    Attributes:
        message: What is wrong and how to fix it.
        meant: The sample's id that each stands for; empty where they are not `whole`.
        whole: Whether each id of the sample is there, shifted; else only a run of them.
    """

    message: str
    meant: tuple[str, ...]
    whole: bool


def shifted(ids: Sequence[str], sample: Sequence[str]) -> Shift | None:
    """Return by how much ids are shifted against the sample's; None where they are not."""
    ours, theirs = counted(ids), counted(sample)
    if ours is None or theirs is None or ours[0] != theirs[0] or len(ids) < 2:
        return None
    low, high, least, most = min(ours[1]), max(ours[1]), min(theirs[1]), max(theirs[1])
    by, names = low - least, dict(zip(theirs[1], sample, strict=True))
    if by == 0 or len(set(ours[1])) < len(ids) or len(names) < len(sample):
        return None
    cure = f"add {-by:,} to each id" if by < 0 else f"take {by:,} from each id"
    runs = f"the ids run from {low} to {high} and the sample's from {least} to {most}"
    if {number - by for number in ours[1]} == names.keys():
        said = f"{runs}, as where an index is written for the id: {cure}, and leave the answers"
        return Shift(said, tuple(names[number - by] for number in ours[1]), True)
    consecutive = high - low + 1 == len(ids) and most - least + 1 == len(sample)
    if not consecutive or low not in (0, 1):
        return None
    said = f"{runs}: if they number the rows, {cure}, and leave the answers where they stand"
    return Shift(said, (), False)


def slipped(places: Sequence[int]) -> int:
    """Return by how many rows ids stand further down than in the sample; 0 for any other order.

    A few rows at most, round about: 28000, 1, 2, … is 1, and 2, 3, …, 28000, 1 is -1.
    """
    rows = len(places)
    if rows < 3 or not (0 < places[0] <= FEW or rows - FEW <= places[0] < rows):
        return 0
    by = (rows - places[0]) % rows
    if any((place + by) % rows != row for row, place in enumerate(places)):
        return 0
    return by if by <= rows // 2 else by - rows


def as_text(ids: Sequence[str]) -> list[int]:
    """Return the order of ids sorted as text: 1, 10, 100, 2."""
    return sorted(range(len(ids)), key=ids.__getitem__)
