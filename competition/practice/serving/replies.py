"""What calls answer with, and what they read from a request in the same way."""

from dataclasses import dataclass
from typing import Any

_PAGE_SIZE = 20


class Refusal(Exception):
    """A call that is refused, with an HTTP status and Kaggle's words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Redirect:
    """The answer is a file of the public folder, at its storage address."""

    file_name: str


@dataclass(frozen=True)
class Body:
    """The answer is these bytes, a zip."""

    content: bytes


Answer = dict[str, Any] | Redirect | Body


def whole_number(fields: dict[str, Any], name: str, default: int) -> int:
    """Return a field's number, the default where it is missing or 0.

    Raises:
        Refusal: it is no whole number above 0.
    """
    value = fields.get(name) or default
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Refusal(400, f"{name} must be a whole number above 0")
    return value


def page_size(fields: dict[str, Any]) -> int:
    """Return how long a page of a listing is to be.

    Raises:
        Refusal: it is no whole number above 0.
    """
    return whole_number(fields, "pageSize", _PAGE_SIZE)


def page_of(name: str, items: list[dict[str, Any]], fields: dict[str, Any]) -> dict[str, Any]:
    """Return the page of a listing that a call asks for, by its token or its number.

    Raises:
        Refusal: the page's number or size is no whole number above 0.
    """
    token, size = str(fields.get("pageToken") or ""), page_size(fields)
    start = int(token) if token.isdigit() else (whole_number(fields, "page", 1) - 1) * size
    reply: dict[str, Any] = {name: items[start : start + size]}
    if start + size < len(items):
        reply["nextPageToken"] = str(start + size)
    return reply
