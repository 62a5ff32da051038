import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from competition.errors import PodiumError
from competition.problem.form import Form
from competition.problem.metrics.roc import least_area_error
from competition.problem.sample import read_sample
from competition.spec import load_competition
from pipelines.blending.blend import StoredBlend, fresh_blend
from submissions.checking import Checker, write_submission
from submissions.ledger.ledger import Ledger
from submissions.progress import Progress
from tests.submissions.conftest import Desk, change_blend, tuned


class Heard(Progress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, text: str) -> None:
        self.lines.append(text)


def test_the_file_is_named_by_time_and_content(tmp_path: Path) -> None:
    path = write_submission("Id,Class\n1,0\n", tmp_path / "submissions")
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}\.csv", path.name)
    assert path.read_bytes() == b"Id,Class\n1,0\n"


def test_the_same_content_is_not_written_twice(tmp_path: Path) -> None:
    first = write_submission("Id,Class\n1,0\n", tmp_path)
    assert write_submission("Id,Class\n1,0\n", tmp_path) == first
    assert write_submission("Id,Class\n1,1\n", tmp_path) != first
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_is_compared_with_the_training_data_and_the_last_scored_one(desk: Desk) -> None:
    first = desk.file(300, "first.csv")
    desk.submit(first)
    checker = Checker(desk.workspace, Ledger.open(desk.workspace))
    other = checker.check(desk.file(301, "other.csv"))
    assert other.valid and any("last" in text or "earlier" in text for text in other.warnings)
    assert not checker.check(first).warnings
    zeros = desk.workspace.data / desk.competition.sample_file
    assert any("shares" in text for text in checker.check(zeros).warnings)
    first.write_text("changed")
    changed = Checker(desk.workspace, Ledger.open(desk.workspace))
    assert not changed.check(desk.file(301, "other.csv")).warnings


def test_a_check_needs_neither_ledger_nor_training_data(desk: Desk) -> None:
    (desk.workspace.data / desk.competition.train_file).unlink()
    report = Checker(desk.workspace, None).check(desk.file(302))
    assert report.valid and not report.warnings


def blended(desk: Desk) -> tuple[Path, list[str]]:
    heard = Heard()
    ledger = Ledger.open(desk.workspace)
    report, _ = Checker(desk.workspace, ledger).blend(heard)
    return report.path, heard.lines


def test_what_was_tuned_is_blended_without_asking(desk: Desk) -> None:
    """Fault 20: no `make blend` in between, and a blend that is out of date says so."""
    with pytest.raises(PodiumError, match="nothing to blend"):
        blended(desk)
    tuned(desk.workspace, 1)
    first, said = blended(desk)
    assert any(line.startswith("Made the blend") and "there was none" in line for line in said)
    again, said = blended(desk)
    assert again == first and said == []
    tuned(desk.workspace, 2, "xgboost")
    newer, said = blended(desk)
    assert newer != first and any("xgboost has a new column" in line for line in said)


def another_blend(blend: StoredBlend) -> StoredBlend:
    """Make a blend with other answers the current one, and return it."""
    other = StoredBlend(blend.folder.with_name("f" * 16), blend.manifest)
    shutil.copytree(blend.folder, other.folder)
    np.save(other.folder / "answers.npy", (np.asarray(blend.answers()) + 1) % 10)
    (blend.folder.parent / "current").write_text(f"{other.folder.name}\n")
    return other


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ("manifest", "damaged"),
        ("answers", "damaged"),
        ("data", "of other data"),
        ("competition", "is of 'other'"),
        ("metric", "another metric"),
    ],
)
def test_a_blend_that_is_not_of_this_is_never_sent(damage: str, why: str, desk: Desk) -> None:
    """Fault 5: it is made again from what was tuned here, with the reason."""
    tuned(desk.workspace, 3)
    right, _ = blended(desk)
    blend = another_blend(fresh_blend(desk.workspace).blend)
    match damage:
        case "manifest":
            (blend.folder / "manifest.json").write_text('{"name": ')
        case "answers":
            (blend.folder / "answers.npy").write_bytes(b"\x93NUMPY cut")
        case "data":
            change_blend(blend, data="0" * 16)
        case "competition":
            change_blend(blend, competition="other")
        case "metric":
            change_blend(blend, metric="log loss")
    sent, said = blended(desk)
    assert sent.read_bytes() == right.read_bytes()
    assert any(why in line for line in said), said


def test_the_estimate_of_a_blend_is_kept_with_its_rows(desk: Desk) -> None:
    tuned(desk.workspace, 4)
    path, _ = blended(desk)
    blend = fresh_blend(desk.workspace).blend
    ledger = Ledger.open(desk.workspace)
    estimate = ledger.estimate_of(Checker(desk.workspace, ledger).check(path).fingerprint)
    assert estimate.cv_score == blend.score.value and estimate.cv_rows == 1198
    assert (estimate.blend_key, estimate.blend_name) == (blend.key, "knn")


@pytest.mark.long
@pytest.mark.parametrize("name", ["digits-log-loss", "digits-rmse", "digits-map3", "digits-auc"])
def test_any_form_is_written_checked_queued_and_sent(
    name: str, own_desk: Callable[..., Desk]
) -> None:
    """Class columns, values, ranked labels, a probability."""
    desk = own_desk(name)
    assert load_competition(name).metric == desk.competition.metric
    tuned(desk.workspace, 5)
    file = desk.file(310)
    assert desk.run("check", file).returncode == 0
    assert desk.run("queue", "add", file, "--estimate", "0.25", "--se", "0.01").returncode == 0
    outcome = desk.submit_blend()
    submission = outcome.submission
    assert submission.status == "complete" and submission.public_score is not None
    sample = read_sample(desk.competition, desk.workspace.data)
    sent = Form.of(desk.competition).parse(Path(submission.file).read_bytes(), sample)
    blend = fresh_blend(desk.workspace).blend
    np.testing.assert_allclose(sent.answers, np.asarray(blend.answers()), rtol=1e-6, atol=1e-8)
    queued = desk.run("submit", "--from-queue")
    assert queued.returncode == 0, queued.stderr
    (row, of_blend) = json.loads(desk.run("scores", "--json", "--refresh").stdout)
    assert row["cv_score"] == 0.25 and row["public_se"] is None  # of how many rows, nobody said
    assert of_blend["cv_rows"] == desk.competition.train_rows
    wanted = of_blend["cv_se"] * np.sqrt(desk.competition.train_rows / 150)
    if desk.competition.problem.metric.name == "auc":
        wanted = max(wanted, least_area_error(of_blend["public_score"], 150))
    assert of_blend["public_se"] == pytest.approx(wanted)
    gap = of_blend["public_score"] - of_blend["cv_score"]
    if not desk.competition.problem.greater_is_better:
        gap = -gap
    assert np.sign(of_blend["difference"]) == np.sign(gap)
    board = {row.team: row.rank for row in desk.client.leaderboard()}
    best = of_blend if (of_blend["place"] < row["place"]) else row
    assert best["place"] == board[desk.client.username or ""]
    shown = desk.run("scores")
    assert shown.returncode == 0 and "Best by " in shown.stdout
