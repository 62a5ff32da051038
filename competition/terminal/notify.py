"""A line for a person who is elsewhere, when a long step has ended: to Slack, Discord or ntfy."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlsplit

from competition.errors import PodiumError

VARIABLE = "NOTIFY"
_SECONDS = 10
_LONGEST = 1500  # characters; Discord takes 2,000
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

Step = ParamSpec("Step")


def tells_its_end(command: Callable[Step, str]) -> Callable[Step, None]:
    """Have a command's end told to the address in NOTIFY, if there is one.

    Ctrl-C and usage errors are not told, for who made them sits there. An address that cannot take
    a line is said before the command begins; one that does not is said on stderr, without the
    address, which is a secret, and changes no status.

    Args:
        command: A command line's function with an argument `competition`; it returns the line, or
            nothing where there is nothing to tell.
    """

    @wraps(command)
    def told(*args: Step.args, **kwargs: Step.kwargs) -> None:
        address = os.environ.get(VARIABLE, "").strip()
        if not address:
            command(*args, **kwargs)
            return
        check_address(address)
        name = f"{kwargs.get('competition')}, {command.__name__}"
        try:
            line = command(*args, **kwargs)
        except PodiumError as error:
            post(address, f"{name} failed: {error}")
            raise
        except Exception as error:
            post(address, f"{name} failed: {type(error).__name__}")
            raise
        if line:
            post(address, f"{name}: {line}")

    return told


def check_address(address: str) -> None:
    """Check that a line can be posted to an address.

    Raises:
        PodiumError: it cannot; the address, a secret, is not in the sentence.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("https", "http"):
        raise PodiumError(f"{VARIABLE} is no address of a web hook: it must begin with https://.")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise PodiumError(
            f"{VARIABLE} begins with http://, by which anybody on the way reads it. Use https://."
        )


def post(address: str, line: str) -> None:
    """Post a line; what goes wrong is said on stderr.

    Slack and Discord take JSON, each with its own key; ntfy, and whatever else, the line itself.

    Args:
        address: Of a web hook, or of an ntfy topic.
        line: What to say; longer ones are cut.
    """
    import requests

    try:
        with _kept_out_of_logs(urlsplit(address).path):
            reply = requests.post(
                address, **_form(address, line), timeout=_SECONDS, allow_redirects=False
            )
    except (requests.RequestException, ValueError) as error:
        # Its own text holds the address.
        sys.stderr.write(f"{VARIABLE} could not be told ({type(error).__name__}).\n")
        return
    if not reply.ok or reply.is_redirect:
        sys.stderr.write(f"{VARIABLE} was not told: its server answers {reply.status_code}.\n")


@contextmanager
def _kept_out_of_logs(secret: str) -> Iterator[None]:
    """Keep what holds a secret out of the debug log of requests' transport."""

    def holds_none(record: logging.LogRecord) -> bool:
        return secret not in record.getMessage()

    log = logging.getLogger("urllib3.connectionpool")
    log.addFilter(holds_none)
    try:
        yield
    finally:
        log.removeFilter(holds_none)


def _form(address: str, line: str) -> dict[str, Any]:
    """Return what is posted, as arguments of `requests.post`."""
    text = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    parts = urlsplit(address)
    if parts.hostname == "hooks.slack.com" or parts.path.startswith("/services/"):
        return {"json": {"text": text}}
    if parts.path.startswith("/api/webhooks/"):  # Discord's
        return {"json": {"content": text, "allowed_mentions": {"parse": []}}}
    return {"data": text.encode(), "headers": {"Content-Type": "text/plain; charset=utf-8"}}
