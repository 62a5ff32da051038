"""Texts that are put together of parts, such as `B/0/P` or `A/5 21171`: their parts as features."""

import re

import numpy as np
import numpy.typing as npt

from pipelines.features.tables.columns import Builder, of_levels

_MANY = 20  # levels from which a category's texts are looked into
_ALIKE = 0.9  # of the levels have the same number of pieces, where pieces become columns
_MOST_PIECES = 5
_LONGEST = 40  # characters on average, beyond which a text is no code

Codes = npt.NDArray[np.float64]

_SEPARATORS = re.compile(r"[^0-9A-Za-z]+")
_FIRST_LETTERS = re.compile(r"^\W*([A-Za-z]+)")
_LAST_LETTERS = re.compile(r"([A-Za-z]+)\W*$")
_DIGITS = re.compile(r"\d+")


def add_parts(features: Builder, name: str, levels: list[str], codes: Codes) -> None:
    """Add what a coded column's texts are put together of, where they look so.

    Where nearly all fall into the same number of pieces, each piece is a number or a category. Else
    the letters at the front and at the back are categories, the first and last number are numbers.

    Args:
        features: What to add to.
        name: Of the column.
        levels: The texts of its codes.
        codes: (n,) the codes.
    """
    if len(levels) <= _MANY or sum(map(len, levels)) > _LONGEST * len(levels):
        return
    has_digits = np.array([_DIGITS.search(level) is not None for level in levels])
    pieces = [[piece for piece in _SEPARATORS.split(level) if piece] for level in levels]
    counts = np.array([len(each) for each in pieces])
    usual = int(np.bincount(counts).argmax())
    if 2 <= usual <= _MOST_PIECES and (counts == usual).mean() >= _ALIKE:
        for place in range(usual):
            texts = [each[place] if len(each) == usual else "" for each in pieces]
            _add_piece(features, f"{name} piece {place + 1}", texts, codes)
        return
    if has_digits.mean() < 0.5:
        return
    features.number(f"{name} pieces", of_levels(counts.astype(np.float64), codes))
    features.number(f"{name} length", of_levels(np.array([float(len(t)) for t in levels]), codes))
    for where, pattern in (("first", _FIRST_LETTERS), ("last", _LAST_LETTERS)):
        found = [pattern.search(level) for level in levels]
        texts = [each[1] if each else "-" for each in found]
        if 1 < len(set(texts)) < len(levels):
            features.texts(f"{name} {where} letters", texts, codes)
    numbers = [_DIGITS.findall(level) for level in levels]
    for where, index in (("first", 0), ("last", -1)):
        values = np.array([float(each[index]) if each else np.nan for each in numbers])
        if index == 0 or any(len(each) > 1 for each in numbers):
            features.number(f"{name} {where} number", of_levels(values, codes))


def _add_piece(features: Builder, name: str, texts: list[str], codes: Codes) -> None:
    """Add one piece of each level: a number where they all are, else a category."""
    known = [text for text in texts if text]
    if all(text.isdecimal() and text.isascii() for text in known):
        values = np.array([float(text) if text else np.nan for text in texts])
        features.number(name, of_levels(values, codes))
    elif len(set(known)) < 0.9 * len(known):
        features.texts(name, texts, codes)
