"""Tuning as a person starts it: killed, interrupted, out of disk, or shared by two."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from competition.data.dataset import load_dataset
from competition.journal import read_journal
from competition.workspace import Workspace
from pipelines.__main__ import app
from pipelines.base import load_pipeline
from pipelines.columns import read_columns
from pipelines.search.plan import make_plan
from pipelines.search.studies.owners import asked_of
from pipelines.search.studies.study import open_storage, study_name
from tests.typed import typed

ROOT = Path(__file__).parents[3]
TUNE = [sys.executable, "-m", "pipelines", "tune", "-p"]


@pytest.fixture
def few_rows(workplace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The first 300 labelled digits and 100 others: fits that take a moment."""
    competition = replace(workplace.competition, train_rows=None, test_rows=None)
    rows = dict(zip(competition.files, (300, 100, 100), strict=True))
    for name, count in rows.items():
        path = workplace.data / name
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[: count + 1]))
    spec = tmp_path / "few.toml"
    spec.write_text(competition.to_toml())
    monkeypatch.setenv("COMPETITION", str(spec))
    return Workspace.in_folders(competition, tmp_path / "data", tmp_path / "runs")


def the_study(workspace: Workspace) -> optuna.Study:
    """Read the one study afresh: an opened one does not look at its finished trials again."""
    storage = open_storage(workspace.database)
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage)


def finished(study: optuna.Study) -> dict[int, tuple[TrialState, float | None]]:
    return {t.number: (t.state, t.value) for t in study.trials if t.state.is_finished()}


def wait_for_trials(count: int, workspace: Workspace, process: "subprocess.Popen[str]") -> None:
    """Wait until a run's study has so many finished trials."""
    while workspace.database.missing:
        assert process.poll() is None
        time.sleep(0.1)
    storage = open_storage(workspace.database)
    while (
        sum(
            len(finished(optuna.load_study(study_name=name, storage=storage)))
            for name in optuna.get_all_study_names(storage)
        )
        < count
    ):
        assert process.poll() is None
        time.sleep(0.1)


def workers_of(process: "subprocess.Popen[str]") -> list[int]:
    listed = subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(process.pid)], text=True)
    return [int(pid) for pid in listed.split()]


def start(pipeline: str, budget: str, **options: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*TUNE, pipeline, "--budget", budget],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )


def said(*words: str) -> str:
    done = typed(app, "pipelines", *words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.long
def test_it_tunes_and_blends_and_the_other_commands_show_it(
    few_rows: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKERS", "1")
    monkeypatch.setenv("NOTIFY", "http://127.0.0.1:1/topic")
    process = start("logistic svm", "1s")  # the first trial is always completed
    shown, told = process.communicate()
    assert (process.returncode, told) == (0, "NOTIFY could not be told (ConnectionError).\n")
    assert " pipeline  accuracy " in shown
    assert "blend      0.9" in shown
    assert shown.rstrip().endswith("Next: make submit")

    best, *_ = json.loads(said("results", "--json"))
    assert best["pipeline"] in {"logistic", "svm"} and best["metric"] == "accuracy"
    assert len(best["classes"]) == 10
    assert "precision" in said("results", "--classes", best["pipeline"])
    assert re.match(r"freed: \d+ configurations, \d+ files, [\d.]+ MB\n", said("clean"))
    monkeypatch.setenv("NOTE", "to look at it")
    assert said("blend").splitlines()[0] in shown
    tuned, blended = read_journal(few_rows)
    assert (tuned.step, tuned.asked["budget"], tuned.found["best"]["name"]) == (
        "tune",
        "1s",
        best["pipeline"],
    )
    assert (blended.step, blended.note) == ("blend", "to look at it")
    assert blended.found["blend"] == tuned.found["blend"]


@pytest.mark.long
def test_what_cannot_learn_numbers_is_left_out_with_a_word(
    workplace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = workplace.data.rename(workplace.data.with_name("digits-rmse"))
    sample = folder / "sample_submission.csv"
    sample.write_text(sample.read_text().replace("Label", "Value"))
    monkeypatch.setenv("COMPETITION", "digits-rmse")
    shown = said("tune", "-p", "logistic svm", "--budget", "1s", "--workers", "1")
    assert " pipeline  rmse " in shown
    assert "left out   logistic: it cannot learn numbers" in shown
    told = typed(app, "pipelines", "results", "--classes", "svm")
    assert told.returncode == 1
    assert told.stderr == "digits-rmse asks for numbers, so it has no classes.\n"


@pytest.mark.long
def test_killed_at_any_moment_the_same_command_goes_on(
    few_rows: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No finished trial is repeated, none is lost, no study is locked, no worker is left."""
    before: dict[int, tuple[TrialState, float | None]] = {}
    files: dict[Path, int] = {}
    for pause, processes in ((0.3, "2"), (0.1, "1")):
        monkeypatch.setenv("WORKERS", processes)
        process = start("svm", "90s")
        wait_for_trials(len(before) + 3, few_rows, process)
        time.sleep(pause)
        workers = workers_of(process)
        assert workers
        process.send_signal(signal.SIGKILL)
        process.communicate()
        while [pid for pid in workers if Path(f"/proc/{pid}").exists()]:
            time.sleep(0.1)  # the test's time-out tells when they never end

        study = the_study(few_rows)
        now = finished(study)
        assert {number: now[number] for number in before} == before
        before = now
        store = few_rows.predictions
        assert not [path for path in store.rglob("*.npz") if not np.load(path)["scored"].size]
        assert files.items() <= {p: p.stat().st_mtime_ns for p in store.rglob("*.npz")}.items()
        files = {path: path.stat().st_mtime_ns for path in store.rglob("*.npz")}

    left_open = [asked_of(t) for t in study.trials if t.state == TrialState.RUNNING]
    process = start("svm", "1s")
    shown, told = process.communicate()
    assert process.returncode == 0, told
    study = the_study(few_rows)
    after = finished(study)
    assert {number: after[number] for number in before} == before
    kept = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.WAITING)
    known = [asked_of(t) for t in study.trials if t.state in kept]
    assert all(params in known for params in left_open if params)
    assert not [t for t in study.trials if t.state == TrialState.RUNNING]
    columns = {path.parent for path in store.rglob("manifest.json")}  # these got test predictions
    untouched = {path: made for path, made in files.items() if path.parent not in columns}
    assert untouched.items() <= {p: p.stat().st_mtime_ns for p in store.rglob("*.npz")}.items()
    assert "Next: make submit" in shown


@pytest.mark.long
def test_ctrl_c_ends_with_a_sentence_and_loses_nothing(
    few_rows: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKERS", "1")
    process = start("svm", "90s", start_new_session=True)
    wait_for_trials(3, few_rows, process)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told.strip() == "Interrupted. What was finished is kept; the same command goes on."
    study = the_study(few_rows)
    assert not [t for t in study.trials if t.state == TrialState.RUNNING]


@pytest.mark.long
@pytest.mark.parametrize(
    ("url", "told"), [("", "database .*cannot be"), ("sqlite://", "disk is full: ")]
)
def test_a_full_disk_is_a_sentence(url: str, told: str, workplace: Workspace) -> None:
    """A limit on the size of files stands in for the disk: it stops the database, or a fit."""
    code = (
        "import resource, runpy, sys;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000));"
        "sys.argv = ['pipelines', 'tune', '-p', 'svm', '--budget', '20s'];"
        "runpy.run_module('pipelines', run_name='__main__')"
    )
    load_dataset(workplace.competition, workplace.data)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "WORKERS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert re.search(told, done.stderr), done.stderr
    assert not [path for path in workplace.runs.rglob("*") if ".part" in path.name]


@pytest.mark.long
def test_two_coordinators_share_a_study_and_repeat_nothing(
    few_rows: Workspace, postgres_schema: str, tmp_path: Path
) -> None:
    load_dataset(few_rows.competition, few_rows.data)
    environment = os.environ | {"DATABASE_URL": postgres_schema, "WORKERS": "1", "SAMPLER": "grid"}
    runs = [
        start("logistic", "600s", env=environment | {"RUNS_DIR": str(tmp_path / name)})
        for name in ("one", "two")
    ]
    ends = [process.communicate(timeout=200) for process in runs]
    assert [process.returncode for process in runs] == [0, 0], ends
    shared = Workspace.in_folders(
        few_rows.competition, tmp_path / "data", tmp_path / "one", postgres_schema
    )
    plan = make_plan(shared, 0)
    study = optuna.load_study(
        study_name=study_name(plan, load_pipeline("logistic")),
        storage=open_storage(shared.database),
    )
    by_owner: dict[str, set[str]] = {}
    for trial in study.get_trials(states=(TrialState.COMPLETE,)):
        by_owner.setdefault(trial.user_attrs["owner"], set()).add(trial.user_attrs["key"])
    one, two = by_owner.values()
    assert not one & two
    points = {t.user_attrs["point"] for t in study.get_trials() if "point" in t.user_attrs}
    ended = (TrialState.COMPLETE, TrialState.PRUNED)
    tried = {t.user_attrs["point"] for t in study.get_trials(states=ended)}
    assert len(points) > 3
    assert len(points - tried) <= 1  # one point of the grid may be the shipped one
    assert not [t for t in study.get_trials() if t.state == TrialState.RUNNING]
    assert read_columns(shared.predictions, plan.data.fingerprint, "accuracy")
