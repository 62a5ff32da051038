"""The proxy and the certificates that the environment names, looked at before a call is made."""

import re
import ssl
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from competition.kaggle.errors import WrongSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9a-f:.]+(%[A-Za-z0-9]+)?")


def check_proxy(address: str, proxies: "Mapping[str, str]") -> None:
    """Check the proxy that a call would go through; it may hold a password, so it is not shown.

    Args:
        address: What is called.
        proxies: Addresses of proxies by what they are for, as requests has them.

    Raises:
        WrongSettings: it is not an address, or of a kind that cannot be used here.
    """
    scheme = urlsplit(address).scheme
    used = next((each for each in (scheme, "all") if proxies.get(each)), None)
    if used is None:
        return
    proxy, name = proxies[used], f"{used.upper()}_PROXY"
    kind = _kind_of(proxy)
    if kind is None:
        raise WrongSettings(
            f"{name} (also written {name.lower()}) is not the address of a proxy. Write it like "
            "http://host:3128, or unset it where there is none."
        )
    if kind.startswith("socks") and find_spec("socks") is None:
        raise WrongSettings(
            f"{name} (also written {name.lower()}) names a SOCKS proxy, for which the package "
            "PySocks is missing. Install it with .venv/bin/python -m pip install pysocks, or name "
            "an HTTP proxy."
        )


def _kind_of(proxy: str) -> str | None:
    """Return the scheme of a proxy's address; None where it is not one."""
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    misspelt = (
        parts.scheme not in _PROXY_SCHEMES
        or not _HOST.fullmatch(host)
        or host in _PROXY_SCHEMES  # http//host, http:/host, http://http://host
        or port == 0
        or proxy != proxy.strip()
    )
    return None if misspelt else parts.scheme


def check_certificates(verify: Any) -> None:
    """Check the certificates that stand in for the usual ones.

    Args:
        verify: As requests has it: the path that the environment names, or whether to verify.

    Raises:
        WrongSettings: there are none, or they cannot be read.
    """
    if not isinstance(verify, str):
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        is_folder = Path(verify).is_dir()
        context.load_verify_locations(
            cafile=None if is_folder else verify, capath=verify if is_folder else None
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise WrongSettings(
            f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names {verify}, which cannot be used as a file "
            f"of certificates ({reason}). Name the right one, or unset the variable."
        ) from None
