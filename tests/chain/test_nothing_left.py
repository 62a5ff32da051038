"""A command that is refused, or only asks, leaves no file and no folder behind."""

import shutil
from functools import partial

import pytest
import typer

from tests.chain.conftest import Chain
from tests.chain.test_any_terminal import APPS, encoded, typed

# In empty folders; NOWHERE is no file, FAULTY one that answers nothing.
EMPTY = """
competition download
competition leaderboard
competition describe
competition config
competition new
competition new --data NOWHERE
competition new --data FAULTY
competition new nosuch/slug
competition practice --faults nonsense
competition practice --data NOWHERE
competition practice --data FAULTY
competition practice --hidden 99999999 --competition optical-digits
pipelines list
pipelines tune
pipelines tune --budget abc
pipelines tune --pipelines cnnn
pipelines blend
pipelines results
pipelines clean
pipelines add anna --oof NOWHERE --test NOWHERE
pipelines drop anna
pipelines export
pipelines cluster --port 99999
pipelines worker
pipelines worker --scheduler abc
submissions submit
submissions submit NOWHERE
submissions submit --from-queue
submissions check NOWHERE
submissions left
submissions fetch 5
submissions vote NOWHERE
submissions kernel
submissions kernel --status
submissions kernel --budget abc
submissions kernel --budget 11h
submissions queue
submissions queue add
submissions queue add NOWHERE
submissions queue drop 7
submissions scores
submissions scores --refresh
submissions scores --offline
app rehearse --competition nosuch
app rehearse --data NOWHERE
app rehearse --data FAULTY
app rehearse --budget abc
app report
app explore
app journal
app draw
app dashboard
""".strip().splitlines()
# Where the data are, but nothing was tuned. SAMPLE is valid, but there are no credentials.
WITH_DATA = """
pipelines tune --rows 5
pipelines tune --scheduler abc
pipelines blend
pipelines results
pipelines results --classes knn
pipelines clean
pipelines add anna --oof FAULTY --test FAULTY
pipelines drop anna
pipelines export
submissions vote SAMPLE
submissions vote SAMPLE FAULTY
submissions submit
submissions submit NOWHERE
submissions submit FAULTY
submissions submit SAMPLE
submissions check FAULTY
submissions kernel
submissions kernel --pipelines nosuch
submissions queue add
submissions queue add FAULTY
app journal
app draw
""".strip().splitlines()
UNSEEN = {"pipelines device"}  # it knows no competition, and so no folder


@pytest.fixture
def person(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """Somebody with no credentials, before a server that does not answer."""
    monkeypatch.setenv("KAGGLE_ENDPOINT", "http://127.0.0.1:9")
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "BUDGET", "PIPELINES", "DATA", "SCHEDULER"):
        monkeypatch.delenv(name, raising=False)
    (chain.root / "faulty.csv").write_text("ImageId,Label\n1,2\n")
    return chain


def ask(line: str, person: Chain, patch: pytest.MonkeyPatch) -> None:
    """Type a command, which must end well or with a sentence."""
    places = {"NOWHERE": "none.csv", "FAULTY": "faulty.csv", "SAMPLE": "sample.csv"}
    for name, file in places.items():
        line = line.replace(name, str(person.root / file))
    status, said = typed(line, partial(encoded, "utf-8"), patch)
    assert status in (0, 1, 2) and said and "Traceback" not in said, (line, status, said)


@pytest.mark.parametrize("line", EMPTY)
def test_in_empty_folders(line: str, person: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(line, person, monkeypatch)
    assert not (person.root / "data").exists() and not (person.root / "runs").exists()


@pytest.mark.parametrize("line", WITH_DATA)
def test_beside_the_data(line: str, person: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(person.public, person.data)
    shutil.copy(person.public / "sample_submission.csv", person.root / "sample.csv")
    ask(line, person, monkeypatch)
    assert not (person.root / "runs").exists()


def test_every_command_is_among_them() -> None:
    known = set()
    for name, app in APPS.items():
        context = typer.Context(typer.main.get_command(app))
        for command in context.command.list_commands(context):  # type: ignore[attr-defined]
            known.add(f"{name} {command}")
    asked = {" ".join(line.split()[:2]) for line in EMPTY + WITH_DATA}
    assert known == asked | UNSEEN
