"""Whose credentials go to Kaggle, and where its calls go."""

import base64
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from competition import Competition, PodiumError
from competition.kaggle.client import (
    CredentialsMissing,
    CredentialsRefused,
    KaggleClient,
    KaggleUnavailable,
)

Start = Callable[..., Any]
ClientOf = Callable[..., KaggleClient]
SECRET = "a-very-secret-key"


def test_no_credentials_at_all_say_where_to_get_some(spec: Competition) -> None:
    with pytest.raises(CredentialsMissing, match=r"settings.*kaggle\.json.*KAGGLE_USERNAME"):
        KaggleClient(spec, endpoint="http://127.0.0.1:9").list_files()


def key_of(scripted: Any) -> str:
    headers: dict[str, str] = scripted.calls[-1][2]
    return headers.get("Authorization", "")


def test_credentials_are_looked_for_in_the_official_order(
    scripted, spec: Competition, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def basic(pair: str) -> str:
        return "Basic " + base64.b64encode(pair.encode()).decode()

    scripted.says("ListDataFiles", {})
    folder = tmp_path / "home" / ".kaggle"
    folder.mkdir()
    (folder / "kaggle.json").write_text('{"username": "file", "key": "file-key"}')
    KaggleClient(spec).list_files()
    assert key_of(scripted) == basic(f"somebody:{SECRET}")
    monkeypatch.delenv("KAGGLE_USERNAME")
    monkeypatch.delenv("KAGGLE_KEY")
    KaggleClient(spec).list_files()
    assert key_of(scripted) == basic("file:file-key")
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (moved / "kaggle.json").write_text('{"username": "moved", "key": "moved-key"}')
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(moved))
    KaggleClient(spec).list_files()
    assert key_of(scripted) == basic("moved:moved-key")
    (folder / "access_token").write_text("token-in-a-file\n")
    scripted.says("IntrospectToken", {"active": True, "username": "owner"})
    client = KaggleClient(spec)
    client.list_files()
    assert key_of(scripted) == "Bearer token-in-a-file"
    assert client.username == "owner"
    monkeypatch.setenv("KAGGLE_API_TOKEN", "token-in-the-environment")
    KaggleClient(spec).list_files()
    assert key_of(scripted) == "Bearer token-in-the-environment"


def test_a_stale_token_beside_a_good_key_does_no_harm(
    start: Start, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice = start()
    monkeypatch.setenv("KAGGLE_API_TOKEN", "stale-token")
    assert client_of(practice).username == "you"
    client = client_of(practice)
    monkeypatch.delenv("KAGGLE_KEY")
    with pytest.raises(CredentialsRefused, match="KAGGLE_API_TOKEN") as caught:
        client.list_files()
    assert "stale-token" not in str(caught.value)


def test_a_good_token_needs_no_key(
    start: Start, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice = start()
    client = client_of(practice)
    monkeypatch.delenv("KAGGLE_KEY")
    monkeypatch.setenv("KAGGLE_API_TOKEN", practice.key)
    assert client.username == "you"
    assert client.submissions() == []


def test_a_broken_kaggle_json_is_passed_over(
    scripted, spec: Competition, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("KAGGLE_KEY")
    (tmp_path / "kaggle.json").write_text("{")
    with pytest.raises(CredentialsMissing):
        KaggleClient(spec).list_files()


@pytest.mark.parametrize("name", ["kaggle.json", "access_token"])
def test_a_key_that_others_can_read_is_mended_by_the_command_that_is_said(
    scripted,
    spec: Competition,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "my home"))
    monkeypatch.delenv("KAGGLE_KEY")
    place = tmp_path / "my home" / ".kaggle" / name
    place.parent.mkdir(parents=True)
    place.write_text('{"username": "me", "key": "secret"}' if name == "kaggle.json" else "secret")
    scripted.says("IntrospectToken", {"active": True, "username": "owner"})
    scripted.says("ListDataFiles", {})
    place.chmod(0o640)
    KaggleClient(spec).list_files()
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "Other users" in warning and "secret" not in warning
    subprocess.run(warning.split("with: ")[1], shell=True, check=True)
    assert place.stat().st_mode & 0o777 == 0o600
    caplog.clear()
    KaggleClient(spec).list_files()
    assert "WARNING" not in caplog.text


def test_nothing_goes_to_the_real_kaggle_when_an_endpoint_is_set(
    scripted, spec: Competition, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []
    resolve = socket.getaddrinfo

    def watched(host: Any, *arguments: Any, **options: Any) -> Any:
        looked_up.append(str(host))
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", watched)
    monkeypatch.setenv("KAGGLE_API_TOKEN", "token")
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:1")
    scripted.says("IntrospectToken", {"active": True, "username": "owner"})
    address = "https://www.kaggle.com/stolen.zip"
    scripted.says("DownloadDataFiles", {}, 302, {"Location": address})
    scripted.says("ListDataFiles", {})
    client = KaggleClient(spec)
    client.list_files()
    with pytest.raises(PodiumError, match="real Kaggle"), client.open_archive():
        pass
    assert set(looked_up) == {"127.0.0.1"}


@pytest.mark.parametrize("endpoint", ["abc", "ftp://127.0.0.1", "http://"])
def test_an_endpoint_that_is_no_address_is_a_sentence(spec: Competition, endpoint: str) -> None:
    with pytest.raises(PodiumError, match="KAGGLE_ENDPOINT"):
        KaggleClient(spec, endpoint=endpoint).list_files()


def test_an_unknown_environment_is_a_sentence(
    spec: Competition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "NOWHERE")
    with pytest.raises(PodiumError, match="NOWHERE"):
        KaggleClient(spec).list_files()


def test_nobody_listening_is_a_sentence(
    scripted, spec: Competition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("competition.kaggle.retry.pause", lambda error, attempt: 0)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(KaggleUnavailable, match=r"could not be reached.*network"):
        KaggleClient(spec, endpoint=address).list_files()
