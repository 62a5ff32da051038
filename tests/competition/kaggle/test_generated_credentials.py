"""Credentials mangled in every way, in homes of every state: no traceback, no secret."""

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from submissions.__main__ import app as submissions_app
from tests.competition.kaggle.reports import (
    KEY,
    NONE_THERE,
    PAIR,
    RENEWED,
    TOKEN,
    Said,
    put,
    shown_parts,
)

NOBODY = 65534
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


@pytest.mark.long
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
