"""What `scores` teaches: places, the best, contradictions, real gains, charts."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from competition.settings import runs_folder
from rich.console import Console
from sqlalchemy.orm import Session

from competition import Competition, PodiumError
from competition.kaggle.client import KaggleError, LeaderboardRow
from pipelines.blending.history import keep_answers
from submissions.ledger.ledger import Ledger
from submissions.ledger.tables import State, Submission
from submissions.tracking.leaderboard import Leaderboard, keep, last_leaderboard, seen_leaderboard
from submissions.tracking.page import write_charts
from submissions.tracking.scores import ScoreTable, sampling_error, score_table
from submissions.tracking.table import show_scores
from submissions.tracking.verdicts import combined, verdicts
from tests.submissions.conftest import Desk

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


def scored(competition: Competition, *rows: dict[str, Any]) -> ScoreTable:
    """Return the table of a ledger with these rows, an hour apart, the last one newest."""
    ledger = Ledger.open(competition)
    with Session(ledger.engine) as session, session.begin():
        for number, row in enumerate(rows):
            blend = {"cv_se": 0.0004, "blend_name": f"blend {number}", "blend_key": f"key {number}"}
            plain = {
                "competition": ledger.competition,
                "endpoint": ledger.endpoint,
                "fingerprint": f"{number:012x}",
                "attempt": 1,
                "file": f"{number}.csv",
                "sha256": "0" * 64,
                "rows": 28_000,
                "state": State.SUBMITTED,
                "status": "complete",
                "ref": number + 1,
                "created": NOW + timedelta(hours=number),
            }
            session.add(Submission(**(plain | (blend if "cv_score" in row else {}) | row)))
    return score_table(competition, offline=True)


def other(rank: int, score: float, hours: float = -100, team: str = "x") -> LeaderboardRow:
    return LeaderboardRow(rank, team, score, NOW + timedelta(hours=hours))


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


def test_a_leaderboard_that_fails_leaves_the_scores(
    own_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = own_desk(faults="refuse=503@GetLeaderboard")
    monkeypatch.setattr("competition.kaggle.retry.ATTEMPTS", 1)
    desk.run("submit", desk.file(201))
    said = desk.run("scores", "--json", "--refresh")
    assert said.returncode == 0 and "last leaderboard that was seen" in said.stderr
    (row,) = json.loads(said.stdout)
    assert row["public_score"] is not None and row["place"] is None


def test_a_pending_score_does_not_ask_for_a_fresh_leaderboard_again(desk: Desk) -> None:
    asked = []

    class Counting(type(desk.client)):  # type: ignore[misc]
        def leaderboard(self) -> list[LeaderboardRow]:
            asked.append(self)
            return super().leaderboard()

    scored(desk.competition, {"status": "pending", "ref": 10**9})
    for _ in range(2):
        score_table(desk.competition, connect=Counting)
    assert len(asked) == 1
    score_table(desk.competition, connect=Counting, refresh=True)
    assert len(asked) == 2


def test_a_place_counts_other_teams_and_the_earlier_leads_ties() -> None:
    rows = [other(1, 1.0), other(2, 0.99), other(3, 0.985, team="Me"), other(4, 0.98)]
    board = seen_leaderboard(rows, "here", "me", [])
    assert (board.teams, board.listed) == (4, True)
    assert [board.place(score, NOW) for score in (1.1, 1.0, 0.99, 0.985, 0.98, 0.5)] == [
        1,
        2,
        3,
        3,
        4,
        4,
    ]
    assert board.place(0.99, NOW - timedelta(hours=200)) == 2
    assert [board.percentile(place) for place in (1, 4)] == [100, 0]
    assert [board.quantile(share) for share in (0.1, 0.5, 1)] == [1.0, 0.99, 0.98]
    alone = seen_leaderboard([], "here", None, [])
    assert alone.place(0.1, NOW) == 1 and alone.percentile(1) == 100 and alone.quantile(0.1) is None


def test_a_team_of_another_name_is_known_by_its_entry(awkward: Competition) -> None:
    table = scored(awkward, {"public_score": 0.9})
    rows = [other(1, 0.95), other(2, 0.9, hours=0, team="The Others"), other(3, 0.8)]
    board = seen_leaderboard(rows, "here", "me", [row.submission for row in table.rows])
    assert board.listed and board.place(0.9, NOW) == 2 and board.teams == 3


@pytest.mark.parametrize("damage", ["{", "[]", '{"endpoint": "here"}', None])
def test_a_damaged_leaderboard_is_none(damage: str | None, awkward: Competition) -> None:
    keep(seen_leaderboard([other(1, 0.9)], "here", None, []), awkward)
    kept = last_leaderboard(awkward, "here")
    assert kept is not None and kept.place(0.8, NOW) == 2
    assert last_leaderboard(awkward, "elsewhere") is None
    file = runs_folder(awkward) / "leaderboard.json"
    file.write_text(damage) if damage else file.unlink()
    assert last_leaderboard(awkward, "here") is None


def test_the_best_is_that_of_estimate_and_score_together(awkward: Competition) -> None:
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
    weights = 1 / 0.0004**2, 1 / sampling_error(0.9953, 7000) ** 2
    assert one.value == pytest.approx(np.average([0.9950, 0.9953], weights=weights))
    assert one.error == pytest.approx(sum(weights) ** -0.5)
    best, agreement, _ = verdicts(table, awkward)
    assert "blend 0" in best.split(".")[0] and "blend 1" in best and "a clear lead" in best
    assert "2.8 standard errors above" in agreement or "none of 2" in agreement


def test_close_ones_cannot_be_told_apart(awkward: Competition) -> None:
    rows = [{"cv_score": 0.9950 + step, "public_score": 0.9950} for step in (0, 0.0001)]
    best, agreement, _ = verdicts(scored(awkward, *rows), awkward)
    assert "too close to tell apart" in best
    assert "agree with the estimates: none of 2" in agreement


@pytest.mark.parametrize(
    ("public", "says"),
    [
        (0.9955, "none of 1 is more than 2"),
        (0.9932, "below its estimate: worth a doubt"),
        (0.98, "below its estimate, which contradicts it: the folds leak"),
        (1.0, "above its estimate, which contradicts it: the test rows are easier"),
    ],
)
def test_a_public_score_may_contradict_the_estimate(
    public: float, says: str, awkward: Competition
) -> None:
    table = scored(awkward, {"cv_score": 0.9955 if public < 1 else 0.99, "public_score": public})
    assert says in " ".join(verdicts(table, awkward))
    both = combined(table.rows[0])
    assert both is not None
    contradicted = "contradicts" in says
    assert contradicted == (both.value == public) or public == 0.9955


def test_one_far_off_among_many_is_chance(awkward: Competition) -> None:
    spread = math.hypot(0.0004, sampling_error(0.99, 7000))
    gaps = [0.0] * 99 + [3.2 * spread]
    rows = [{"cv_score": 0.99, "public_score": 0.99 - gap} for gap in gaps]
    (said,) = [text for text in verdicts(scored(awkward, *rows), awkward) if "1 in 20" in text]
    assert "worth a doubt, no more (1 of 100 beyond 2" in said


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (60, 20, "+0.0800 on the training rows out of fold (right alone on 40, wrong alone on 0"),
        (60, 20, ": a real gain."),
        (22, 20, ": not yet a gain."),
        (20, 60, ": a real loss."),
        (20, 22, ": no gain."),
        (None, 20, "cannot be tested"),
    ],
)
def test_a_change_is_tested_on_the_same_rows(
    before: int | None, after: int, says: str, awkward: Competition
) -> None:
    labels = np.random.default_rng(0).integers(0, 5, 500)
    for key, errors in (("key 0", before), ("key 1", after)):
        predicted = labels.copy()
        predicted[: errors or 0] = (predicted[: errors or 0] + 1) % 5
        if errors is not None:
            oof = np.eye(5, dtype=np.float32)[predicted]
            keep_answers(runs_folder(awkward) / "blend", key, oof, labels)
    table = scored(
        awkward,
        {"cv_score": 0.9, "public_score": 0.9},
        {"cv_score": 0.9, "public_score": 0.9},
        {"cv_score": 0.9, "public_score": 0.9, "blend_key": "key 1"},  # the same blend again
    )
    assert says in verdicts(table, awkward)[-1]


def test_an_estimate_of_unknown_error_is_not_weighed(awkward: Competition) -> None:
    table = scored(awkward, {"cv_score": 0.99, "cv_se": None, "public_score": 0.98})
    both = combined(table.rows[0])
    assert both is not None and both.value == 0.98
    assert verdicts(table, awkward)[0].startswith("Best by public score alone: blend 0")


def test_nothing_scored_has_no_verdict(awkward: Competition) -> None:
    assert verdicts(scored(awkward, {"status": "pending"}), awkward) == []


def test_the_table_fits_a_narrow_terminal_and_marks_the_best(
    awkward: Competition, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = {"cv_score": 0.99, "blend_name": "60% cnn + 25% xgboost + 15% knn"}
    table = scored(
        awkward, {**long, "public_score": 0.99}, {"public_score": 0.95}, {"status": "under review"}
    )
    board = seen_leaderboard([other(1, 0.98)], "here", None, [])
    for width in (80, 200):
        monkeypatch.setattr(
            "submissions.tracking.table.console",
            lambda width=width: Console(width=width, highlight=False, force_terminal=True),
        )
        show_scores(replace(table, leaderboard=board), [])
        lines = capsys.readouterr().out.splitlines()
        plain = [line.replace("\x1b[1m", "").replace("\x1b[0m", "") for line in lines]
        assert max(map(len, plain)) <= width
        (best,) = [line for line in lines if "\x1b[1m*" in line]
        assert "0.9900 ± 0.0012" in best and "60% cnn" in best
        assert any("under review" in line for line in lines)


class Titles(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.inside, self.found, self.links = False, list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "title"
        self.links += [
            value or "" for name, value in attrs if name in ("src", "href") and tag != "use"
        ]

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found.append(data)
            self.inside = False


def test_charts_are_a_picture_and_a_page_that_stands_alone(desk: Desk) -> None:
    names = {"cv_score": 0.99, "blend_name": "a < b & c"}
    scored(
        desk.competition,
        {"public_score": 0.1},
        *[{**names, "public_score": 0.989 + step / 1000} for step in range(4)],
    )
    keep(
        Leaderboard("https://www.kaggle.com", NOW, ((0.999, 0.0), (0.98, 0.0)), False),
        desk.competition,
    )
    said = desk.run("scores", "--chart", "--json")
    assert said.returncode == 0 and len(json.loads(said.stdout)) == 5
    folder = runs_folder(desk.competition) / "scores"
    assert f"Wrote {folder / 'scores.png'}" in said.stderr
    picture = (folder / "scores.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 20_000
    page = (folder / "scores.html").read_text()
    parsed = Titles()
    parsed.feed(page)
    hovered = [text for text in parsed.found if "public 0.99" in text]
    assert len(hovered) == 2 * 3 and all("a < b & c" in text for text in hovered)
    assert "1 far lower, not shown" in page and "Best by estimate" in page
    assert not any(link.startswith("http") for link in parsed.links) and "<script" not in page


@pytest.mark.parametrize("rows", [1, 2, 300])
def test_charts_of_few_and_many(rows: int, awkward: Competition) -> None:
    table = scored(awkward, *[{"public_score": 0.9 + row / 10_000} for row in range(rows)])
    for path in write_charts(table, [], awkward):
        assert path.stat().st_size > 5_000


def test_no_chart_without_a_score(awkward: Competition) -> None:
    with pytest.raises(PodiumError, match="nothing to draw"):
        write_charts(scored(awkward, {"status": "pending"}), [], awkward)
    assert not (runs_folder(awkward) / "scores").exists()


def test_what_asks_kaggle_and_what_does_not(awkward: Competition) -> None:
    def never(_: Competition) -> Any:
        raise KaggleError("asked")

    scored(awkward, {"public_score": 0.9})
    assert score_table(awkward, connect=never).rows
