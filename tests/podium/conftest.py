"""Bundled competitions to open."""

from tests.bundled import opened, practice_of

__all__ = ["opened", "practice_of"]
