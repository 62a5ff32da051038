"""A teammate's files: what is taken, what is refused, and why."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor

from competition.errors import PodiumError
from competition.spec import load_competition
from pipelines.__main__ import app
from pipelines.outside.checks import Reference, verdicts
from pipelines.outside.columns import outside_columns
from podium import Run
from tests.pipelines.outside.conftest import predicted
from tests.typed import Said, typed


def command(run: Run, verb: str, *words: object) -> Said:
    return typed(app, "pipelines", verb, *words, "-c", run.workspace.competition.slug)


@pytest.fixture
def wine(tuned: Callable[[str], Run]) -> Run:
    return tuned("wine")


@pytest.fixture
def forest(wine: Run) -> tuple[Any, Any]:
    return predicted(wine, ExtraTreesClassifier(50, random_state=0))


def as_csv(run: Run, name: str, predictions: Any, ids: Any) -> Path:
    frame = pd.DataFrame(predictions, columns=list(run.classes))
    frame.insert(0, run.workspace.competition.id_column, ids)
    path = Path(name)
    frame.sample(frac=1, random_state=0).to_csv(path, index=False)  # in any order of rows
    return path


def files(run: Run, predictions: tuple[Any, Any]) -> tuple[Path, Path]:
    oof, test = predictions
    return (
        as_csv(run, "oof.csv", oof, run.train.index),
        as_csv(run, "test.csv", test, run.test.index),
    )


def test_honest_predictions_become_a_column_and_are_given_again(
    wine: Run, forest: tuple[Any, Any]
) -> None:
    oof, test = files(wine, forest)
    said = command(wine, "add", "trees", "--oof", oof, "--test", test)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.count("fine   ") == 2 and said.stdout.endswith("Next: make blend\n")
    assert wine.results["pipeline"].tolist().count("trees") == 1
    given = command(wine, "export", "trees", "--folder", "given")
    assert given.stdout.split() == [
        "given/trees-oof.csv",
        "given/trees-test.csv",
        "given/folds.csv",
    ]
    again = wine.add("again", "given/trees-oof.csv", "given/trees-test.csv")
    assert np.allclose(again.oof, forest[0], atol=1e-5)
    assert "near copy of" not in said.stdout
    dropped = command(wine, "drop", "trees")
    assert dropped.stdout == "Deleted trees. Next: make blend\n"
    assert "trees" not in wine.results["pipeline"].tolist()
    gone = command(wine, "drop", "trees")
    assert gone.returncode == 1 and "no added column 'trees'" in gone.stderr


def test_rows_that_were_learnt_from_are_refused_and_taken_by_force(wine: Run) -> None:
    model = ExtraTreesClassifier(50, random_state=0).fit(wine.train, wine.target)
    noise = np.random.default_rng(0).dirichlet(np.ones(3), len(wine.train))
    seen = 0.8 * model.predict_proba(wine.train) + 0.2 * noise
    oof, test = files(wine, (seen, model.predict_proba(wine.test)))
    said = command(wine, "add", "leak", "--oof", oof, "--test", test)
    assert said.returncode == 1 and "refused  the training rows were learnt from" in said.stdout
    assert said.stderr.startswith("leak was not added")
    assert "leak" not in wine.results["pipeline"].tolist()
    forced = command(wine, "add", "leak", "--oof", oof, "--test", test, "--force")
    assert forced.returncode == 0 and "leak" in wine.results["pipeline"].tolist()


def spoil(kind: str, oof: Any, test: Any) -> tuple[Any, Any]:  # noqa: PLR0911
    chance = np.random.default_rng(0)
    match kind:
        case "shuffled":
            return oof[chance.permutation(len(oof))], test
        case "shuffled test":
            return oof, test[chance.permutation(len(test))]
        case "classes":
            return oof[:, [1, 2, 0]], test[:, [1, 2, 0]]
        case "logits":
            return np.log(oof + 0.01), np.log(test + 0.01)
        case "labels":
            return np.eye(3)[oof.argmax(axis=1)], np.eye(3)[test.argmax(axis=1)]
        case "sums":
            return oof * 0.5, test
        case "gap":
            oof[3] = np.nan
            return oof, test
        case "short":
            return oof[:-1], test
        case "columns":
            return oof[:, :2], test
    raise ValueError(kind)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("shuffled", "in another order"),
        ("shuffled test", "the test rows are in another order"),
        ("classes", "the classes are in another order: the column of class_"),
        ("logits", "probabilities lie between 0 and 1"),
        ("labels", "holds labels, only 0 and 1"),
        ("sums", "sum to 0.5 to 0.5 where 1 is wanted"),
        ("gap", "Fill the gaps"),
        ("short", "out-of-fold predictions are wanted, in the order of the rows"),
        ("columns", "has 2 columns for 3 classes"),
    ],
)
def test_what_is_broken_is_a_sentence(
    kind: str, told: str, wine: Run, forest: tuple[Any, Any]
) -> None:
    broken = spoil(kind, *forest)
    with pytest.raises(PodiumError, match=told) as caught:
        wine.add("mate", *broken)
    assert len(str(caught.value).splitlines()) == 1
    assert "mate" not in wine.results["pipeline"].tolist()


def test_csv_files_are_told_by_ids_and_names(wine: Run, forest: tuple[Any, Any]) -> None:
    oof, test = files(wine, forest)
    frame = pd.read_csv(oof, dtype={0: str})
    names = list(frame.columns)

    def told(changed: pd.DataFrame) -> str:
        changed.to_csv("odd.csv", index=False)
        with pytest.raises(PodiumError) as caught:
            wine.add("mate", "odd.csv", test)
        return str(caught.value)

    assert "has no row of the id" in told(frame[1:])
    assert "twice" in told(pd.concat([frame, frame[:1]]))
    assert "Call those of the classes class_0" in told(frame.rename(columns={names[1]: "x"}))
    assert "has no column" in told(frame.drop(columns=names[0]))
    assert "is no number" in told(frame.assign(**{names[1]: "high"}))
    with pytest.raises(PodiumError, match="There is no file"):
        wine.add("mate", "no.csv", test)
    Path("broken.npy").write_bytes(b"no array")
    with pytest.raises(PodiumError, match="does not read as an array"):
        wine.add("mate", "broken.npy", test)
    renamed = frame.rename(columns={name: f"prob_{name}" for name in names[1:]})
    renamed[[*reversed(renamed.columns)]].to_csv("odd.csv", index=False)
    assert np.allclose(wine.add("mate", "odd.csv", test).oof, forest[0], atol=1e-6)


@pytest.mark.long
def test_folds_of_their_own_are_said(wine: Run, forest: tuple[Any, Any]) -> None:
    oof, test = files(wine, forest)
    own = np.arange(len(forest[0])) % 7
    for name, folds in (("ours", wine.plan.dealt.assigned), ("own", own)):
        pd.DataFrame({"id": wine.train.index, "fold": folds}).to_csv(f"{name}.csv", index=False)
    words = ("--oof", oof, "--test", test, "--folds")
    assert "their folds are ours" in command(wine, "add", "a", *words, "ours.csv").stdout
    assert "7 folds of their own" in command(wine, "add", "a", *words, "own.csv").stdout
    (column,) = outside_columns(wine.plan)
    np.testing.assert_array_equal(column.folds(), own[wine.plan.dealt.rows])
    assert math.isfinite(wine.blend().score.value)
    wine.add("a", *forest, folds=own)
    (column,) = outside_columns(wine.plan)
    np.testing.assert_array_equal(column.folds(), own[wine.plan.dealt.rows])
    with pytest.raises(PodiumError, match=r"The folds have the shape \(3,\) where \(119,\) is"):
        wine.add("a", *forest, folds=own[:3])
    column.folder.joinpath("folds.npy").write_bytes(b"damaged")
    assert math.isfinite(wine.blend().score.value)
    pd.DataFrame({"id": wine.train.index[1:], "fold": 0}).to_csv("short.csv", index=False)
    short = command(wine, "add", "a", *words, "short.csv")
    assert short.returncode == 1 and "has no fold of the row" in short.stderr


def test_numbers_and_their_scale(tuned: Callable[[str], Run]) -> None:
    run = tuned("diabetes")
    oof, test = predicted(run, KNeighborsRegressor(10))
    assert run.add("near", oof, test).score.value < 80
    with pytest.raises(PodiumError, match="the values are on another scale"):
        run.add("logs", 1000 * oof, 1000 * test)
    trees = ExtraTreesRegressor(50, random_state=0).fit(run.train, run.target)
    with pytest.raises(PodiumError, match="the training rows were learnt from"):
        run.add("leak", trees.predict(run.train), trees.predict(run.test))


def test_a_near_copy_is_said(wine: Run) -> None:
    command(wine, "export", "linear", "--folder", "given")
    said = command(
        wine, "add", "copy", "--oof", "given/linear-oof.csv", "--test", "given/linear-test.csv"
    )
    assert "a near copy of linear (correlation 1.0000" in said.stdout


def test_there_must_be_something_to_compare_with(opened: Callable[[str], Run]) -> None:
    run = opened("wine")
    oof, test = predicted(run, GaussianNB())
    with pytest.raises(PodiumError, match="nothing to compare mate with"):
        run.add("mate", oof, test)


@pytest.mark.long
def test_a_damaged_column_is_left_out_of_the_blend(wine: Run, forest: tuple[Any, Any]) -> None:
    column = wine.add("trees", *forest).column
    wine.tune("linear", budget="1s")
    both = wine.blend().stored.manifest["columns"]
    assert any(name.startswith("trees/") for name in both)
    (column.folder / "oof.npy").write_bytes(b"damaged")
    assert wine.blend().weights.index.get_level_values("pipeline").unique().tolist() == ["linear"]


def test_classes_that_no_scored_row_has_are_no_fault() -> None:
    problem = load_competition("wine").problem
    chance = np.random.default_rng(0)
    truth = chance.integers(0, 2, 200)
    shares = [chance.dirichlet(np.ones(3), 200) + 2 * np.eye(3)[truth] for _ in range(2)]
    mine, ours = (each / each.sum(axis=1, keepdims=True) for each in shares)
    rows = chance.normal(size=(200, 2))
    found = verdicts(mine, mine, truth, problem, [Reference("ours", ours, ours)], (rows, rows))
    assert "another order" not in found[0].text
