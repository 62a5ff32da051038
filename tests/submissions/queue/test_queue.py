"""Files wait for a slot; each reaches Kaggle once, the most promising first."""

import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from competition.errors import PodiumError
from competition.kaggle.client import KaggleError
from competition.problem.checking.checks import check
from competition.problem.metrics.measures import binomial_error
from competition.problem.sample import read_sample
from competition.spec import load_competition
from pipelines.blending.blend import fresh_blend
from submissions.clock import Clock
from submissions.ledger.ledger import Estimate, Ledger
from submissions.ledger.tables import State
from submissions.queue.files import Queue, estimated
from tests.submissions.conftest import Desk, tuned


def waiting(desk: Desk) -> list[str]:
    return [Path(row["file"]).name for row in json.loads(desk.run("queue", "--json").stdout)]


def fill(desk: Desk, seed: int) -> None:
    """Queue four files, the worst first; the names tell their order."""
    for offset, (name, estimate) in enumerate(
        [("third.csv", 0.9), ("last.csv", None), ("first.csv", 0.99), ("second.csv", 0.95)]
    ):
        said = ["--estimate", estimate] if estimate else []
        added = desk.run("queue", "add", desk.file(seed + offset, name), *said)
        assert added.returncode == 0, added.stderr


def sent_names(desk: Desk) -> list[str]:
    """Return the names of the files that this ledger submitted, in Kaggle's order of numbers."""
    own = {row.ref for row in desk.rows() if row.sha256}
    listed = [one for one in desk.client.submissions() if one.ref in own]
    return [one.file_name for one in sorted(listed, key=lambda one: one.ref)]


def test_the_best_estimate_goes_first_and_the_day_ends_it(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(daily=3)
    empty = desk.run("submit", "--from-queue")
    assert empty.returncode == 0 and "queue is empty" in empty.stdout
    fill(desk, 100)
    assert waiting(desk) == ["first.csv", "second.csv", "third.csv", "last.csv"]
    shown = desk.run("queue").stdout
    assert shown.index("first.csv") < shown.index("last.csv") and "unknown" in shown
    said = desk.run("submit", "--from-queue")
    assert said.returncode == 0, said.stderr
    assert re.findall(r"submission (\d) of 3 today: public 0\.", said.stdout) == ["1", "2", "3"]
    assert "1 file still in the queue. The next slot opens" in said.stdout
    assert sent_names(desk) == ["first.csv", "second.csv", "third.csv"]
    assert waiting(desk) == ["last.csv"]
    closed = desk.run("submit", "--from-queue")
    assert closed.returncode == 1 and "used up (3 of 3)" in closed.stderr
    first = desk.rows()[-1]
    assert first.cv_score == 0.99 and Path(first.file).is_file()


def test_waiting_goes_on_the_next_day(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(daily=2)
    fill(desk, 110)
    state = desk.practice.spec_path.parent / "practice.db"

    class Nights(Clock):
        """Sleeping through midnight lets the server's submissions grow a day older."""

        def __init__(self) -> None:
            self.passed = 0.0

        def now(self) -> datetime:
            return datetime.fromtimestamp(time.time() + self.passed, UTC)

        def sleep(self, seconds: float) -> None:
            self.passed += seconds
            if seconds > 1 and self.now().hour == 0:
                with sqlite3.connect(state) as database:
                    database.execute("UPDATE submissions SET created = created - 86400")

    sent = desk.submit_queue(wait=True, clock=Nights())
    assert (len(sent.outcomes), sent.left, sent.trouble) == (4, 0, None)
    assert all(outcome.submission.status == "complete" for outcome in sent.outcomes)
    assert sent_names(desk) == ["first.csv", "second.csv", "third.csv", "last.csv"]


def test_two_at_once_and_a_lost_reply_send_each_once(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults="lose-reply", delay=0.2)
    fill(desk, 120)

    def send() -> None:
        assert desk.at().submit_queue().trouble is None

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = sorted(one.file_name for one in desk.client.submissions())
    assert names == ["first.csv", "last.csv", "second.csv", "third.csv"]
    assert waiting(desk) == [] and all(row.status == "complete" for row in desk.rows())


def test_what_was_sent_is_told_though_the_rest_fails(desk: Desk) -> None:
    fill(desk, 130)

    class Tired(type(desk.client)):  # type: ignore[misc]
        def upload(self, path: Path) -> str:
            if path.name == "second.csv":
                raise KaggleError("the line is down")
            return super().upload(path)

    sent = desk.submit_queue(client=Tired(desk.competition, desk.workspace.access))
    assert len(sent.outcomes) == 1 and sent.left == 3
    assert "line is down" in str(sent.trouble)
    assert desk.run("submit", "--from-queue").returncode == 0
    assert sent_names(desk) == ["first.csv", "second.csv", "third.csv", "last.csv"]


def test_a_file_that_kaggle_cannot_score_does_not_hold_up_the_rest(desk: Desk) -> None:
    good, bad = desk.file(140, "good.csv"), desk.file(141, "bad.csv")
    desk.run("queue", "add", good)
    bad.write_text(bad.read_text().replace(",3\n", ",ten\n"))
    generous = replace(desk.competition, classes=(*desk.competition.classes, "ten"))
    desk = desk.at(competition=generous)
    report = check(bad, generous, read_sample(generous, desk.workspace.data))
    ledger = Ledger.open(desk.workspace)
    Queue(ledger, desk.workspace).add(report, estimate=Estimate(0.99, 0.001))
    sent = desk.submit_queue()
    assert [Path(one.submission.file).name for one in sent.outcomes] == ["good.csv"]
    assert "could not score" in str(sent.trouble) and sent.left == 0


def test_the_queue_lives_in_either_database(
    database: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    for seed, name in ((160, "a.csv"), (161, "b.csv")):
        assert desk.run("queue", "add", desk.file(seed, name)).returncode == 0
    assert desk.run("queue", "drop", "a.csv").returncode == 0
    assert waiting(desk) == ["b.csv"]
    said = desk.run("submit", "--from-queue", "--message", "from the queue")
    assert said.returncode == 0, said.stderr
    assert waiting(desk) == []
    (row,) = json.loads(desk.run("scores", "--json", "--refresh").stdout)[:1]
    assert row["message"] == "from the queue" and row["place"] >= 1


def test_the_queue_keeps_its_own_copy(desk: Desk) -> None:
    file = desk.file(150)
    desk.run("queue", "add", file, "--message", "kept")
    file.write_text("overwritten by the next run of a script")
    (row,) = json.loads(desk.run("queue", "--json").stdout)
    said = desk.run("submit", "--from-queue")
    assert said.returncode == 0, said.stderr
    (submitted,) = [one for one in desk.rows() if one.sha256]
    assert (submitted.sha256, submitted.message) == (row["sha256"], "kept")


def test_a_copy_that_was_changed_is_not_sent(desk: Desk) -> None:
    desk.run("queue", "add", desk.file(151))
    (row,) = json.loads(desk.run("queue", "--json").stdout)
    Path(row["file"]).write_text("1,2,3")
    assert "changed or missing" in desk.run("queue").stdout
    said = desk.run("submit", "--from-queue")
    assert said.returncode == 1 and f"queue drop {row['number']}" in said.stderr
    assert "1 file still in the queue" in said.stdout
    assert desk.run("queue", "drop", row["number"]).returncode == 0 and waiting(desk) == []


def test_a_blend_brings_its_own_estimate(desk: Desk) -> None:
    tuned(desk.workspace, 152)
    assert "place 1 of 1 file" in desk.run("queue", "add").stdout
    (row,) = json.loads(desk.run("queue", "--json").stdout)
    score = fresh_blend(desk.workspace).blend.score
    assert (row["cv_score"], row["cv_se"], row["cv_rows"], row["blend_name"]) == (
        score.value,
        score.standard_error,
        score.rows,
        "knn",
    )
    again = desk.run("queue", "add", "--estimate", 0.2, "--se", 0.02, "--message", "surer")
    assert "waits already" in again.stdout
    (row,) = json.loads(desk.run("queue", "--json").stdout)
    assert (row["cv_score"], row["cv_se"], row["message"]) == (0.2, 0.02, "surer")
    assert row["blend_name"] == "knn" and row["cv_rows"] is None


def test_an_estimate_is_one_by_the_metric() -> None:
    digits = load_competition("digit-recognizer")
    whole = Estimate(0.9, binomial_error(0.9, 42_000), 42_000)
    assert estimated(Estimate(), 0.9, None, digits) == whole
    assert estimated(Estimate(), None, None, digits) is None
    rmse = load_competition("digits-rmse")
    assert estimated(Estimate(), 23_451.5, None, rmse) == Estimate(23_451.5)
    kappa = load_competition("digits-kappa")
    assert estimated(Estimate(), -0.2, 0.1, kappa) == Estimate(-0.2, 0.1)
    wrong = ((99.3, digits), (-0.1, digits), (1.2, kappa), (float("nan"), rmse))
    for value, competition in wrong:
        with pytest.raises(PodiumError, match="is not a score by"):
            estimated(Estimate(), value, None, competition)


def test_the_least_error_goes_first_where_less_is_better(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk("digits-rmse", daily=1)
    for seed, name, estimate in ((1, "worse.csv", 3.1), (2, "best.csv", 1.2), (3, "none.csv", "")):
        said = ["--estimate", estimate] if estimate else []
        assert desk.run("queue", "add", desk.file(seed, name), *said).returncode == 0
    assert waiting(desk) == ["best.csv", "worse.csv", "none.csv"]
    desk.run("submit", "--from-queue")
    assert sent_names(desk) == ["best.csv"]


def test_what_is_at_kaggle_already_does_not_wait(desk: Desk) -> None:
    file = desk.file(153)
    desk.run("queue", "add", file)
    assert desk.run("submit", file).returncode == 0
    assert waiting(desk) == []
    refused = desk.run("queue", "add", file)
    assert refused.returncode == 1 and "--again" in refused.stderr
    assert len(desk.taken(file)) == 1


def test_an_interrupted_one_is_finished_and_not_sent_again(desk: Desk) -> None:
    """As a kill leaves it right after Kaggle took the file: the ledger says `sending`."""
    file = desk.file(154)
    desk.run("queue", "add", file)
    desk.run("submit", file)
    (row,) = [one for one in desk.rows() if one.sha256]
    ledger = Ledger.open(desk.workspace)
    ledger.change(row.id, state=State.SENDING, ref=None, status=None, public_score=None)
    assert waiting(desk) == ["mine.csv"]
    said = desk.run("submit", "--from-queue")
    assert said.returncode == 0 and f"submission {row.ref}: public 0." in said.stdout
    assert waiting(desk) == [] and len(desk.taken(file)) == 1


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["queue", "add", "none.csv"], 1, "none.csv was not queued: there is no such file"),
        (["queue", "add"], 1, "nothing to blend"),
        (["queue", "add", "x.csv", "--se", "0.1"], 2, "name both"),
        (["queue", "add", "x.csv", "--estimate", "1", "--se", "inf"], 2, "finite"),
        (["queue", "add", "x.csv", "--estimate", "99.3"], 2, "lies between 0 and 1"),
        (["queue", "drop", "7"], 1, "Nothing in the queue is called '7'"),
        (["submit", "x.csv", "--from-queue"], 2, "neither FILE nor --again"),
        (["queue", "--competition", "no-such", "drop", "7"], 1, "no-such"),
    ],
)
def test_bad_input_is_a_sentence(arguments: list[str], status: int, says: str, desk: Desk) -> None:
    said = desk.run(*arguments)
    assert said.returncode == status and says in said.stderr.replace("\n", " ")
