"""What a run on the practice Kaggle's machine may, gets and leaves, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from competition.kaggle.kernels.client import (
    KernelClient,
    MachinesBusy,
    PushRefused,
    SourceDropped,
)
from competition.practice.running import PracticeKaggle
from competition.spec import load_competition
from tests.serving import Served

Start = Callable[..., Served]
SLUG = "a-run"


@pytest.fixture
def client_at() -> Callable[[Served], KernelClient]:
    return lambda served: KernelClient(served.competition, served.access)


def push(client: KernelClient, source: str, seconds: int = 60, slug: str = SLUG) -> int:
    return client.push(slug, slug, source, gpu=False, seconds=seconds)


def ended(client: KernelClient, version: int = 1) -> str:
    """Return how a run ended."""
    while not (status := client.status(SLUG, version)).ended:
        time.sleep(0.05)  # the test's time-out tells when it never ends
    return status.status


def text_of(client: KernelClient, name: str) -> str:
    with client.open_file(client.output(SLUG, 1).files[name]) as stream:
        return b"".join(stream.chunks).decode()


def test_a_run_gets_the_files_and_nobodys_environment(
    start: Start, client_at: Callable[[Served], KernelClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_KEY", "a-very-secret-key")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    client = client_at(start(kernels=True))
    source = """
import json, os
from pathlib import Path
rows = Path("../input/competitions/optical-digits/test.csv").read_text().count("\\n")
Path("found.json").write_text(json.dumps({"rows": rows, "environment": dict(os.environ)}))
"""
    assert push(client, source) == 1
    assert ended(client) == "complete"
    found = json.loads(text_of(client, "found.json"))
    assert found["rows"] == 600
    assert "a-very-secret-key" not in found["environment"].values()
    assert "PYTHONPATH" not in found["environment"]
    assert found["environment"]["HOME"] != os.environ["HOME"]


def test_no_network_where_that_can_be_had(
    start: Start, client_at: Callable[[Served], KernelClient]
) -> None:
    probe = ["unshare", "--map-root-user", "--net", "true"]
    if not sys.platform.startswith("linux") or subprocess.run(probe, check=False).returncode:
        pytest.skip("this system gives a process no namespace of its own")
    served = start(kernels=True)
    client = client_at(served)
    push(client, f"import urllib.request as r; r.urlopen({served.url!r}, timeout=5)")
    assert ended(client) == "error"
    assert "Network is unreachable" in client.output(SLUG, 1).log


def test_a_failing_run_is_told_by_its_log(
    start: Start, client_at: Callable[[Served], KernelClient]
) -> None:
    client = client_at(start(kernels=True))
    push(client, "print('before', flush=True); raise ValueError('my own mistake')")
    assert ended(client) == "error"
    log = client.output(SLUG, 1).log
    assert "before" in log and "my own mistake" in log


def test_a_run_ends_with_its_time_and_all_that_it_started(
    start: Start, client_at: Callable[[Served], KernelClient]
) -> None:
    client = client_at(start(kernels=True))
    source = """
import subprocess, sys, time
from pathlib import Path
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
Path("pid.txt").write_text(str(child.pid))
time.sleep(600)
"""
    push(client, source, seconds=1)
    assert ended(client) == "error"
    assert "ended after 1 seconds" in client.output(SLUG, 1).log
    assert is_gone(int(text_of(client, "pid.txt")))


def is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().split()[2]
        except (FileNotFoundError, ProcessLookupError):  # gone before or while it is read
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.long
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_ends_with_the_server_which_knows_it_afterwards(
    kind: signal.Signals, practice_folder: Path
) -> None:
    with PracticeKaggle(practice_folder, kernels=True) as practice:
        client = KernelClient(Served(practice_folder).competition, practice.access)
        push(
            client, "import os, time; open('pid.txt', 'w').write(str(os.getpid())); time.sleep(600)"
        )
        pid = practice_folder / "kernels" / SLUG / "v1" / "kaggle" / "working" / "pid.txt"
        while not pid.is_file() or not pid.read_text():
            time.sleep(0.05)
        server = practice._process
        assert server is not None
        server.send_signal(kind)
        server.wait(20)
    assert is_gone(int(pid.read_text()))
    with PracticeKaggle(practice_folder, kernels=True) as practice:
        client = KernelClient(Served(practice_folder).competition, practice.access)
        assert client.status(SLUG, 1).status == "error"


@pytest.fixture
def faulty(start: Start) -> Callable[[str], KernelClient]:
    """Return a client of a practice Kaggle where things go wrong."""

    def begin(faults: str) -> KernelClient:
        served = start(kernels=True, faults=faults)
        return KernelClient(served.competition, served.access)

    return begin


def test_refused_pushes(faulty: Callable[[str], KernelClient]) -> None:
    client = faulty("refuse-push=0,refuse-push=2,refuse-push=3")
    with pytest.raises(MachinesBusy, match="Maximum batch CPU session count of 5 reached"):
        push(client, "")
    for words in ("weekly GPU quota of 30.00 hours", "Notebook not found"):
        with pytest.raises(PushRefused, match=words):
            push(client, "")
    assert client.find(SLUG) is None


def test_a_dropped_source_is_a_refusal_though_it_runs(
    faulty: Callable[[str], KernelClient],
) -> None:
    client = faulty("drop-source")
    with pytest.raises(SourceDropped, match="without the files of optical-digits"):
        push(client, "")
    assert client.find(SLUG) is not None


@pytest.mark.parametrize(
    ("fault", "status"), [("fail-kernel", "error"), ("cancel-kernel", "cancel_acknowledged")]
)
def test_runs_that_end_otherwise(
    fault: str, status: str, faulty: Callable[[str], KernelClient]
) -> None:
    client = faulty(fault)
    push(client, "import time; time.sleep(600)")
    assert ended(client) == status


def test_a_queue_then_an_old_status_cut_output_and_an_empty_log(
    faulty: Callable[[str], KernelClient],
) -> None:
    client = faulty("queue=0.5,old-version,cut-output,empty-log")
    push(client, "open('a.txt', 'w'); open('b.txt', 'w'); print('hello')")
    assert client.status(SLUG, 1).status == "queued"  # there is no older one yet
    assert list(client.log_lines(SLUG)) == ["hello"]  # it is waited for
    assert ended(client) == "complete"
    assert list(client.output(SLUG, 1).files) == ["a.txt"]
    assert client.output(SLUG, 1).log == ""
    assert list(client.output(SLUG, 1).files) == ["a.txt", "b.txt"]


def test_nothing_is_run_where_nobody_asked_for_it(start: Start) -> None:
    served = start()
    address = f"{served.url}/api/v1/kernels.KernelsApiService/SaveKernel"
    reply = requests.post(address, json={}, auth=(served.username, served.key), timeout=10)
    assert reply.status_code == 501
    log = f"{served.url}/api/v1/kernels/logs/stream/you/{SLUG}"
    assert requests.get(log, auth=(served.username, served.key), timeout=10).status_code == 404


def test_strangers_push_nothing_and_see_nothing(start: Start) -> None:
    served = start(kernels=True)
    address = f"{served.url}/api/v1/kernels.KernelsApiService/SaveKernel"
    reply = requests.post(address, json={}, auth=("you", "guessed"), timeout=10)
    assert reply.status_code == 401
    for path in (f"api/v1/kernels/logs/stream/you/{SLUG}", f"output/{SLUG}/1/a.txt"):
        assert requests.get(f"{served.url}/{path}", timeout=10).status_code in (401, 403)


def test_a_folder_may_be_named_from_here(
    tmp_path: Path,
    client_at: Callable[[Served], KernelClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As `make rehearse` does, whose folder is `runs`."""
    monkeypatch.chdir(tmp_path)
    served = Served(Path("wine"), load_competition("wine"), kernels=True)
    client = client_at(served)
    version = push(client, "print('here')")
    assert ended(client, version) == "complete"
    served.end()
