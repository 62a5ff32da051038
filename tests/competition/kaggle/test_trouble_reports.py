"""What people reported: one row a report, with what goes in, the status, and what is said."""

import json
import logging
import os
import random
import shutil
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from competition.__main__ import app
from competition.console import run
from competition.kaggle import transport
from competition.kaggle.client import AllowanceUsedUp, KaggleClient, KaggleError, OutcomeUnknown
from competition.spec import Competition
from competition.workspace import Access
from submissions.__main__ import app as submissions_app

TOKEN = "KGAT_51d0c8a7e3b94f26"
KEY = "9c2f71d05e8b46a3"
SECRETS = (TOKEN, KEY)
RENEWED = "CfDJ8-7b6e0c55a1f94d20"
NOBODY = 65534
NONE_THERE = "There are no credentials"
PAIR = {"KAGGLE_USERNAME": "me", "KAGGLE_KEY": KEY}


@dataclass(frozen=True)
class Said:
    """What a command left: its status, and all that it wrote and logged."""

    status: int
    text: str


@pytest.fixture
def kaggle(scripted, monkeypatch: pytest.MonkeyPatch):
    """A scripted server in Kaggle's place, so that what is stored at home is looked for."""
    real = transport.Transport
    monkeypatch.setattr(transport, "Transport", lambda _, timeout: real(scripted.url, timeout))
    scripted.says("IntrospectToken", {"active": True, "username": "owner"})
    scripted.says("GenerateAccessToken", {"token": RENEWED, "expiresIn": 3600})
    scripted.says("GetLeaderboard", {"submissions": []})
    return scripted


@pytest.fixture
def typed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Callable[..., Said]:
    """Run a command line in this process."""
    caplog.set_level(logging.DEBUG)
    # The command line makes a client of its own, which would pause for a person's network.
    monkeypatch.setitem(KaggleClient.__init__.__kwdefaults__, "first_pause", 0.0)

    def run_it(*arguments: str, app: Callable[..., None] = app) -> Said:
        caplog.clear()
        status = 0
        monkeypatch.setattr(sys, "argv", ["podium", *arguments])
        try:
            run(app)
        except SystemExit as ended:
            status = int(ended.code or 0)
        except BaseException:
            traceback.print_exc()
            status = -1
        written = capsys.readouterr()
        # What is below a warning is shown to nobody; a file may keep it, though.
        return Said(status, written.out + written.err + caplog.text)

    return run_it


def shown_parts(text: str, *secrets: str) -> list[str]:
    """Return the parts of secrets that a text holds; the prefix of a token tells nothing."""
    bare = [secret.removeprefix("KGAT_") for secret in secrets]
    return [
        one[at : at + 6] for one in bare for at in range(len(one) - 5) if one[at : at + 6] in text
    ]


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


def put(folder: Path, files: dict[str, bytes | None]) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        if content is None:
            (folder / name).mkdir()
            continue
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)


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


HIDDEN = "\u200b\ufeff\u00ad"
MANGLED: list[tuple[str, bool, Callable[[str], str]]] = [
    ("as it is", True, lambda text: text),
    ("line end", True, lambda text: text + "\n"),
    ("Windows line end", True, lambda text: f"\ufeff{text}\r\n"),
    ("blanks", True, lambda text: f" \t{text}\u00a0 "),
    ("quotes", True, lambda text: f"'{text}'"),
    ("web quotes", True, lambda text: f"„{text}“"),
    ("invisible", True, HIDDEN.join),
    ("two lines", False, lambda text: f"{text}\n{text[::-1]}"),
    ("wrapped", False, lambda text: f"{text[:12]}\r\n{text[12:]}"),
    ("curly", False, lambda text: f"{text[:9]}”{text[9:]}"),
    ("accent", False, lambda text: f"{text}é"),
    ("emoji", False, lambda text: f"{text[:9]}\U0001f511{text[9:]}"),
    ("bell", False, lambda text: f"{text[:9]}\a{text[9:]}"),
    ("blank", False, lambda text: f"{text[:9]} {text[9:]}"),
    ("header", True, lambda text: f"Authorization: Bearer {text}"),
    ("shell", True, lambda text: f'export KAGGLE_KEY="{text}";\n'),
    ("variant", True, lambda text: f"{text}\ufe0f"),
    ("endless", False, lambda text: text * 300),
]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
PLACES = ("KAGGLE_API_TOKEN", "KAGGLE_KEY", "access_token", "kaggle.json", "credentials.json")
HOMES = ("mine", "mine", "absent", "read-only", "another's", "closed")


@contextmanager
def at_home(state: str, files: dict[str, bytes | None]) -> Iterator[Path]:
    """Yield a home in some state; root, whom no permission stops, is nobody meanwhile."""
    home = Path(tempfile.mkdtemp(prefix="podium-home-"))
    root = os.geteuid() == 0
    try:
        home.chmod(0o755)
        put(home / ".kaggle", files)
        modes = {"read-only": 0o500, "another's": 0o755, "closed": 0}
        for path in [home / ".kaggle", *(home / ".kaggle").iterdir()]:
            if root and state != "another's":
                os.chown(path, NOBODY, NOBODY)
            if path.is_file():
                path.chmod(0o600 if root or state != "another's" else 0)
        (home / ".kaggle").chmod(modes.get(state, 0o700))
        if root:
            os.seteuid(NOBODY)
        yield home / "nowhere" if state == "absent" else home
    finally:
        if root:
            os.seteuid(0)
        (home / ".kaggle").chmod(0o700)
        shutil.rmtree(home)


@dataclass(frozen=True)
class Case:
    """A generated credential: where it stands, in which shape, and whether it can be used there."""

    name: str
    secret: str
    state: str
    environment: dict[str, str]
    files: dict[str, bytes | None]
    works: bool

    @classmethod
    def thrown(cls, dice: random.Random) -> "Case":
        secret, place = f"{dice.getrandbits(128):032x}", dice.choice(PLACES)
        state, (shape, usable, mangle) = dice.choice(HOMES), dice.choice(MANGLED)
        token = place in ("KAGGLE_API_TOKEN", "access_token") or dice.random() < 0.2
        text = mangle(f"KGAT_{secret}" if token and place != "credentials.json" else secret)
        environment, files = {}, {}
        if place in ("KAGGLE_API_TOKEN", "KAGGLE_KEY"):
            environment = {place: text, "KAGGLE_USERNAME": "me"}
        else:
            entry = "key" if place == "kaggle.json" else "refresh_token"
            if place != "access_token":
                text = json.dumps({"username": "me", entry: text}, ensure_ascii=False)
            files = {place: text.encode(dice.choice(ENCODINGS))}
        beside = dice.random() < 0.3
        if beside:
            environment |= {"KAGGLE_API_TOKEN": TOKEN} if place == "KAGGLE_KEY" else PAIR
        works = beside or (usable and (not files or state in ("mine", "read-only")))
        name = f"{shape} in {place}, home {state}, beside a good one {beside}"
        return cls(name, secret, state, environment, files, works)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for data and results in which anybody may write."""
    folder = Path(tempfile.mkdtemp(prefix="podium-work-"))
    folder.chmod(0o777)
    for name in ("DATA_DIR", "RUNS_DIR"):
        monkeypatch.setenv(name, str(folder / name))
    yield folder
    shutil.rmtree(folder)


def test_no_traceback_and_no_part_of_a_secret_for_any_of_two_hundred_credentials(
    kaggle, typed: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, work: Path
) -> None:
    kaggle.says("ListSubmissions", {"submissions": []})
    commands = [
        lambda: typed("leaderboard", "--json"),
        lambda: typed("scores", "--refresh", app=submissions_app),  # it keeps a ledger
    ]
    with monkeypatch.context() as patch:
        for name, value in PAIR.items():
            patch.setenv(name, value)
        # They import all there is, before it is somebody else who reads.
        assert [command().status for command in commands] == [0, 0]
    shutil.rmtree(work / "RUNS_DIR")
    dice, secrets = random.Random(17), [KEY, TOKEN, RENEWED]
    for number in range(200):
        case = Case.thrown(dice)
        with monkeypatch.context() as patch, at_home(case.state, case.files) as home:
            for name, value in (case.environment | {"HOME": str(home)}).items():
                patch.setenv(name, value)
            ledger = number % 4 == 3
            said = commands[ledger]()
        what = f"{number}: {case.name}: {said.text}"
        secrets += [case.secret, case.secret[::-1]]
        assert "Traceback" not in said.text, what
        assert shown_parts(said.text, *secrets[:3], *secrets[-2:]) == [], what
        # The ledger is shown also where Kaggle cannot be asked.
        assert said.status == (0 if case.works or ledger else 1), what
        assert ("Make a token" in said.text) != case.works, what
        if case.state != "absent":
            assert NONE_THERE not in said.text, what
    left = [path for path in work.rglob("*") if path.is_file()]
    assert any(path.name == "podium.db" for path in left)
    written = "".join(path.read_bytes().decode("latin-1") for path in left)
    assert shown_parts(written, *secrets) == []


DENIED = [
    ("You must verify your phone number to submit", "settings"),
    ("Phone verification is required", "settings"),
    ("Identity verification (Persona) is needed", "settings"),
    ("The leaderboard is hidden by the host", "/leaderboard"),
    ("This competition's leaderboard is not public", "/leaderboard"),
    ("You have used up your storage", "See https"),
    ("Private dataset storage quota exceeded", "See https"),
    ("New entrants are currently not allowed", "See https"),
    ("The competition has ended", "See https"),
    ("Your team has been disqualified", "See https"),
    ("The file exceeds the size limit of 100 MB", "See https"),
    ("Rate limit: too many requests today", "See https"),
    ("Only .csv is taken here", "See https"),
    ("A Persona check is due", "settings"),
]


@pytest.mark.parametrize(("reason", "step"), DENIED)
def test_a_403_for_another_reason_than_the_rules_says_the_right_step(
    kaggle, typed: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, reason: str, step: str
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    kaggle.replies["GetLeaderboard"] = [(403, {"error": {"code": 403, "message": reason}}, {})]
    said = typed("leaderboard")
    assert said.status == 1
    assert reason in said.text and step in said.text
    assert "rules" not in said.text.lower()


@pytest.mark.parametrize(
    "reason",
    [
        "Permission 'competitions.participate' was denied",
        "You must accept this competition's rules: RulesAcceptanceRequired",
        "Forbidden",
        "403 Client Error: you do not have permission to access this resource",
        "The terms were not accepted",
        "",
    ],
)
def test_a_403_for_the_rules_or_without_a_reason_names_their_page(
    kaggle, typed: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    kaggle.replies["GetLeaderboard"] = [(403, {"code": 403, "message": reason}, {})]
    assert "/digit-recognizer/rules" in typed("leaderboard").text


def test_a_403_of_the_storage_is_not_the_rules(kaggle, spec: Competition) -> None:
    kaggle.says("DownloadDataFiles", {}, 302, {"Location": f"{kaggle.url}/get?X-Goog-Signature=s"})
    kaggle.says("get", b"<Error><Code>AccessDenied</Code></Error>", 403)
    client = KaggleClient(spec, Access(token=TOKEN))
    with (
        pytest.raises(KaggleError, match="The storage of Kaggle refused") as caught,
        client.open_archive(),
    ):
        pass
    assert type(caught.value) is KaggleError
    assert caught.value.status == 403


DAILY = "Submission not allowed: Your team has used its daily Submission allowance (5) today"


@pytest.mark.parametrize(
    ("reason", "limits", "kind"),
    [
        (DAILY, {"numToday": 5, "numTotal": 9, "numAllowedNow": 0}, AllowanceUsedUp),
        (DAILY, {"numToday": 7, "numTotal": 9, "numAllowedNow": -2}, AllowanceUsedUp),
        ("Try tomorrow", {"numToday": 5, "numTotal": 9, "numAllowedNow": 0}, AllowanceUsedUp),
        ("The file exceeds the size limit", {"numToday": 1, "numAllowedNow": 4}, KaggleError),
        ("The daily limit of bytes is reached", None, KaggleError),
        (DAILY, {"numToday": 0, "numTotal": 7, "numAllowedNow": 0}, KaggleError),
        (
            DAILY,
            {"numToday": 2, "numTotal": 20, "numAllowedNow": 0, "limitedByTotal": True},
            KaggleError,
        ),
    ],
    ids=["daily", "more than allowed", "other words", "size", "no limits told", "0 of 0", "total"],
)
def test_only_what_the_limits_confirm_is_an_allowance(
    scripted, spec: Competition, reason: str, limits: Any, kind: type[KaggleError]
) -> None:
    scripted.says("CreateSubmission", {"error": {"code": 400, "message": reason}}, 400)
    if limits is not None:
        scripted.says("GetSubmissionLimits", limits)
    with pytest.raises(KaggleError) as caught:
        KaggleClient(spec, scripted.access).create_submission("blob", "x")
    assert type(caught.value) is kind
    assert reason in str(caught.value)
    assert ("midnight" in str(caught.value)) == (kind is AllowanceUsedUp)


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


STATUSES = (400, 401, 403, 404, 407, 408, 409, 413, 422, 429, 451, 500, 501, 502, 503, 504)
WORDINGS = (
    "Unauthenticated",
    "bad credentials {secret}",
    "Authorization: Bearer {secret} is not known",
    "the header was {basic}",
    "key {part}… has expired",
    "see https://www.kaggle.com/x?token={secret}",
    "<b>{secret}</b>",
    "limit exceeded for {secret}, daily allowance",
    "verify your phone; \x1b[31mred\x07 {secret}",
    "x" * 290 + "{secret}",
    "",
)


def enveloped(dice: random.Random, status: int, message: str) -> Any:
    """Return a refusal's body in one of the shapes that were seen."""
    return dice.choice(
        [
            {"error": {"code": status, "message": message, "status": "X"}},
            {"code": status, "message": message},
            {"error": message},
            {"message": {"text": message}},
            {"error": [message]},
            {"error": None, "message": message},
            [message],
            message.encode(),
            f"<html><title>{status}</title><body>{message}".encode("utf-16"),
            b"\xff\xfe" + message.encode(),
            ("[" * 5000 + message).encode(),
            b"",
        ]
    )


def test_no_part_of_a_secret_in_any_of_two_hundred_refusals(
    scripted, spec: Competition, submission_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    dice = random.Random(17)

    def opened(client: KaggleClient) -> None:
        with client.open_archive() as stream:
            list(stream.chunks)

    calls: list[tuple[str, Callable[[KaggleClient], object]]] = [
        ("GetLeaderboard", lambda client: client.leaderboard()),
        ("ListDataFiles", lambda client: client.list_files()),
        ("ListSubmissions", lambda client: client.submissions()),
        ("GetSubmissionLimits", lambda client: client.submission_limits()),
        ("DownloadDataFiles", opened),
        ("get", opened),
        ("StartSubmissionUpload", lambda client: client.upload(submission_file)),
        ("put", lambda client: client.upload(submission_file)),
        ("CreateSubmission", lambda client: client.create_submission("blob-of-bytes", "x")),
        ("IntrospectToken", lambda client: client.leaderboard()),
    ]
    signed = f"{scripted.url}/get?X-Goog-Signature=0badc0ffee"
    for number in range(200):
        secret = f"{dice.getrandbits(128):032x}"
        access = Access(scripted.url, username="me", key=secret)
        (_, basic) = credentials_of(access)
        status, (method, call) = dice.choice(STATUSES), dice.choice(calls)
        if method == "IntrospectToken":
            access = Access(scripted.url, token=f"KGAT_{secret}")
        message = dice.choice(WORDINGS).format(secret=secret, basic=basic, part=secret[:12])
        scripted.replies.clear()
        scripted.says("DownloadDataFiles", {}, 302, {"Location": signed})
        scripted.says(
            "StartSubmissionUpload", {"token": "blob", "createUrl": f"{scripted.url}/put"}
        )
        scripted.replies[method] = [(status, enveloped(dice, status, message), {})]
        client = KaggleClient(spec, access, attempts=2, first_pause=0.0)
        shown = ""
        try:
            call(client)
        except KaggleError as error:
            shown = "".join(traceback.format_exception(error))
            assert str(error).isprintable(), error
            assert len(str(error)) < 1000
        else:  # a server that cannot tell limits, or does not know tokens
            assert status in (404, 501), (method, status)
        case = f"{number}: {status} {method} {message!r}: {shown}"
        assert shown_parts(shown + caplog.text, secret, basic, "0badc0ffee") == [], case
        caplog.clear()


def credentials_of(access: Access) -> tuple[str, ...]:
    from competition.kaggle.credentials import Credentials

    return Credentials("x", access.username, key=access.key).secrets


@pytest.mark.parametrize("status", [400, 403, 409, 422, 429])
def test_an_allowance_is_one_under_any_status_where_the_limits_confirm_it(
    scripted, spec: Competition, status: int
) -> None:
    scripted.says("CreateSubmission", {"error": {"code": status, "message": DAILY}}, status)
    scripted.says("GetSubmissionLimits", {"numToday": 5, "numTotal": 9, "numAllowedNow": 0})
    with pytest.raises(AllowanceUsedUp, match="midnight"):
        KaggleClient(spec, scripted.access).create_submission("blob", "x")


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_phone_check_is_named_under_any_status(scripted, spec: Competition, status: int) -> None:
    reason = "You must verify your phone number to submit"
    scripted.says("CreateSubmission", {"error": {"code": status, "message": reason}}, status)
    with pytest.raises(KaggleError, match=r"Verify your account at .*settings"):
        KaggleClient(spec, scripted.access).create_submission("blob", "x")


def test_what_a_redirect_leads_to_does_not_say_that_nothing_was_submitted(
    scripted, spec: Competition
) -> None:
    scripted.says("CreateSubmission", b"", 302, {"Location": f"{scripted.url}/login"})
    with pytest.raises(OutcomeUnknown, match="may have been taken"):
        KaggleClient(spec, scripted.access).create_submission("blob", "x")


@pytest.mark.parametrize("end", ["?key=", "#", "/?token="])
def test_an_endpoint_with_a_secret_in_it_is_refused_and_not_shown(
    end: str, typed: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_ENDPOINT", f"http://127.0.0.1:9{end}{KEY}")
    said = typed("leaderboard")
    assert said.status == 1 and "Give the address alone" in said.text
    assert shown_parts(said.text, KEY) == []


def test_numbers_beyond_all_bounds_are_left_out(
    kaggle, typed: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, work: Path
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    for number in (10**19, 2**63, -(10**30)):
        item = {"ref": number, "fileName": "odd.csv", "status": "COMPLETE", "totalBytes": number}
        mine = {"ref": 7, "fileName": "mine.csv", "status": "COMPLETE", "totalBytes": number}
        kaggle.replies["ListSubmissions"] = [(200, {"submissions": [item, mine]}, {})]
        said = typed("scores", "--refresh", app=submissions_app)
        assert said.status == 0 and "mine.csv" in said.text and "odd.csv" not in said.text
    rows = [{"teamName": "us", "score": score} for score in ("NaN", "1e999", "0.5", "-Infinity")]
    kaggle.replies["GetLeaderboard"] = [(200, {"submissions": rows}, {})]
    said = typed("leaderboard", "--json")
    assert said.status == 0 and said.text.count('"rank"') == 1 and "NaN" not in said.text
