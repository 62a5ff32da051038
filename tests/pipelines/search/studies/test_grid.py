"""The grid sampler tries each point once and ends."""

from pathlib import Path

import optuna
import pytest

from pipelines.base import available_pipelines, load_pipeline
from pipelines.search.coordinator import tune
from pipelines.search.studies.grid import grid_points
from tests.pipelines.search.here import Here, made_up, memory_study, plan_here


@pytest.mark.parametrize("name", available_pipelines())
def test_every_pipeline_declares_a_small_grid_of_its_space(name: str) -> None:
    pipeline = load_pipeline(name)
    points = grid_points(pipeline)
    assert 2 <= len(points) <= 16
    assert len({point.name for point in points}) == len(points)
    for point in points:
        trial = optuna.trial.FixedTrial(point.params)
        pipeline.suggest(trial)
        assert trial.params == point.params


def test_the_grid_is_tried_once_and_not_again(tmp_path: Path) -> None:
    pipeline, plan = load_pipeline("logistic"), plan_here(tmp_path, place=Here(made_up))
    study = memory_study()
    tune(pipeline, study, plan, 120.0, lambda step: None, sampler="grid")
    tried = [trial.params for trial in study.trials]
    points = [point.params for point in [pipeline.shipped()[0], *grid_points(pipeline)]]
    assert tried == points
    tune(pipeline, study, plan, 120.0, lambda step: None, sampler="grid")
    assert [trial.params for trial in study.trials] == points
