"""The calls about kernels in bare HTTP: what is refused, listed in pages, deleted and streamed."""

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from competition.practice.kernels.log import read_log
from tests.serving import Served

Start = Callable[..., Served]
SLUG = "a-run"


def call(served: Served, method: str, **fields: Any) -> requests.Response:
    return requests.post(
        f"{served.url}/api/v1/kernels.KernelsApiService/{method}",
        json={"userName": "you", "kernelSlug": SLUG} | fields,
        auth=(served.username, served.key),
        timeout=10,
    )


def push(
    served: Served, source: str, slug: str = SLUG, owner: str = "you", **fields: Any
) -> dict[str, Any]:
    fields = {"slug": f"{owner}/{slug}", "newTitle": slug, "text": source} | fields
    reply: dict[str, Any] = call(served, "SaveKernel", **fields).json()
    return reply


def ended(served: Served) -> str:
    """Return how a run ended."""
    status = "QUEUED"
    while status in ("QUEUED", "RUNNING"):
        time.sleep(0.05)  # the test's time-out tells when it never ends
        status = call(served, "GetKernelSessionStatus").json()["status"]
    return status


def is_there(path: Path) -> bool:
    for _ in range(100):
        if path.is_file() and path.read_text():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("source", ["no JSON", "{}", "[]", '{"cells": [{"cell_type": "code"}]}'])
def test_what_is_no_notebook_fails_and_its_log_says_so(start: Start, source: str) -> None:
    served = start(kernels=True)
    push(served, source, kernelType="notebook")
    assert ended(served) == "ERROR"
    log = call(served, "ListKernelSessionOutput").json()["log"]
    assert "The notebook cannot be read" in log


def test_the_code_cells_of_a_notebook_are_run(start: Start) -> None:
    cells = [("code", "number = 6"), ("markdown", "no code"), ("code", ["print(\n", "number * 7)"])]
    notebook = {"cells": [{"cell_type": kind, "source": source} for kind, source in cells]}
    served = start(kernels=True)
    push(served, json.dumps(notebook), kernelType="notebook")
    assert ended(served) == "COMPLETE"
    log = json.loads(call(served, "ListKernelSessionOutput").json()["log"])
    assert [entry["data"] for entry in log] == ["42\n"]


def test_a_run_that_cannot_begin_ends_in_error(start: Start, practice_folder: Path) -> None:
    served = start(kernels=True)
    (practice_folder / "public" / "test.csv").unlink()
    push(served, "", competitionDataSources=["optical-digits"])
    assert ended(served) == "ERROR"


def test_what_a_run_leaves_behind_keeps_no_session_open(start: Start, tmp_path: Path) -> None:
    served = start(kernels=True)
    pid = tmp_path / "pid"
    push(
        served,
        f"""
import subprocess, sys
left = [sys.executable, "-c", "import time; time.sleep(20)"]
open({str(pid)!r}, "w").write(str(subprocess.Popen(left, start_new_session=True).pid))
""",
    )
    begun = time.monotonic()
    assert ended(served) == "COMPLETE"
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize("fault", ["", "queue=0.5"])
def test_a_kernel_that_is_deleted_runs_no_further(start: Start, tmp_path: Path, fault: str) -> None:
    served = start(kernels=True, faults=fault)
    beats = tmp_path / "beats"
    source = f"""
import time
while True:
    open({str(beats)!r}, "a").write("x")
    time.sleep(0.02)
"""
    assert push(served, source)["versionNumber"] == 1
    assert fault or is_there(beats)
    assert call(served, "DeleteKernel").status_code == 200
    told = beats.read_text() if beats.is_file() else ""
    time.sleep(0.8)
    assert (beats.read_text() if beats.is_file() else "") == told
    assert call(served, "GetKernelSessionStatus").status_code == 404
    assert push(served, "")["versionNumber"] == 1
    assert ended(served) == "COMPLETE"


def test_files_of_any_name_are_fetched(start: Start) -> None:
    names = ["a b.txt", "a#b.txt", "a%41.txt", "a+b.txt", "a?b.txt", "deep/ä.txt"]
    served = start(kernels=True)
    push(
        served,
        f"""
from pathlib import Path
Path("deep").mkdir()
for name in {names!r}:
    Path(name).write_text(name)
""",
    )
    assert ended(served) == "COMPLETE"
    files = call(served, "ListKernelSessionOutput").json()["files"]
    assert [each["fileName"] for each in files] == names
    for proxies in ({}, {"http": served.url}):  # the second as the official client is led here
        for each in files:
            assert requests.get(each["url"], timeout=10, proxies=proxies).text == each["fileName"]


def test_listings_come_in_pages(start: Start) -> None:
    served = start(kernels=True)
    push(served, "for name in 'abc': open(name, 'w')")
    assert ended(served) == "COMPLETE"
    for method, key in (("ListKernelFiles", "name"), ("ListKernelSessionOutput", "fileName")):
        first = call(served, method, pageSize=2).json()
        assert [each[key] for each in first["files"]] == ["a", "b"]
        second = call(served, method, pageSize=2, pageToken=first["nextPageToken"]).json()
        assert [each[key] for each in second["files"]] == ["c"]
        assert "nextPageToken" not in second
    push(served, "", slug="other")
    assert [
        each["slug"] for each in call(served, "ListKernels", pageSize=1, page=2).json()["kernels"]
    ] == [SLUG]
    assert call(served, "ListKernels", search="nothing").json()["kernels"] == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"newTitle": "another title"}, "give the slug"),
        ({"slug": "abc"}, "five characters"),
        ({"owner": "somebody"}, "Notebook not found"),
        ({"language": "r"}, "must be Python"),
        ({"text": "#" * ((1 << 20) + 1)}, "at most 1 MB"),
    ],
)
def test_a_refused_push_is_a_success_with_an_error(
    start: Start, fields: dict[str, Any], words: str
) -> None:
    served = start(kernels=True)
    assert words in push(served, "", **fields)["error"]
    assert call(served, "ListKernels").json()["kernels"] == []


def test_sources_that_are_not_there_are_named_and_a_machine_decides(start: Start) -> None:
    served = start(kernels=True)
    sources = {"datasetDataSources": ["a/b"], "kernelDataSources": ["c/d"]}
    reply = push(served, "", machineShape="NvidiaTeslaT4", **sources)
    assert (reply["invalidDatasetSources"], reply["invalidKernelSources"]) == (["a/b"], ["c/d"])
    assert call(served, "GetKernel").json()["metadata"]["enableGpu"] is True


def test_many_who_follow_a_silent_run_keep_nobody_waiting(start: Start) -> None:
    served = start(kernels=True)
    push(served, "import time; print('hello', flush=True); time.sleep(30)")
    address = f"{served.url}/api/v1/kernels/logs/stream/you/{SLUG}"
    auth = (served.username, served.key)
    followed = [requests.get(address, auth=auth, stream=True, timeout=10) for _ in range(50)]
    assert call(served, "GetKernelSessionStatus").json()["status"] == "RUNNING"
    assert b"hello" in next(followed[0].iter_lines())
    for each in followed:
        each.close()


def test_half_a_line_of_a_log_waits_for_its_rest(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    assert read_log(path) == ([], 0)
    path.write_text('{"data": "one"}\n{"data": "t')
    entries, position = read_log(path)
    assert entries == [{"data": "one"}]
    path.write_text('{"data": "one"}\n{"data": "two"}\n')
    assert read_log(path, position)[0] == [{"data": "two"}]


def test_gpu_hours_are_renewed_on_saturdays(start: Start, practice_folder: Path) -> None:
    served = start(kernels=True)
    push(served, "pass", enableGpu=True)
    assert ended(served) == "COMPLETE"

    def quota_after(hours: float, days_ago: float) -> tuple[float, datetime]:
        """Have the run taken so long and ended then; ask what is used, and until when."""
        end = time.time() - 24 * 3600 * days_ago
        with (
            closing(sqlite3.connect(practice_folder / "kernels" / "kernels.db")) as database,
            database,
        ):
            database.execute(
                "UPDATE versions SET started = ?, ended = ?", (end - 3600 * hours, end)
            )
        reply = call(served, "GetAcceleratorQuotaStatistics").json()
        until = datetime.fromisoformat(reply["quotaRefreshTime"].replace("Z", "+00:00"))
        return float(reply["gpuQuota"]["timeUsed"].removesuffix("s")), until

    used, until = quota_after(2, days_ago=0)
    assert used == 7200
    assert (until.weekday(), until.hour, until.minute) == (5, 0, 0) and until > datetime.now(UTC)
    assert quota_after(2, days_ago=7)[0] == 0
