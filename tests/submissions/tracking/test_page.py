"""The scores as a page that stands on its own."""

import json
from html.parser import HTMLParser

import pytest

from competition.errors import PodiumError
from competition.workspace import Workspace
from submissions.tracking.charts import score_figure
from submissions.tracking.leaderboard import Leaderboard, keep
from submissions.tracking.page import write_page
from tests.submissions.conftest import Desk
from tests.submissions.tracking.conftest import NOW, scored


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_stands_alone(desk: Desk) -> None:
    names = {"cv_score": 0.99, "blend_name": "a < b & c"}
    scored(
        desk.workspace,
        {"public_score": 0.1},
        *[{**names, "public_score": 0.989 + step / 1000} for step in range(4)],
    )
    keep(Leaderboard(desk.practice.url, NOW, ((0.999, 0.0), (0.98, 0.0)), False), desk.workspace)
    said = desk.run("scores", "--chart", "--json")
    assert said.returncode == 0 and len(json.loads(said.stdout)) == 5
    folder = desk.workspace.runs / "scores"
    assert f"Wrote {folder / 'scores.html'}" in said.stderr
    assert [path.name for path in folder.iterdir()] == ["scores.html"]
    page = (folder / "scores.html").read_text()
    parsed = Links()
    parsed.feed(page)
    assert parsed.found == []  # Plotly is in the page
    assert "Plotly.newPlot" in page and "Best by estimate" in page
    assert "<td>a &lt; b &amp; c</td>" in page and "a < b" not in page


def test_the_figure_says_what_each_marker_is(awkward: Workspace) -> None:
    names = {"cv_score": 0.99, "blend_name": "a < b & c"}
    table = scored(
        awkward,
        {"public_score": 0.1},
        *[{**names, "public_score": 0.989 + step / 1000} for step in range(4)],
    )
    figure = score_figure(table)
    hovered = [trace.hovertext for trace in figure.data if trace.hovertext]
    assert [len(texts) for texts in hovered] == [4, 4, 4]
    assert all("a &lt; b &amp; c" in text for texts in hovered for text in texts)
    notes = [note.text for note in figure.layout.annotations]
    assert "1 far worse, not shown" in notes
    best = next(trace for trace in figure.data if trace.name == "best public score so far")
    assert list(best.y) == pytest.approx([0.989, 0.990, 0.991, 0.992])


def test_the_best_so_far_falls_where_less_is_better(awkward: Workspace) -> None:
    from dataclasses import replace

    losses = (0.9, 0.4, 0.6, 0.3, 30.0)
    table = scored(awkward, *[{"public_score": loss} for loss in losses])
    figure = score_figure(replace(table, greater_is_better=False))
    best = next(trace for trace in figure.data if trace.name == "best public score so far")
    assert list(best.y) == [0.9, 0.4, 0.4, 0.3]
    assert "1 far worse, not shown" in [note.text for note in figure.layout.annotations]


@pytest.mark.parametrize("rows", [1, 2, 300])
def test_pages_of_few_and_many(rows: int, awkward: Workspace) -> None:
    table = scored(awkward, *[{"public_score": 0.9 + row / 10_000} for row in range(rows)])
    page = write_page(table, [], awkward).read_text()
    assert page.count("<tr") == rows + 1
    assert len(score_figure(table).data[-1].x) == rows


def test_no_page_without_a_score(awkward: Workspace) -> None:
    with pytest.raises(PodiumError, match="nothing to draw"):
        write_page(scored(awkward, {"status": "pending"}), [], awkward)
    assert not (awkward.runs / "scores").exists()
