"""One run on Kaggle's machines, whatever goes wrong: pushed once, and its columns here."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from competition.errors import PodiumError
from competition.kaggle.client import KaggleError
from competition.kaggle.kernels.client import PushRefused, SourceDropped
from pipelines.columns import read_columns
from submissions.__main__ import app
from submissions.kernels.running import limit_of
from submissions.kernels.runs import slug_of
from submissions.ledger.tables import KernelState
from tests.submissions.kernels.conftest import Desk
from tests.typed import typed

AtDesk = Callable[..., Desk]


def columns_of(desk: Desk) -> int:
    plan = desk.plan
    store = plan.workspace.predictions
    return len(read_columns(store, plan.data.fingerprint, plan.problem.metric.name))


def check_done(desk: Desk, attempts: int = 1) -> None:
    """One run each, and the column is here."""
    rows = desk.rows()
    assert [row.attempt for row in rows] == list(range(attempts, 0, -1))
    assert rows[0].state == KernelState.DONE
    assert [desk.started_for(row) for row in rows] == [1] * attempts
    assert columns_of(desk) == 1


def test_a_run_is_pushed_waited_for_and_brought_home(at_desk: AtDesk) -> None:
    desk = at_desk(body="print('hello from there', flush=True); import time; time.sleep(0.5)")
    merged = desk.run()
    assert len(merged.added) == 1 and merged.known == 0
    check_done(desk)
    assert "  hello from there" in desk.heard.lines
    (version,) = desk.taken()
    assert version.seconds == 60 and not version.internet and not version.gpu
    log = desk.plan.workspace.runs / "kernels" / f"{version.slug}-v1" / "log.txt"
    assert "a column is made" in log.read_text()
    again = desk.run()
    assert (len(again.added), again.known) == (0, 1)
    check_done(desk, attempts=2)


@pytest.mark.parametrize(
    "faults",
    [
        "lose-reply@SaveKernel",
        "lose-reply=502@SaveKernel",
        "drop@SaveKernel",
        "refuse=503@SaveKernel",
        "refuse-push=0*2",
        "queue=0.3",
        "refuse=503@GetKernelSessionStatus*3,drop@ListKernelSessionOutput",
        "cut@output,corrupt@output,error-body@output",
    ],
)
def test_what_passes_is_waited_out_or_looked_up(faults: str, at_desk: AtDesk) -> None:
    desk = at_desk(faults)
    desk.run()
    check_done(desk)


def test_a_slow_push_is_not_made_twice(at_desk: AtDesk) -> None:
    desk = at_desk("slow=0.8@SaveKernel")
    desk.run(patience=0.3)
    check_done(desk)


def test_an_answer_about_an_older_version_ends_nothing(at_desk: AtDesk) -> None:
    desk = at_desk(body="import time; time.sleep(0.4)")
    desk.run()
    desk.server.plan("old-version")
    desk.run()
    check_done(desk, attempts=2)


def test_refusals_are_kaggles_words_and_the_next_call_may_try_again(at_desk: AtDesk) -> None:
    desk = at_desk("refuse-push=3")
    with pytest.raises(PushRefused, match="did not take the kernel: Notebook not found"):
        desk.run()
    assert desk.rows()[0].state == KernelState.REFUSED and not desk.taken()
    desk.run()
    assert [row.state for row in desk.rows()] == [KernelState.DONE, KernelState.REFUSED]


def test_a_run_without_the_files_counts_as_refused(at_desk: AtDesk) -> None:
    desk = at_desk("drop-source")
    with pytest.raises(SourceDropped, match="without the files of wine"):
        desk.run()
    assert desk.rows()[0].state == KernelState.FAILED


def test_a_failed_run_says_the_end_of_its_log(at_desk: AtDesk) -> None:
    desk = at_desk(body="print('before', flush=True); raise ValueError('my own mistake')")
    with pytest.raises(PodiumError, match=r"ended with error.*\n(.*\n)*.*my own mistake"):
        desk.run()
    assert desk.rows()[0].state == KernelState.FAILED
    at_desk()
    desk.run()
    check_done_after_failure(desk)


def check_done_after_failure(desk: Desk) -> None:
    assert [row.state for row in desk.rows()] == [KernelState.DONE, KernelState.FAILED]
    assert columns_of(desk) == 1


def test_a_cancelled_run_without_a_log_is_a_sentence(at_desk: AtDesk) -> None:
    desk = at_desk("cancel-kernel,empty-log*9", body="import time; time.sleep(60)")
    with pytest.raises(PodiumError, match=r"ended with cancel_acknowledged.*and empty\.$"):
        desk.run()


def test_missing_output_is_looked_for_again_by_the_same_command(at_desk: AtDesk) -> None:
    desk = at_desk("cut-output")
    with pytest.raises(KaggleError, match=r"lists no columns\.zip"):
        desk.run()
    desk.run()
    check_done(desk)


def test_gpu_hours_are_said_and_kept_to(at_desk: AtDesk) -> None:
    desk = at_desk()
    asked = replace(desk.asked, gpu=True)
    desk.run(asked)
    assert "30.0 of 30 GPU hours are left this week" in desk.heard.lines
    assert desk.taken()[0].gpu


def test_no_session_is_longer_than_kaggles() -> None:
    assert limit_of(3600) == 4500
    with pytest.raises(PodiumError, match="Ask for BUDGET=9h at most"):
        limit_of(11 * 3600)


def test_a_slug_is_short_and_the_same_for_the_same(at_desk: AtDesk) -> None:
    asked = at_desk().asked
    slug = slug_of("house-prices-advanced-regression-techniques", asked)
    assert len(slug) <= 50 and slug.startswith("podium-house-prices-")
    assert slug == slug_of("house-prices-advanced-regression-techniques", replace(asked, attempt=7))
    assert slug != slug_of("house-prices-advanced-regression-techniques", replace(asked, seconds=7))


def test_the_command_and_its_list(at_desk: AtDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at_desk()
    for name, value in desk.server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATA_DIR", str(desk.plan.workspace.data.parent))
    monkeypatch.setenv("RUNS_DIR", str(desk.plan.workspace.runs.parent))
    none = typed(app, "submissions", "kernel", "--status")
    assert none.stdout == "No run was pushed yet. Next: make kernel\n"
    monkeypatch.setenv("NOTIFY", "http://127.0.0.1:1/topic")
    done = typed(app, "submissions", "kernel", "-p", "linear", "--budget", "5s")
    assert done.returncode == 0, done.stderr
    assert "NOTIFY could not be told (ConnectionError).\n" in done.stderr
    assert "1 new column\n" in done.stdout
    (listed,) = json.loads(typed(app, "submissions", "kernel", "--status", "--json").stdout)
    assert (listed["state"], listed["version"]) == ("done", 1)
    assert listed["asked"]["pipelines"] == "linear"
    wrong = typed(app, "submissions", "kernel", "-p", "nothing")
    assert wrong.returncode == 1 and "There is no pipeline 'nothing'" in wrong.stderr
