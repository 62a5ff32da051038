"""Credentials as people reported them: what goes in, what reaches Kaggle, what is said."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.competition.kaggle.reports import (
    KEY,
    NONE_THERE,
    PAIR,
    RENEWED,
    SECRETS,
    TOKEN,
    Said,
    put,
    shown_parts,
)


@dataclass(frozen=True)
class Report:
    """One report: what stands where, what the command ends with, what it says.

    Attributes:
        name: What happened.
        environment: Variables.
        files: Contents of files in ~/.kaggle; None for a folder.
        sent: The header that reaches Kaggle; empty for none.
        says: What the message must hold.
        never: What it must not.
    """

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes | None] = field(default_factory=dict)
    sent: str = ""
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


def kept(key: str, encoding: str = "utf-8") -> bytes:
    return json.dumps({"username": "me", "key": key}).encode(encoding)


BEARER = f"Bearer {TOKEN}"
BASIC = "Basic bWU6OWMyZjcxZDA1ZThiNDZhMw=="
BOTH = ("Generate New Token", "KAGGLE_API_TOKEN", "access_token", "Create Legacy API Key")
CREDENTIALS = [
    Report("nothing at all", says=(NONE_THERE, *BOTH), never=("Create New Token",)),
    Report("a line end", {"KAGGLE_API_TOKEN": f"{TOKEN}\n"}, sent=BEARER),
    Report("a Windows line end", {"KAGGLE_API_TOKEN": f"{TOKEN}\r\n"}, sent=BEARER),
    Report("quotes", {"KAGGLE_API_TOKEN": f'"{TOKEN}"'}, sent=BEARER),
    Report("curly quotes", {"KAGGLE_API_TOKEN": f"“{TOKEN}”"}, sent=BEARER),
    Report("a zero-width space", {"KAGGLE_API_TOKEN": f"KGAT_\u200b{TOKEN[5:]}"}, sent=BEARER),
    Report(
        "two lines",
        {"KAGGLE_API_TOKEN": f"{TOKEN}\n{TOKEN}"},
        says=("KAGGLE_API_TOKEN holds several lines", *BOTH),
        never=(NONE_THERE,),
    ),
    Report(
        "two lines beside a good key",
        {"KAGGLE_API_TOKEN": f"{TOKEN}\n{TOKEN}", **PAIR},
        sent=BASIC,
        says=("KAGGLE_API_TOKEN holds several lines. Signed in with KAGGLE_KEY",),
    ),
    Report("over 255 characters", {"KAGGLE_API_TOKEN": TOKEN * 20}, sent=f"Bearer {TOKEN * 20}"),
    Report(
        "over 4,096 characters",
        {"KAGGLE_API_TOKEN": TOKEN * 300},
        says=("characters long",),
        never=(NONE_THERE,),
    ),
    Report(
        "an accent in the token",
        {"KAGGLE_API_TOKEN": TOKEN + "é" + TOKEN},
        says=("KAGGLE_API_TOKEN holds a character",),
    ),
    Report(
        "a curly quote in the key",
        PAIR | {"KAGGLE_KEY": f"{KEY}’{KEY}"},
        says=("KAGGLE_KEY holds",),
    ),
    Report(
        "an accent in the username",
        PAIR | {"KAGGLE_USERNAME": "José☃"},
        says=("KAGGLE_USERNAME holds",),
    ),
    Report("blanks around user and key", {k: f" {v}\n" for k, v in PAIR.items()}, sent=BASIC),
    Report(
        "a key without its user",
        {"KAGGLE_KEY": KEY},
        says=("KAGGLE_KEY is set, but not KAGGLE_USERNAME",),
        never=(NONE_THERE,),
    ),
    Report("a blank token", {"KAGGLE_API_TOKEN": " \n"}, says=("KAGGLE_API_TOKEN is empty",)),
    Report(
        "a token in the key's place",
        PAIR | {"KAGGLE_KEY": TOKEN},
        sent=BEARER,
        says=("KAGGLE_KEY holds a token (KGAT_…), not a key", "KAGGLE_API_TOKEN"),
    ),
    Report(
        "a token for a key, no user", {"KAGGLE_KEY": f"{TOKEN}\n"}, sent=BEARER, says=("KGAT_",)
    ),
    Report(
        "a token in kaggle.json",
        files={"kaggle.json": kept(TOKEN)},
        sent=BEARER,
        says=("kaggle.json holds a token (KGAT_…), not a key", "access_token"),
    ),
    Report(
        "a bare token in kaggle.json",
        files={"kaggle.json": f"{TOKEN}\n".encode()},
        sent=BEARER,
        says=("kaggle.json holds a token",),
    ),
    Report(
        "kaggle.json saved as access_token",
        files={"access_token": kept(KEY)},
        says=("access_token holds JSON",),
        never=(NONE_THERE,),
    ),
    Report(
        "access_token with a mark", files={"access_token": f"\ufeff{TOKEN}".encode()}, sent=BEARER
    ),
    Report("access_token in UTF-16", files={"access_token": TOKEN.encode("utf-16")}, sent=BEARER),
    Report(
        "UTF-16, no mark", files={"access_token": f"{TOKEN}\r\n".encode("utf-16-le")}, sent=BEARER
    ),
    Report(
        "access_token is a folder",
        files={"access_token": None},
        says=("access_token is a folder",),
        never=(NONE_THERE,),
    ),
    Report(
        "access_token is empty, kaggle.json is good",
        files={"access_token": b"\n", "kaggle.json": kept(KEY)},
        sent=BASIC,
        says=("access_token is empty",),
    ),
    Report(
        "a token's file that is not there",
        {"KAGGLE_API_TOKEN": "/no/such/file"},
        says=("names a file that is not there",),
    ),
    Report(
        "a token's file that is a folder",
        {"KAGGLE_API_TOKEN": "/"},
        says=("what KAGGLE_API_TOKEN names is a folder",),
    ),
    Report("kaggle.json with a mark", files={"kaggle.json": kept(KEY, "utf-8-sig")}, sent=BASIC),
    Report("kaggle.json in UTF-16", files={"kaggle.json": kept(KEY, "utf-16")}, sent=BASIC),
    Report("blanks in kaggle.json", files={"kaggle.json": kept(f" '{KEY}'\n")}, sent=BASIC),
    Report(
        "blanks in its entries",
        files={"kaggle.json": json.dumps({" Username ": "me", "KEY ": KEY}).encode()},
        sent=BASIC,
    ),
    Report(
        "curly quotes for straight ones",
        files={"kaggle.json": f"{{“username”: “me”, “key”: “{KEY}”}}".encode()},
        sent=BASIC,
    ),
    Report(
        "kaggle.json is a folder",
        files={"kaggle.json": None},
        says=("kaggle.json is a folder",),
        never=(NONE_THERE,),
    ),
    Report(
        "kaggle.json holds a list",
        files={"kaggle.json": b"[" + kept(KEY) + b"]"},
        says=("kaggle.json holds a list",),
        never=(NONE_THERE,),
    ),
    Report(
        "a second download",
        files={"kaggle (1).json": kept(KEY)},
        says=("'kaggle (1).json', which would have to be kaggle.json",),
        never=(NONE_THERE,),
    ),
    Report("kaggle.json is empty", files={"kaggle.json": b""}, says=("kaggle.json is empty",)),
    Report(
        "kaggle.json lacks the key",
        files={"kaggle.json": b'{"username": "me"}'},
        says=("kaggle.json holds no key",),
    ),
    Report(
        "a login with a mark",
        files={
            "credentials.json": json.dumps({"refresh_token": f" {KEY}\n", "username": "me"}).encode(
                "utf-8-sig"
            )
        },
        sent=f"Bearer {RENEWED}",
    ),
    Report(
        "a login whose time has no zone",
        files={
            "credentials.json": json.dumps(
                {
                    "refresh_token": KEY,
                    "access_token": TOKEN,
                    "access_token_expiration": "2999-01-01T00:00:00",
                }
            ).encode("utf-16")
        },
        sent=BEARER,
    ),
    Report(
        "credentials.json holds a list",
        files={"credentials.json": b"[1]"},
        says=("credentials.json holds a list",),
        never=(NONE_THERE,),
    ),
    Report(
        "credentials.json is a folder",
        files={"credentials.json": None},
        says=("credentials.json is a folder",),
        never=(NONE_THERE,),
    ),
    Report(
        "a shell's line", {"KAGGLE_API_TOKEN": f"export KAGGLE_API_TOKEN='{TOKEN}'"}, sent=BEARER
    ),
    Report("a line of PowerShell", {"KAGGLE_KEY": f'$env:KAGGLE_KEY = "{TOKEN}"'}, sent=BEARER),
    Report("a header", files={"access_token": f"Bearer {TOKEN}\r\n".encode()}, sent=BEARER),
    Report("UTF-32, no mark", files={"access_token": TOKEN.encode("utf-32-be")}, sent=BEARER),
    Report("filled up with zeros", files={"kaggle.json": kept(KEY) + bytes(40)}, sent=BASIC),
    Report(
        "a comma too many",
        files={"kaggle.json": f'{{"username": "me", "key": "{KEY}",\r\n}}'.encode()},
        sent=BASIC,
    ),
    Report(
        "the whole file for the key",
        PAIR | {"KAGGLE_KEY": f'{{"username":"me","key":"{KEY}"}}'},
        says=("KAGGLE_KEY holds JSON",),
    ),
    Report(
        "a colon in the username",
        PAIR | {"KAGGLE_USERNAME": "me:you"},
        says=("KAGGLE_USERNAME holds a colon",),
    ),
    Report(
        "another capital",
        files={"Kaggle.json": kept(KEY)},
        says=("'Kaggle.json', which would have to be kaggle.json",),
        never=(NONE_THERE,),
    ),
    Report(
        "a token under another name",
        files={"access-token.json": TOKEN.encode()},
        says=("'access-token.json', which would have to be access_token",),
        never=(NONE_THERE,),
    ),
    Report(
        "a ~ in quotes",
        {"KAGGLE_CONFIG_DIR": "'~/.kaggle'"},
        files={"kaggle.json": kept(KEY)},
        sent=BASIC,
    ),
    Report(
        "a login whose end is no time",
        files={
            "credentials.json": json.dumps(
                {"refresh_token": KEY, "access_token": TOKEN, "access_token_expiration": 1e12}
            ).encode()
        },
        sent=f"Bearer {RENEWED}",
    ),
]


@pytest.mark.parametrize("report", CREDENTIALS, ids=lambda report: report.name)
def test_credentials_in_every_shape(
    report: Report,
    kaggle,
    typed: Callable[..., Said],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in report.environment.items():
        monkeypatch.setenv(name, value)
    put(tmp_path / "home" / ".kaggle", report.files)
    said = typed("leaderboard")
    assert said.status == (0 if report.sent else 1), said.text
    headers = [each[2].get("Authorization", "") for each in kaggle.calls]
    assert (headers[-1] if headers else "") == report.sent
    assert "Traceback" not in said.text
    assert shown_parts(said.text, *SECRETS) == []
    for words in report.says:
        assert words in said.text
    for words in (*report.never, "Create New Token"):
        assert words not in said.text


def test_a_file_in_the_folders_place_is_told(
    kaggle, typed: Callable[..., Said], tmp_path: Path
) -> None:
    (tmp_path / "home" / ".kaggle").write_bytes(kept(KEY))
    said = typed("leaderboard")
    assert (said.status, NONE_THERE in said.text) == (1, False)
    assert ".kaggle is a file, not a folder" in said.text


def test_a_refused_token_is_told_by_its_place_and_its_looks(
    scripted, kaggle, typed: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.replies["IntrospectToken"] = [(200, {"active": False}, {})]
    monkeypatch.setenv("KAGGLE_API_TOKEN", KEY * 2)
    said = typed("leaderboard")
    assert said.status == 1
    assert (
        "the token of KAGGLE_API_TOKEN is not valid, or no longer (it looks like a key" in said.text
    )
    for name, value in PAIR.items():
        monkeypatch.setenv(name, value)
    scripted.replies["GetLeaderboard"] = [(401, {"code": 401, "message": f"no {BASIC}"}, {})]
    said = typed("leaderboard")
    assert "does not accept the credentials of KAGGLE_KEY (401: no Basic ***)" in said.text
