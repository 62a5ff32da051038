"""Saved models are read where every type in them is known, and else refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from competition.errors import PodiumError
from pipelines.base import load_pipeline
from pipelines.execution.threads import cores
from pipelines.saved_models import dump_model, load_model


def dump(estimator: object, path: Path) -> None:
    import skops.io  # three seconds, which all that collect tests would wait

    skops.io.dump(estimator, path)


def test_a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    rows, labels = np.random.default_rng(0).random((40, 3)), np.arange(40) % 2
    model = LogisticRegression().fit(rows, labels)
    path = tmp_path / "model.skops"
    path.write_bytes(dump_model(model))
    np.testing.assert_array_equal(load_model(path).predict_proba(rows), model.predict_proba(rows))  # type: ignore[arg-type]


def test_a_foreign_type_is_refused_and_never_run(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    dump(FunctionTransformer(eval), path)
    with pytest.raises(PodiumError, match="which no model of Podium is made of"):
        load_model(path)


@pytest.mark.parametrize("ours", [cores, load_pipeline])
def test_a_function_of_ours_is_no_model_either(ours: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    dump(FunctionTransformer(ours), path)
    with pytest.raises(PodiumError, match="which no model of Podium is made of"):
        load_model(path)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"\x80\x04K\x01."])
def test_a_damaged_file_is_a_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    path.write_bytes(content)
    with pytest.raises(PodiumError, match="cannot be read as a model"):
        load_model(path)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PodiumError, match="run `make tune` again"):
        load_model(tmp_path / "model.skops")
