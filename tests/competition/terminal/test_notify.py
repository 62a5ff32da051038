"""What a person's chat is told when a step has ended, and that its address is told to nobody."""

import json
from collections.abc import Iterator

import pytest
import typer

from competition.errors import PodiumError
from competition.terminal.console import new_app
from competition.terminal.notify import check_address, post, tells_its_end
from tests.chat import SECRET, Chat, listening
from tests.typed import Said, typed


@pytest.fixture
def chat() -> Iterator[Chat]:
    with listening() as chat:
        yield chat


def train(outcome: str, competition: str = "wine") -> Said:
    """Run a command that ends in some way."""
    app = new_app("Steps.")
    app.command()(lambda: None)

    @app.command()
    @tells_its_end
    def train(outcome: str, competition: str = typer.Option("wine", "-c")) -> str:
        match outcome:
            case "sentence":
                raise PodiumError("There is no data. Next: make download")
            case "fault":
                raise ZeroDivisionError(outcome)
            case "interrupt":
                raise KeyboardInterrupt
        return "" if outcome == "nothing" else f"svm 0.9912 ± 0.0031 {outcome}"

    return typed(app, "steps", "train", outcome, "-c", competition)


def test_its_end_is_told_once(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY", f" {chat.url}\n")
    assert train("fine", "titanic") == Said(0, "", "")
    line = "titanic, train: svm 0.9912 ± 0.0031 fine"
    assert chat.heard == [(f"/{SECRET}", "text/plain; charset=utf-8", line)]


def test_why_it_failed_is_told(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY", chat.url)
    said = train("sentence")
    assert (said.returncode, said.stderr) == (1, "There is no data. Next: make download\n")
    with pytest.raises(ZeroDivisionError):
        train("fault")
    assert [body for *_, body in chat.heard] == [
        "wine, train failed: There is no data. Next: make download",
        "wine, train failed: ZeroDivisionError",
    ]


@pytest.mark.parametrize("outcome", ["interrupt", "nothing"])
def test_who_sits_there_is_not_told(
    outcome: str, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY", chat.url)
    train(outcome)
    assert chat.heard == []


@pytest.mark.parametrize(
    ("path", "key"), [("/services/T0/B0/x", "text"), ("/api/webhooks/1/x", "content")]
)
def test_slack_and_discord_get_their_own_form(path: str, key: str, chat: Chat) -> None:
    post(chat.url.replace(f"/{SECRET}", path), "@everyone: " + "x" * 5000)
    ((where, kind, body),) = chat.heard
    assert (where, kind) == (path, "application/json")
    said = json.loads(body)
    assert said[key].startswith("@everyone: x") and len(said[key]) == 1500
    assert key == "text" or said["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("status", [404, 500, 302])
def test_a_hook_that_refuses_changes_nothing(
    status: int, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY", chat.url)
    chat.status = status
    assert train("fine") == Said(0, "", f"NOTIFY was not told: its server answers {status}.\n")
    assert len(chat.heard) == 1


def test_nobody_there_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY", f"http://127.0.0.1:1/{SECRET}")
    said = train("fine")
    assert said == Said(0, "", "NOTIFY could not be told (ConnectionError).\n")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (SECRET, "no address of a web hook"),
        (f"ftp://host/{SECRET}", "no address of a web hook"),
        (f"https:///{SECRET}", "no address of a web hook"),
        (f"https://[::1/{SECRET}", "no address of a web hook"),
        (f"https://host:99999/{SECRET}", "no address of a web hook"),
        (f"http://host/{SECRET}", "anybody on the way reads it"),
    ],
)
def test_a_wrong_address_is_said_before_the_step_and_not_repeated(
    address: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY", address)
    said = train("fault")  # it does not begin
    assert said.returncode == 1
    assert told in said.stderr and SECRET not in said.stderr
    check_address("https://ntfy.sh/topic")
