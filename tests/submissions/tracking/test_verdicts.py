"""What the scores say: the best one, contradictions, real gains; paired wherever that can be."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from competition.files import sha256_of
from competition.problem.form import Form
from competition.problem.metrics.measures import binomial_error
from competition.problem.sample import read_sample
from competition.spec import load_competition
from competition.workspace import Workspace
from pipelines.blending.history import keep_answers
from submissions.tracking.comparison import combined
from submissions.tracking.verdicts import verdicts
from tests.submissions.tracking.conftest import scored

ROWS = 10_000
Classes = npt.NDArray[np.int64]


def erring(truth: Classes, first: int, count: int) -> Classes:
    """Return answers that err on the rows from `first` on, and on no other."""
    answers = truth.copy()
    answers[first : first + count] = (answers[first : first + count] + 1) % 5
    return answers


def truth_of(rows: int = ROWS) -> Classes:
    return np.random.default_rng(0).integers(0, 5, rows)


def kept(workspace: Workspace, errors: list[tuple[int, int]], rows: int = ROWS) -> None:
    """Keep what blends answered out of fold, wrong on these rows."""
    truth = truth_of(rows)
    for number, (first, count) in enumerate(errors):
        answers = erring(truth, first, count)
        keep_answers(workspace.runs / "blend", f"key {number}", answers, truth)


def written(workspace: Workspace, name: str, answers: Classes) -> dict[str, Any]:
    """Write a file of answers and return what the ledger says of it."""
    sample = read_sample(workspace.competition, workspace.data)
    path = workspace.runs / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(Form.of(workspace.competition).render(answers, sample))
    return {"file": str(path), "sha256": sha256_of(path), "rows": len(answers)}


def with_sample(workspace: Workspace, rows: int) -> Workspace:
    """Return the workspace with so many test rows, all of them public."""
    competition = replace(workspace.competition, test_rows=rows, public_share=1.0)
    workspace = replace(workspace, competition=competition)
    workspace.data.mkdir(parents=True, exist_ok=True)
    lines = ["Id,Class", *(f"{number},0" for number in range(rows)), ""]
    (workspace.data / competition.sample_file).write_text("\n".join(lines))
    return workspace


def test_the_best_is_that_of_estimate_and_score_together(awkward: Workspace) -> None:
    """The luckiest public score is not the best where the estimate knows better."""
    table = scored(
        awkward,
        {"cv_score": 0.9950, "public_score": 0.9953},
        {"cv_score": 0.9930, "public_score": 0.9955},
    )
    lucky, better = table.rows
    assert lucky.best and not better.best
    one = combined(better)
    assert one is not None
    weights = 1 / 0.0004**2, 1 / binomial_error(0.9953, 7000) ** 2
    assert one.value == pytest.approx(np.average([0.9950, 0.9953], weights=weights))
    assert one.error == pytest.approx(sum(weights) ** -0.5)
    best, agreement, change = verdicts(table, awkward)
    assert "blend 0" in best.split(".")[0] and "blend 1" in best and "a clear lead" in best
    assert "not paired" in best and "cannot be tested" in change
    assert "2.8 standard errors better than its estimate: worth a doubt" in agreement


def test_close_ones_cannot_be_told_apart(awkward: Workspace) -> None:
    rows = [{"cv_score": 0.9950 + step, "public_score": 0.9950} for step in (0, 0.0001)]
    best, agreement, _ = verdicts(scored(awkward, *rows), awkward)
    assert "too close to tell apart" in best and "not paired" in best
    assert "agree with the estimates: none of 2" in agreement


def test_two_blends_are_compared_on_the_same_rows(awkward: Workspace) -> None:
    """Fault 9: 160 against 180 errors, 150 of them shared, are told apart (p = 0.002)."""
    unknown = replace(awkward, competition=replace(awkward.competition, public_share=None))
    kept(unknown, [(0, 180), (30, 160)])
    rows = [
        {"cv_score": 1 - errors / ROWS, "cv_se": 0.0013, "cv_rows": ROWS, "public_score": 0.98}
        for errors in (180, 160)
    ]
    best = verdicts(scored(unknown, *rows), unknown)[0]
    assert "Best by estimate alone: blend 1" in best
    assert "0.0020 behind: a clear lead (p = 0.0022, paired on the out-of-fold rows" in best


def test_public_scores_join_the_paired_comparison(awkward: Workspace) -> None:
    kept(awkward, [(0, 180), (30, 160)])
    plain = {"cv_se": 0.0013, "cv_rows": ROWS}

    def said(first: float, second: float) -> str:
        table = scored(
            awkward,
            {"cv_score": 0.982, "public_score": first, **plain},
            {"cv_score": 0.984, "public_score": second, **plain},
        )
        awkward.database.engine.dispose()
        assert awkward.database.file is not None
        awkward.database.file.unlink()
        return verdicts(table, awkward)[0]

    agreeing = said(0.9820, 0.9840)  # 14 of 7,000 public rows
    assert "a clear lead" in agreeing and "with the public scores" in agreeing
    contrary = said(0.9840, 0.9834)
    assert "too close to tell apart" in contrary and "paired" in contrary


def test_other_metrics_are_paired_too(awkward: Workspace) -> None:
    """Two regressions with the same large noise: their means differ by a tenth of its error."""
    competition = replace(load_competition("digits-rmse"), test_rows=None, public_share=0.25)
    numbers = replace(awkward, competition=competition)
    random = np.random.default_rng(1)
    truth = random.normal(0, 10, (ROWS, 1))
    noise = random.normal(0, 3, (ROWS, 1))
    errors = (noise * 1.01 + random.normal(0, 0.05, noise.shape), noise)
    estimates = []
    for number, error in enumerate(errors):
        score = competition.problem.score_answers(truth, truth + error)
        keep_answers(numbers.runs / "blend", f"key {number}", truth + error, truth)
        estimates.append({"cv_score": score.value, "cv_se": score.standard_error})
    public = {"public_score": 3.0, "cv_rows": ROWS}
    table = scored(numbers, *[{**estimate, **public} for estimate in estimates])
    best, _, change = verdicts(table, numbers)
    assert "blend 1" in best.split(",")[0] and "a clear lead" in best and "paired" in best
    assert "better on the training rows out of fold (standard error" in change
    assert change.endswith(": a real gain.")


@pytest.mark.parametrize(("shared", "says"), [(150, "a clear lead"), (0, "too close")])
def test_files_tell_on_how_many_rows_only_one_can_be_right(
    shared: int, says: str, awkward: Workspace
) -> None:
    """What was not blended here has no out-of-fold rows, but its file is there."""
    workspace = with_sample(awkward, ROWS)
    truth = truth_of()
    rows = [
        written(workspace, "worse.csv", erring(truth, 0, 180))
        | {"public_score": 0.982, "fingerprint": "a" * 12},
        written(workspace, "better.csv", erring(truth, 180 - shared, 160))
        | {"public_score": 0.984, "fingerprint": "b" * 12},
    ]
    best = verdicts(scored(workspace, *rows), workspace)[0]
    assert f"0.0020 behind: {says}" in best
    differing = 340 - 2 * shared
    assert f"by the public scores, as the files differ on {differing} rows" in best
    assert ("p = 0.0022" in best) == (shared == 150)


def test_a_file_that_changed_tells_nothing(awkward: Workspace) -> None:
    workspace = with_sample(awkward, 100)
    rows = [
        written(workspace, f"{number}.csv", truth_of(100)) | {"public_score": score}
        for number, score in enumerate((0.5, 0.9))
    ]
    Path(rows[0]["file"]).write_text("other")
    assert "not paired" in verdicts(scored(workspace, *rows), workspace)[0]


@pytest.mark.parametrize(
    ("estimate", "public", "says", "counts"),
    [
        (0.9955, 0.9955, "none of 1 is more than 2", True),
        (0.9955, 0.9932, "worse than its estimate: worth a doubt", True),
        (0.9955, 0.98, "worse than its estimate, which contradicts it: the folds leak", False),
        (0.99, 1.0, "better than its estimate, which contradicts it: the test rows are", False),
    ],
)
def test_a_public_score_may_contradict_the_estimate(
    estimate: float, public: float, says: str, counts: bool, awkward: Workspace
) -> None:
    table = scored(awkward, {"cv_score": estimate, "public_score": public})
    assert says in verdicts(table, awkward)[1]
    both = combined(table.rows[0])
    assert both is not None and both.both == counts
    if not counts:
        assert both.value == public


def test_one_far_off_among_many_is_chance(awkward: Workspace) -> None:
    spread = math.hypot(0.0004, binomial_error(0.99, 7000))
    gaps = [0.0] * 99 + [3.2 * spread]
    rows = [{"cv_score": 0.99, "public_score": 0.99 - gap} for gap in gaps]
    (said,) = [text for text in verdicts(scored(awkward, *rows), awkward) if "1 in 20" in text]
    assert "worth a doubt, no more (1 of 100 beyond 2" in said


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (60, 20, "0.0800 better on the training rows out of fold (right alone on 40, wrong alone"),
        (60, 20, ": a real gain."),
        (22, 20, ": not yet a gain."),
        (20, 60, ": a real loss."),
        (20, 22, "0.0040 worse on the training rows"),
        (20, 22, ": no gain."),
        (None, 20, "cannot be tested"),
    ],
)
def test_a_change_is_tested_on_the_same_rows(
    before: int | None, after: int, says: str, awkward: Workspace
) -> None:
    truth = truth_of(500)
    for key, errors in (("key 0", before), ("key 1", after)):
        if errors is not None:
            keep_answers(awkward.runs / "blend", key, erring(truth, 0, errors), truth)
    plain = {"cv_score": 0.9, "public_score": 0.9}
    again = {**plain, "blend_key": "key 1"}  # the same blend once more
    assert says in verdicts(scored(awkward, plain, plain, again), awkward)[-1]


def test_an_estimate_of_unknown_error_is_not_weighed(awkward: Workspace) -> None:
    table = scored(awkward, {"cv_score": 0.99, "cv_se": None, "public_score": 0.98})
    both = combined(table.rows[0])
    assert both is not None and both.value == 0.98
    assert verdicts(table, awkward)[0].startswith("Best by public score alone: blend 0")


def test_where_no_error_is_known_it_says_so(awkward: Workspace) -> None:
    unknown = replace(awkward, competition=replace(awkward.competition, public_share=None))
    table = scored(unknown, {"public_score": 0.9}, {"public_score": 0.8})
    (best,) = verdicts(table, unknown)
    assert best.startswith("Best by public score: 0.csv") and "is not known" in best


def test_nothing_scored_has_no_verdict(awkward: Workspace) -> None:
    assert verdicts(scored(awkward, {"status": "pending"}), awkward) == []
