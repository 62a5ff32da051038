"""Proxies and certificates of this machine that are wrong: they are blamed, not Kaggle."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.competition.kaggle.reports import (
    PAIR,
    Said,
)


@pytest.fixture
def nobodys_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


SOCKS = "ALL_PROXY (also written all_proxy) names a SOCKS proxy"
SETTINGS = [
    (
        {"REQUESTS_CA_BUNDLE": "/no/such.pem"},
        ("REQUESTS_CA_BUNDLE", "/no/such.pem", "No such file"),
    ),
    ({"CURL_CA_BUNDLE": "/no/such.pem"}, ("CURL_CA_BUNDLE", "/no/such.pem")),
    ({"REQUESTS_CA_BUNDLE": __file__}, ("REQUESTS_CA_BUNDLE", "cannot be used")),
    ({"all_proxy": "socks5h://127.0.0.1:9"}, (SOCKS, "PySocks")),
    ({"https_proxy": "htp://me:pass-word@proxy:3128"}, ("HTTPS_PROXY", "http://host:3128")),
    ({"https_proxy": "http//proxy:3128"}, ("HTTPS_PROXY",)),
    ({"https_proxy": "http:/proxy:3128"}, ("HTTPS_PROXY",)),
    ({"https_proxy": "http://me:pass-word@proxy:port"}, ("HTTPS_PROXY",)),
    ({"https_proxy": "http://[proxy"}, ("HTTPS_PROXY",)),
    ({"https_proxy": "http://"}, ("HTTPS_PROXY",)),
    ({"https_proxy": "http://me:pass-word@127.0.0.1:{port}"}, ("not reached through the proxy",)),
    (
        {"https_proxy": "http://proxy.invalid:3128"},
        ("not reached through the proxy", "HTTPS_PROXY"),
    ),
]


@pytest.mark.parametrize(("environment", "says"), SETTINGS)
def test_settings_of_this_machine_are_blamed_and_not_kaggle(
    environment: dict[str, str],
    says: tuple[str, ...],
    nobodys_port: int,
    typed: Callable[..., Said],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_names(host: Any, *arguments: Any, **options: Any) -> Any:
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *arguments, **options)

    # Whatever gets through ends here, and not at Kaggle.
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", no_names)
    closed = {"https_proxy": f"http://127.0.0.1:{nobodys_port}", "no_proxy": ""}
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    closed = {} if "all_proxy" in environment else closed
    for name, value in (closed | PAIR | environment).items():
        monkeypatch.setenv(name, value.replace("{port}", str(nobodys_port)))
    said = typed("leaderboard")
    assert said.status == 1
    for words in says:
        assert words in said.text
    assert "Traceback" not in said.text
    for blamed in ("cut the connection", "leads nowhere", "pass-word", "KAGGLE_ENDPOINT"):
        assert blamed not in said.text
