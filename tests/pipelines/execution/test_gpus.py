"""Which GPUs there are, and that each process of several sees one alone."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.base import load_pipeline
from pipelines.execution import gpus
from pipelines.execution.gpus import VARIABLE
from pipelines.execution.local import LocalExecutor
from pipelines.search.plan import Plan
from tests.pipelines.execution.strange_fits import gpu_seen


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A driver's command that lists two GPUs, where there is no driver."""
    monkeypatch.delenv(VARIABLE, raising=False)
    command = tmp_path / "nvidia-smi"
    command.write_text("#!/bin/sh\necho 'GPU 0: T4 (UUID: a)'\necho 'GPU 1: T4 (UUID: b)'\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    gpus._listed.cache_clear()
    return command


@pytest.fixture(autouse=True)
def forgotten() -> None:
    gpus._listed.cache_clear()


def test_they_are_those_that_the_driver_lists_or_the_variable_names(
    driver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gpus.gpus() == ("0", "1")
    monkeypatch.setenv(VARIABLE, "1, GPU-abc")
    assert gpus.gpus() == ("1", "GPU-abc")
    for nothing in ("", "-1"):
        monkeypatch.setenv(VARIABLE, nothing)
        assert gpus.gpus() == ()


def test_without_a_driver_there_are_none(driver: Path) -> None:
    driver.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n")
    assert gpus.gpus() == ()


@pytest.mark.parametrize("workers, processes, threads", [(1, 1, 1), (2, 2, 1), (8, 4, 2)])
def test_without_one_networks_share_the_cores_in_a_few_processes(
    workers: int,
    processes: int,
    threads: int,
    monkeypatch: pytest.MonkeyPatch,
    make_plan_of: Callable[..., Plan],
) -> None:
    monkeypatch.setenv(VARIABLE, "")
    executor = make_plan_of(workers=workers).executor(load_pipeline("cnn"))
    assert isinstance(executor, LocalExecutor)
    assert (executor.workers, executor.threads) == (processes, threads)


@pytest.mark.slow
def test_each_process_sees_one(driver: Path, make_plan_of: Callable[..., Plan]) -> None:
    plan = make_plan_of(workers=4)
    networks = plan.executor(load_pipeline("cnn"))
    assert networks.workers == 2
    with networks as executor:
        fits = [executor.submit(gpu_seen, 0.5) for _ in range(4)]
        assert {fit.result(60) for fit in fits} == {"0", "1"}
    assert plan.executor(load_pipeline("knn")).workers == plan.workers


@pytest.mark.slow
def test_a_process_that_takes_the_place_of_another_takes_its_gpu() -> None:
    with LocalExecutor(1, 1, ("7", "8")) as executor:
        assert executor.submit(gpu_seen, 0.0).result(60) == "7"
        executor.abandon()
        assert executor.submit(gpu_seen, 0.0).result(60) == "7"
