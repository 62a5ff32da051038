"""Tuning keeps to the clock, resumes after anything, and ends with columns."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from competition.settings import data_folder, database_url, runs_folder
from optuna.trial import TrialState

from competition import Competition, PodiumError
from competition.data.dataset import load_dataset
from pipelines import trial_run, tuning
from pipelines.base import Params, load_pipeline
from pipelines.metrics import score
from pipelines.models.images.logistic import Logistic
from pipelines.search.coordinator import tune
from pipelines.search.fit import FitRequest, FitResult, fit_fold
from pipelines.search.plan import Plan
from pipelines.search.progress import Progress, Report
from pipelines.search.storage import open_storage
from pipelines.search.store import Column
from pipelines.search.study import open_study, put_back, sole_coordinator

ROOT = Path(__file__).parents[2]


def memory_study() -> optuna.Study:
    return optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.SuccessiveHalvingPruner(1),
    )


def tune_until(
    enough: Callable[[], bool],
    study: optuna.Study,
    plan: Plan,
    report: Report = lambda step: None,
) -> Column:
    """Tune knn for some seconds, again and again on a machine that is too busy."""
    for _ in range(12):
        (column,) = tune(load_pipeline("knn"), study, plan, 8.0, report)
        if enough():
            return column
    raise AssertionError(f"{len(study.trials)} trials in more than a minute and a half")


@pytest.fixture
def plan(make_plan_of: Callable[..., Plan]) -> Plan:
    return make_plan_of()


def test_tuning_starts_at_the_shipped_point_and_ends_with_a_true_column(plan: Plan) -> None:
    pipeline = load_pipeline("knn")
    study = memory_study()
    steps: list[Progress] = []
    column = tune_until(lambda: len(study.trials) > 1, study, plan, steps.append)
    assert study.trials[0].params == pipeline.shipped()[0].params
    assert all(trial.state.is_finished() for trial in study.trials if trial.state.value != 4)
    outcome = score(column.oof(), np.asarray(plan.data.train_labels))
    assert outcome.accuracy == column.score.accuracy == study.best_value
    assert outcome.accuracy > 0.97
    assert column.test().shape == (599, 10)
    assert steps[-1].best is not None
    assert steps[-1].best.accuracy == outcome.accuracy


def test_a_budget_that_is_too_small_still_ends_with_a_column(plan: Plan) -> None:
    study = memory_study()
    (column,) = tune(load_pipeline("logistic"), study, plan, 0.01, lambda step: None)
    assert column.score.accuracy > 0.9
    assert len(study.trials) == 1


def test_a_known_configuration_is_not_fitted_again(plan: Plan) -> None:
    first = tune(load_pipeline("logistic"), memory_study(), plan, 0.01, lambda step: None)
    files = {path: path.stat().st_mtime_ns for path in plan.store.root.rglob("*.npz")}
    second = tune(load_pipeline("logistic"), memory_study(), plan, 0.01, lambda step: None)
    assert first[0].key == second[0].key
    assert files == {path: path.stat().st_mtime_ns for path in plan.store.root.rglob("*.npz")}


def test_sampled_trials_are_screened_and_few_go_on(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a sixth of the rows; the shipped point is not screened, only entered as one to beat."""
    for module in (tuning, trial_run):
        monkeypatch.setattr(module, "SCREEN_ROWS", 130)
    study = memory_study()

    def screened() -> list[optuna.trial.FrozenTrial]:
        return [trial for trial in study.trials[2:] if 1 in trial.intermediate_values]

    column = tune_until(lambda: len(screened()) > 4, study, plan)
    first, to_beat = study.trials[:2]
    assert (first.state, list(first.intermediate_values)) == (TrialState.COMPLETE, [2, 3, 4])
    assert to_beat.params == first.params
    assert list(to_beat.intermediate_values) == [1, 2, 3, 4]
    stopped = [trial for trial in screened() if list(trial.intermediate_values) == [1]]
    assert len(stopped) > len(screened()) / 2
    assert column.score.accuracy == max(t.value or 0 for t in study.trials)
    fitted = {path.parent.name for path in plan.store.root.rglob("fold-0.npz")}
    assert fitted.isdisjoint(trial.user_attrs["key"] for trial in stopped)


def test_all_rows_from_the_start_where_that_is_asked(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (tuning, trial_run):
        monkeypatch.setattr(module, "SCREEN_ROWS", 130)
    study = memory_study()
    tune(load_pipeline("knn"), study, replace(plan, two_speeds=False), 3.0, lambda step: None)
    assert not list(plan.store.root.rglob("fold-*-130.npz"))


class Impossible(Logistic):
    """Asks for a regularisation that scikit-learn refuses."""

    def suggest(self, trial: optuna.trial.BaseTrial) -> Params:
        """Ask for what cannot be."""
        return super().suggest(trial) | {"C": -1.0}


def test_a_pipeline_that_cannot_be_fitted_is_a_sentence(plan: Plan) -> None:
    with pytest.raises(PodiumError, match="logistic cannot be fitted: The 'C' parameter"):
        tune(Impossible(), memory_study(), plan, 30.0, lambda step: None)


def test_an_open_trial_is_queued_again(tmp_path: Path) -> None:
    storage = open_storage(f"sqlite:///{tmp_path / 'podium.db'}")
    study = open_study(storage, "s", "tpe", 0, "me")
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    put_back(study, [trial.number], "a test")
    assert [t.state for t in study.trials] == [TrialState.FAIL, TrialState.WAITING]
    assert study.ask().suggest_float("x", 0, 1) == trial.params["x"]


def asked(folder: Path, name: str, sampler: str, seed: int) -> list[float]:
    """Return what a sampler asks for when higher numbers are better."""
    study = open_study(open_storage(f"sqlite:///{folder / 'podium.db'}"), name, sampler, seed, "me")
    numbers = []
    for _ in range(20):
        trial = study.ask()
        numbers.append(trial.suggest_float("x", 0, 1))
        study.tell(trial, numbers[-1])
    return numbers


def test_samplers_keep_to_their_seed_and_tpe_alone_learns(tmp_path: Path) -> None:
    tpe, random = asked(tmp_path, "a", "tpe", 0), asked(tmp_path, "b", "random", 0)
    assert asked(tmp_path, "c", "tpe", 0) == tpe
    assert asked(tmp_path, "d", "random", 0) == random
    assert asked(tmp_path, "e", "random", 1) != random
    assert np.mean(tpe[10:]) > np.mean(random[10:]) + 0.1


def test_two_coordinators_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        sole_coordinator(tmp_path),
        pytest.raises(PodiumError, match="Another `make tune` is at work"),
        sole_coordinator(tmp_path),
    ):
        pass
    with sole_coordinator(tmp_path):
        pass


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "DATABASE_URL is not a database address"),
        ("postgresql://user:geheim@127.0.0.1:1/none", "cannot be used"),
        ("unknowndb://x", "DATABASE_URL is not a database address"),
    ],
)
def test_a_useless_database_is_a_sentence_without_its_password(url: str, told: str) -> None:
    with pytest.raises(PodiumError, match=told) as caught:
        open_storage(url)
    assert "geheim" not in str(caught.value)


def test_a_damaged_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "podium.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(PodiumError, match="not a database"):
        open_storage(f"sqlite:///{tmp_path / 'podium.db'}")


@pytest.mark.parametrize("url", ["", "sqlite://"])
def test_a_full_disk_is_a_sentence(url: str, workplace: Competition) -> None:
    """A limit on the size of files stands in for the disk: it stops the database, or a fit."""
    code = (
        "import resource, runpy, sys;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000));"
        "sys.argv = ['pipelines', 'tune', '-p', 'logistic', '--budget', '20s'];"
        "runpy.run_module('pipelines', run_name='__main__')"
    )
    load_dataset(workplace, data_folder(workplace))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert ("not allowed" if url else "cannot be used (") in done.stderr
    assert not [path for path in runs_folder(workplace).rglob("*") if ".part" in path.name]


def start_tuning(budget: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pipelines", "tune", "-p", "knn", "--budget", budget]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def the_study(competition: Competition) -> optuna.Study | None:
    path = runs_folder(competition) / "podium.db"
    if not path.is_file():
        return None
    storage = open_storage(database_url(competition))
    names = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=names[0], storage=storage) if names else None


def finished(study: optuna.Study) -> dict[int, tuple[TrialState, float | None]]:
    return {t.number: (t.state, t.value) for t in study.trials if t.state.is_finished()}


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    listed = subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(process.pid)], text=True)
    return [int(pid) for pid in listed.split()]


@pytest.mark.slow
def test_killed_at_any_moment_the_same_command_goes_on(workplace: Competition) -> None:
    """No finished trial is repeated, none is lost, no study is locked, no worker is left."""
    before: dict[int, tuple[TrialState, float | None]] = {}
    files: dict[Path, int] = {}
    for pause in (0.3, 0.7, 0.1):
        process = start_tuning("90s")
        while (study := the_study(workplace)) is None or len(finished(study)) < len(before) + 4:
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(pause)
        workers = workers_of(process)
        assert workers
        process.send_signal(signal.SIGKILL)
        process.wait()
        while [pid for pid in workers if Path(f"/proc/{pid}").exists()]:
            time.sleep(0.1)  # the test's time-out tells when they never end

        study = the_study(workplace)
        assert study is not None
        now = finished(study)
        assert {number: now[number] for number in before} == before
        before = now
        store = runs_folder(workplace) / "predictions"
        assert not [path for path in store.rglob("*.npz") if not np.load(path)["scored"].size]
        assert files.items() <= {p: p.stat().st_mtime_ns for p in store.rglob("*.npz")}.items()
        files = {path: path.stat().st_mtime_ns for path in store.rglob("*.npz")}

    open_params = [t.params for t in study.trials if t.state == TrialState.RUNNING and t.params]
    assert start_tuning("8s").wait() == 0
    study = the_study(workplace)
    assert study is not None
    after = finished(study)
    assert {number: after[number] for number in before} == before
    kept = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.WAITING)
    known = [t.params or t.system_attrs["fixed_params"] for t in study.trials if t.state in kept]
    assert all(params in known for params in open_params)
    assert not [t for t in study.trials if t.state == TrialState.RUNNING]
    columns = {path.parent for path in store.rglob("manifest.json")}  # these got test predictions
    untouched = {path: made for path, made in files.items() if path.parent not in columns}
    assert untouched.items() <= {p: p.stat().st_mtime_ns for p in store.rglob("*.npz")}.items()


@pytest.mark.slow
def test_ctrl_c_ends_with_a_sentence_and_loses_nothing(workplace: Competition) -> None:
    command = [sys.executable, "-m", "pipelines", "tune", "-p", "knn", "--budget", "90s"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while (study := the_study(workplace)) is None or len(finished(study)) < 3:
        assert process.poll() is None
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told.strip() == "Interrupted. What was finished is kept; the same command goes on."
    study = the_study(workplace)
    assert study is not None
    assert not [t for t in study.trials if t.state == TrialState.RUNNING]


def test_workers_that_keep_dying_are_a_sentence(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "fit_fold", die)
    with pytest.raises(PodiumError, match="logistic cannot be fitted: 3 workers died of it"):
        tune(load_pipeline("logistic"), memory_study(), plan, 60.0, lambda step: None)


def test_a_worker_that_dies_once_costs_nothing(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PODIUM_TEST_DIED", str(tmp_path / "died"))
    monkeypatch.setattr(tuning, "fit_fold", die_once)
    (column,) = tune(load_pipeline("logistic"), memory_study(), plan, 0.01, lambda step: None)
    assert column.score.accuracy > 0.9
    assert (tmp_path / "died").exists()


def die(request: FitRequest) -> FitResult:
    os._exit(9)


def die_once(request: FitRequest) -> FitResult:
    mark = Path(os.environ["PODIUM_TEST_DIED"])
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return fit_fold(request)
