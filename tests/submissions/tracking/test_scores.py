"""The table of scores: places, errors and differences, by the metric's direction."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from competition.kaggle.client import KaggleClient, LeaderboardRow
from competition.problem.metrics.measures import binomial_error
from competition.spec import load_competition
from competition.workspace import Workspace
from submissions.ledger.ledger import Ledger
from submissions.tracking.leaderboard import keep, last_leaderboard, seen_leaderboard
from submissions.tracking.scores import score_table
from submissions.tracking.table import show_scores
from tests.submissions.conftest import Desk
from tests.submissions.tracking.conftest import NOW, other, scored


def by(workspace: Workspace, slug: str, **changes: object) -> Workspace:
    """Return the workspace with another shipped competition in place of its own."""
    own = {"slug": workspace.competition.slug, "test_rows": None}
    competition = replace(load_competition(slug), **(own | changes))  # type: ignore[arg-type]
    return replace(workspace, competition=competition)


def test_places_come_from_kaggle_and_show_offline(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk()
    desk.run("submit", desk.file(200))
    assert json.loads(desk.run("scores", "--json").stdout)[0]["place"] is None
    fresh = json.loads(desk.run("scores", "--json", "--refresh").stdout)[0]
    board = desk.client.leaderboard()
    ranks = {row.team: row.rank for row in board}
    assert fresh["place"] == ranks[desk.client.username or ""]
    behind = len(board) - fresh["place"]
    assert fresh["percentile"] == pytest.approx(100 * behind / (len(board) - 1), abs=0.01)
    desk.practice.stop()
    assert json.loads(desk.run("scores", "--json").stdout)[0] == fresh
    shown = desk.run("scores")
    assert f"leaderboard of {len(board)} teams, as it was on" in shown.stdout
    assert "\n*  2" in shown.stdout


def test_a_leaderboard_that_fails_leaves_the_scores(own_desk: Callable[..., Desk]) -> None:
    desk = own_desk(faults="refuse=403@GetLeaderboard")
    desk.run("submit", desk.file(201))
    said = desk.run("scores", "--json", "--refresh")
    assert said.returncode == 0 and "last leaderboard that was seen" in said.stderr
    (row,) = json.loads(said.stdout)
    assert row["public_score"] is not None and row["place"] is None


def test_a_pending_score_does_not_ask_for_a_fresh_leaderboard_again(desk: Desk) -> None:
    asked = []

    class Counting(KaggleClient):
        def leaderboard(self) -> list[LeaderboardRow]:
            asked.append(self)
            return super().leaderboard()

    def connect() -> KaggleClient:
        return Counting(desk.competition, desk.workspace.access)

    scored(desk.workspace, {"status": "pending", "ref": 10**9})
    for _ in range(2):
        score_table(desk.workspace, connect=connect)
    assert len(asked) == 1
    score_table(desk.workspace, connect=connect, refresh=True)
    assert len(asked) == 2


def test_a_place_counts_other_teams_and_the_earlier_leads_ties() -> None:
    rows = [other(1, 1.0), other(2, 0.99), other(3, 0.985, team="Me"), other(4, 0.98)]
    board = seen_leaderboard(rows, "here", "me", [])
    assert (board.teams, board.listed) == (4, True)
    scores = (1.1, 1.0, 0.99, 0.985, 0.98, 0.5)
    assert [board.place(score, NOW) for score in scores] == [1, 2, 3, 3, 4, 4]
    assert board.place(0.99, NOW - timedelta(hours=200)) == 2
    assert [board.percentile(place) for place in (1, 4)] == [100, 0]
    assert [board.quantile(share) for share in (0.1, 0.5, 1)] == [1.0, 0.99, 0.98]
    alone = seen_leaderboard([], "here", None, [])
    assert alone.place(0.1, NOW) == 1 and alone.percentile(1) == 100 and alone.quantile(0.1) is None


def test_a_low_score_leads_where_less_is_better(awkward: Workspace) -> None:
    rows = [other(1, 12_000.5), other(2, 12_400.0), other(3, 15_000.0), other(4, 90_000.0)]
    board = seen_leaderboard(rows, awkward.access.server, None, [], greater_is_better=False)
    assert [board.place(score, NOW) for score in (11_000, 12_000.5, 13_000, 99_000)] == [1, 2, 3, 5]
    assert [board.quantile(share) for share in (0.1, 0.5, 1)] == [12_000.5, 12_400.0, 90_000.0]
    houses = by(awkward, "digits-rmse", public_share=0.25)
    keep(board, houses)
    estimate = {"cv_se": 300.0, "cv_rows": 1_000}
    table = scored(
        houses,
        {"cv_score": 13_000.0, "public_score": 12_100.0, **estimate},
        {"cv_score": 13_000.0, "public_score": 14_000.0, **estimate},
    )
    worse, better = table.rows
    assert better.best and not worse.best
    assert (better.place, worse.place) == (2, 3)
    error = 300 * math.sqrt(1_000 / 7_000)
    assert better.public_se == pytest.approx(error)
    assert better.difference == pytest.approx(900 / math.hypot(300, error))
    assert worse.difference == pytest.approx(-1000 / math.hypot(300, error))
    assert table.leaderboard is not None and table.leaderboard.rows == board.rows


def test_the_error_of_a_public_score_is_said_only_where_it_is_known(awkward: Workspace) -> None:
    row = {"cv_score": 0.3, "cv_se": 0.01, "public_score": 0.35}
    share = scored(awkward, row).rows[0]  # of right rows: no estimate is needed
    assert (share.public_rows, share.public_se) == (7000, binomial_error(0.35, 7000))
    unknown = score_table(by(awkward, "digit-recognizer", public_share=None))
    assert (unknown.rows[0].public_rows, unknown.rows[0].public_se) == (None, None)
    assert unknown.rows[0].difference is None and unknown.rows[0].best
    loss = score_table(by(awkward, "digits-log-loss"))
    assert (loss.rows[0].public_rows, loss.rows[0].public_se) == (7000, None)


def test_an_area_on_few_public_rows_is_not_as_sure_as_a_better_estimate(awkward: Workspace) -> None:
    auc = by(awkward, "digits-auc", public_share=48 / 28_000)
    row = {"cv_score": 0.999, "cv_se": 0.0005, "cv_rows": 4_000, "public_score": 0.9507}
    found = scored(auc, row).rows[0]
    assert found.public_rows == 48
    assert found.public_se == pytest.approx(0.032, abs=0.001)


def test_a_team_of_another_name_is_known_by_its_entry(awkward: Workspace) -> None:
    table = scored(awkward, {"public_score": 0.9})
    rows = [other(1, 0.95), other(2, 0.9, hours=0, team="The Others"), other(3, 0.8)]
    board = seen_leaderboard(rows, "here", "me", [row.submission for row in table.rows])
    assert board.listed and board.place(0.9, NOW) == 2 and board.teams == 3


@pytest.mark.parametrize("damage", ["{", "[]", '{"endpoint": "here"}', None])
def test_a_damaged_leaderboard_is_as_none(damage: str | None, awkward: Workspace) -> None:
    keep(seen_leaderboard([other(1, 0.9)], "here", None, []), awkward)
    kept = last_leaderboard(awkward, "here")
    assert kept is not None and kept.place(0.8, NOW) == 2
    assert last_leaderboard(awkward, "elsewhere") is None
    file = awkward.runs / "leaderboard.json"
    file.write_text(damage) if damage else file.unlink()
    assert last_leaderboard(awkward, "here") is None


@pytest.mark.parametrize("width", [80, 200])
def test_the_table_fits_a_narrow_terminal_and_marks_the_best(
    width: int, awkward: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    long = {"cv_score": 0.99, "blend_name": "60% cnn + 25% xgboost + 15% knn"}
    table = scored(
        awkward, {**long, "public_score": 0.99}, {"public_score": 0.95}, {"status": "under review"}
    )
    board = seen_leaderboard([other(1, 0.98)], "here", None, [])
    screen = Console(width=width, highlight=False, force_terminal=True)
    show_scores(replace(table, leaderboard=board), [], screen)
    lines = capsys.readouterr().out.splitlines()
    plain = [line.replace("\x1b[1m", "").replace("\x1b[0m", "") for line in lines]
    assert max(map(len, plain)) <= width
    (best,) = [line for line in lines if "\x1b[1m*" in line]
    assert "0.9900 ± 0.0012" in best and "60% cnn" in best
    assert any("under review" in line for line in lines)


def test_what_asks_kaggle_and_what_does_not(awkward: Workspace) -> None:
    def never() -> KaggleClient:
        raise AssertionError("asked")

    scored(awkward, {"public_score": 0.9})
    assert score_table(awkward, connect=never).rows
    with pytest.raises(AssertionError, match="asked"):
        score_table(awkward, connect=never, refresh=True)
    assert Ledger.if_there(awkward) is not None
    assert Ledger.if_there(replace(awkward, database_url="sqlite:////tmp/none/podium.db")) is None
