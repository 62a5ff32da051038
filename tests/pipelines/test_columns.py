"""Columns are listed whole, best first, whatever else lies in their folder."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from competition.errors import PodiumError
from competition.problem.scores import Score
from pipelines import columns as columns_module
from pipelines.columns import Column, read_columns, write_column

OOF, TEST = np.full((6, 2), 0.5), np.full((3, 2), 0.25)


def manifest(key: str, value: float = 0.5, **fields: object) -> dict[str, Any]:
    return {
        "pipeline": "knn",
        "key": key,
        "params": {},
        "seed": 0,
        "folds": {"count": 3, "seed": 0},
        "competition": "tiny",
        "data": "d1",
        "metric": "rmse",
        "score": {"value": value, "standard_error": 0.1, "loss": 0.2, "rows": 6},
        "greater_is_better": False,
        "created": "2026-01-01T00:00:00+00:00",
    } | fields


def written(root: Path, key: str, value: float = 0.5, **fields: object) -> Column:
    return write_column(root / "knn" / key, manifest(key, value, **fields), OOF, TEST)


def test_the_columns_of_this_data_and_metric_are_listed_best_first(tmp_path: Path) -> None:
    for key, value in (("a", 0.5), ("b", 0.2), ("c", 0.9)):
        written(tmp_path, key, value)
    written(tmp_path, "d", data="d2")
    written(tmp_path, "e", metric="mae")
    found = read_columns(tmp_path, "d1", "rmse")
    assert [column.key for column in found] == ["b", "a", "c"]
    assert found[0].score == Score(0.2, 0.1, 0.2, 6, greater_is_better=False)
    assert found[0].oof().dtype == np.float32 and found[0].oof().shape == (6, 2)
    np.testing.assert_array_equal(found[0].test(), TEST)
    assert read_columns(tmp_path / "nowhere", "d1", "rmse") == []


def without(name: str) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        facts = {each: value for each, value in manifest("b").items() if each != name}
        (folder / "manifest.json").write_text(json.dumps(facts))

    return damage


def says(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "manifest.json").write_text(text)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a list": says("[]"),
    "a number": says("7"),
    "nothing": says(""),
    "a deep nest": says("[" * 100_000),
    "no text": lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe"),
    "a cut object": says('{"data": "d1", "metric'),
    "a list as a score": says(json.dumps(manifest("b", score=[0.5]))),
    "a text as a value": says(json.dumps(manifest("b", "high"))),  # type: ignore[arg-type]
    "no number as a value": says(json.dumps(manifest("b", float("nan")))),
    "a list as folds": says(json.dumps(manifest("b", folds=[3, 0]))),
    "no test predictions": lambda folder: (folder / "test.npy").unlink(),
    **{
        f"no {name}": without(name)
        for name in ("pipeline", "key", "score", "folds", "seed", "created", "greater_is_better")
    },
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_manifest_does_not_end_a_listing(
    damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path, "a")
    folder = written(tmp_path, "b").folder
    DAMAGES[damage](folder)
    with caplog.at_level(logging.WARNING):
        assert [column.key for column in read_columns(tmp_path, "d1", "rmse")] == ["a"]
    assert str(folder / "manifest.json") in caplog.text


def test_a_damaged_array_is_a_sentence(tmp_path: Path) -> None:
    column = written(tmp_path, "a")
    for content in (b"", b"no array", (column.folder / "oof.npy").read_bytes()[:-4]):
        (column.folder / "oof.npy").write_bytes(content)
        with pytest.raises(PodiumError, match="tune again"):
            column.oof()


def test_a_column_is_never_a_mixture_of_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where writing again breaks off at any file, the old manifest speaks for no new array."""
    real = columns_module.atomic_path
    for broken in range(3):
        folder = written(tmp_path, "a", 0.5).folder
        calls = 0

        def breaks(path: Path, at: int = broken) -> Any:
            nonlocal calls
            calls += 1
            if calls > at:
                raise KeyboardInterrupt
            return real(path)

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(columns_module, "atomic_path", breaks)
            write_column(folder, manifest("a", 0.1), OOF + 1, TEST + 1)
        assert read_columns(tmp_path, "d1", "rmse") == []
