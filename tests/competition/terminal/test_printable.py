"""What others wrote moves no cursor, wherever it is shown."""

import io
import sys

import pytest

from competition.kaggle.replies import RemoteSubmission, leaderboard_rows
from competition.terminal.console import run
from competition.terminal.printable import printable

WILD = "a\x1b[31m\x1b]0;mine\x07\r\n\x9b2J\u202eb\udcff"
TAME = r"a\x1b[31m\x1b]0;mine\x07\x0d\x0a\x9b2J\u202eb" + "\ufffd"


def test_control_characters_become_escapes() -> None:
    assert printable(WILD) == TAME and TAME.isprintable()
    assert printable("caf\xe9 \u2265 \u5b57 \U0001f600") == "caf\xe9 \u2265 \u5b57 \U0001f600"


def test_what_kaggle_says_is_tame() -> None:
    (row,) = leaderboard_rows([{"teamName": WILD, "score": "0.5"}])
    texts = ("fileName", "description", "errorDescription", "status")
    one = RemoteSubmission.of(dict.fromkeys(texts, WILD))
    assert row.team == one.file_name == one.description == one.error == TAME
    assert one.status == TAME.lower()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_what_a_command_writes_is_tame_in_a_pipe(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    run(lambda: sys.stdout.write(f"{WILD} caf\xe9\t\n"))
    assert sys.stdout is stream
    written = stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert written.endswith(" caf\xe9\t\n" if encoding == "utf-8" else " caf?\t\n")
    assert "\x1b" not in written and "\r" not in written and written.count("\n") == 2
