"""Whose credentials go to Kaggle, and where its calls go."""

import base64
import os
import socket
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kagglesdk.competitions.types.competition_api_service import ApiListDataFilesRequest

from competition.errors import PodiumError
from competition.kaggle.client import (
    CredentialsMissing,
    CredentialsRefused,
    KaggleClient,
    KaggleUnavailable,
)
from competition.kaggle.credentials import Credentials, sign_in
from competition.kaggle.errors import Translator
from competition.kaggle.retry import Patience
from competition.kaggle.transport import Transport
from competition.spec import Competition
from competition.workspace import Access

Start = Callable[..., Any]
SignedIn = Callable[[Access], tuple[Credentials, str]]
SERVICE = "competitions.CompetitionApiService"
SECRET = "a-very-secret-key"


def test_no_credentials_at_all_say_where_to_get_some(spec: Competition, tmp_path: Path) -> None:
    with pytest.raises(CredentialsMissing, match=r"settings.*kaggle\.json.*KAGGLE_USERNAME"):
        KaggleClient(spec, Access(home=tmp_path)).list_files()
    with pytest.raises(CredentialsMissing, match=r"at http://127.0.0.1:9. Set KAGGLE_USERNAME"):
        KaggleClient(spec, Access("http://127.0.0.1:9")).list_files()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a person with a ~/.kaggle, which is also the environment's HOME."""
    folder = tmp_path / "home"
    (folder / ".kaggle").mkdir()
    return folder


@pytest.fixture
def signed_in(scripted, spec: Competition) -> SignedIn:
    """Sign in to Kaggle itself, whose part a scripted server plays; return the header, too."""

    def sign_in_with(access: Access) -> tuple[Credentials, str]:
        assert access.endpoint is None
        scripted.says("ListDataFiles", {})
        transport = Transport(scripted.url, (5, 5))
        found = sign_in(access, transport, Translator(spec, "Kaggle"), Patience(1))
        transport.post(SERVICE, "ListDataFiles", ApiListDataFilesRequest())
        return found, scripted.calls[-1][2].get("Authorization", "")

    return sign_in_with


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


def test_credentials_are_looked_for_in_the_official_order(
    scripted, signed_in: SignedIn, home: Path, tmp_path: Path
) -> None:
    def header(**given: Any) -> str:
        return signed_in(Access(**({"home": home} | given)))[1]

    kept = home / ".kaggle"
    scripted.says("GenerateAccessToken", {"token": "renewed", "expiresIn": 3600})
    (kept / "credentials.json").write_text('{"refresh_token": "refresh", "username": "me"}')
    assert header() == "Bearer renewed"
    assert "renewed" in (kept / "credentials.json").read_text()
    (kept / "kaggle.json").write_text('{"username": "file", "key": "file-key"}')
    assert header() == basic("file:file-key")
    assert header(username="somebody") == basic("somebody:file-key")
    assert header(username="somebody", key=SECRET) == basic(f"somebody:{SECRET}")
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (moved / "kaggle.json").write_text('{"username": "moved", "key": "moved-key"}')
    assert header(config=moved) == basic("moved:moved-key")
    scripted.says("IntrospectToken", {"active": True, "username": "owner"})
    (kept / "access_token.txt").write_text("token-of-windows\n")
    assert header() == "Bearer token-of-windows"
    (kept / "access_token").write_text("token-in-a-file\n")
    found, sent = signed_in(Access(home=home, username="somebody", key=SECRET))
    assert (sent, found.username) == ("Bearer token-in-a-file", "owner")
    assert header(token="given-token") == "Bearer given-token"
    (moved / "token").write_text(" token-at-a-path\n")
    assert header(token=str(moved / "token")) == "Bearer token-at-a-path"


def test_kaggle_json_may_stand_in_the_configuration_folder(
    signed_in: SignedIn, tmp_path: Path
) -> None:
    folder = tmp_path / "new home" / ".config" / "kaggle"
    folder.mkdir(parents=True)
    (folder / "kaggle.json").write_text('{"username": "xdg", "key": "xdg-key"}')
    assert signed_in(Access(home=tmp_path / "new home"))[1] == basic("xdg:xdg-key")


def test_nothing_that_is_stored_for_kaggle_goes_to_another_server(
    scripted,
    spec: Competition,
    home: Path,
    submission_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not in a header, not in a body, not in a question about a token, and without a word."""
    caplog.set_level("DEBUG", logger="competition")
    stored = {
        "access_token": "KGAT_0123456789abcdef0123456789abcdef",
        "access_token.txt": "KGAT_of_windows_0123456789abcdef",
        "kaggle.json": '{"username": "realname", "key": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"}',
        "credentials.json": '{"refresh_token": "CfDJ8-refresh", "access_token": "CfDJ8-access", '
        '"username": "realname", "access_token_expiration": "2999-01-01T00:00:00+00:00"}',
    }
    for name, content in stored.items():
        (home / ".kaggle" / name).write_text(content)
    secrets = ["KGAT_", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "CfDJ8", "realname"]
    secrets.append(basic("realname:0f1e2d3c4b5a69788796a5b4c3d2e1f0").removeprefix("Basic "))
    monkeypatch.setenv("KAGGLE_ENDPOINT", scripted.url)
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(home / ".kaggle"))
    careless = Access(scripted.url, config=home / ".kaggle", home=home)
    for access in (Access.from_environment(os.environ), careless):
        with pytest.raises(CredentialsMissing):
            KaggleClient(spec, access).list_files()
    assert scripted.received == []

    scripted.says("ListDataFiles", {"files": []})
    scripted.says("IntrospectToken", {"active": True, "username": "owner"})
    scripted.says("StartSubmissionUpload", {"token": "blob", "createUrl": f"{scripted.url}/put"})
    scripted.says("put", {})
    scripted.says("CreateSubmission", {"ref": 7})
    scripted.says("DownloadDataFiles", b"zip")
    given: list[dict[str, Any]] = [
        {"username": "somebody", "key": SECRET},
        {"username": "somebody", "key": SECRET, "token": "token-of-the-endpoint"},
    ]
    for values in given:
        client = KaggleClient(spec, replace(careless, **values))
        client.list_files()
        assert client.create_submission(client.upload(submission_file), "x") == 7
        with client.open_archive() as stream:
            assert b"".join(stream.chunks) == b"zip"
    everything = b"\n".join(scripted.received).decode()
    assert "Bearer token-of-the-endpoint" in everything
    assert [secret for secret in secrets if secret in everything] == []
    assert [each for each in caplog.records if each.levelname == "WARNING"] == []
    assert capfd.readouterr() == ("", "")


def test_a_half_given_key_is_not_completed_from_a_file_for_another_server(
    scripted, spec: Competition, home: Path
) -> None:
    (home / ".kaggle" / "kaggle.json").write_text('{"username": "realname", "key": "real-key"}')
    with pytest.raises(CredentialsMissing):
        KaggleClient(spec, Access(scripted.url, username="me", home=home)).list_files()
    assert scripted.received == []


def test_a_stale_token_beside_a_good_key_does_no_harm(start: Start) -> None:
    practice = start()
    access = replace(practice.access, token="stale-token")
    assert KaggleClient(practice.competition, access).username == "you"
    with pytest.raises(CredentialsRefused, match="KAGGLE_API_TOKEN") as caught:
        KaggleClient(practice.competition, replace(access, key=None)).list_files()
    assert "stale-token" not in str(caught.value)


def test_a_good_token_needs_no_key(start: Start) -> None:
    practice = start()
    client = KaggleClient(practice.competition, Access(practice.url, token=practice.key))
    assert client.username == "you"
    assert client.submissions() == []


@pytest.mark.parametrize(
    "content", ["{", "[]", "null", '"key"', "{}", '{"username": 7}', "[" * 100_000, '{"key": null}']
)
@pytest.mark.parametrize("name", ["kaggle.json", "credentials.json"])
def test_broken_files_of_credentials_are_passed_over(
    signed_in: SignedIn, home: Path, name: str, content: str
) -> None:
    (home / ".kaggle" / name).write_text(content)
    with pytest.raises(CredentialsMissing):
        signed_in(Access(home=home))


@pytest.mark.parametrize("name", ["kaggle.json", "access_token"])
def test_a_key_that_others_can_read_is_closed_by_the_command_that_is_said(
    scripted, signed_in: SignedIn, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    home = tmp_path / "my home"
    place = home / ".kaggle" / name
    place.parent.mkdir(parents=True)
    place.write_text('{"username": "me", "key": "secret"}' if name == "kaggle.json" else "secret")
    scripted.says("IntrospectToken", {"active": True, "username": "owner"})
    place.chmod(0o640)
    signed_in(Access(home=home))
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "Other users" in warning and "secret" not in warning
    subprocess.run(warning.split("with: ")[1], shell=True, check=True)
    assert place.stat().st_mode & 0o777 == 0o600
    caplog.clear()
    signed_in(Access(home=home))
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
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:1")
    scripted.says("IntrospectToken", {"active": True, "username": "owner"})
    address = "https://www.kaggle.com/stolen.zip"
    scripted.says("DownloadDataFiles", {}, 302, {"Location": address})
    scripted.says("ListDataFiles", {})
    client = KaggleClient(spec, Access(scripted.url, token="token"))
    client.list_files()
    with pytest.raises(PodiumError, match="real Kaggle"), client.open_archive():
        pass
    assert set(looked_up) == {"127.0.0.1"}


@pytest.mark.parametrize(
    "endpoint", ["abc", "ftp://127.0.0.1", "http://", "http://[a", "http://a:b", "http://a:99999"]
)
def test_an_endpoint_that_is_not_an_address_is_a_sentence(spec: Competition, endpoint: str) -> None:
    with pytest.raises(PodiumError, match="KAGGLE_ENDPOINT"):
        KaggleClient(spec, Access(endpoint, username="me", key=SECRET)).list_files()


@pytest.mark.parametrize("name", ["NOWHERE", "LOCALHOST", "QA"])
def test_an_environment_of_the_official_client_gets_no_real_credentials(
    spec: Competition, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", name)
    with pytest.raises(PodiumError, match=r"KAGGLE_API_ENVIRONMENT .* KAGGLE_ENDPOINT"):
        KaggleClient(spec, Access(username="me", key=SECRET)).list_files()


def test_nobody_listening_is_a_sentence(spec: Competition) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    access = Access(address, username="me", key=SECRET)
    with pytest.raises(KaggleUnavailable, match=r"could not be reached.*network"):
        KaggleClient(spec, access, first_pause=0).list_files()
