"""The report of a table: its columns, equal rows, and rows as cells rather than pictures."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page

from app.report.findings import gather
from app.report.page import write_exploration, write_report
from app.report.sections.judged.judge import judge
from competition.data.tables.fold_rule import By, FoldRule
from competition.problem.targets import Truth
from competition.spec import Competition
from competition.workspace import Workspace
from tests.app.conftest import watched
from tests.app.stored import data_of, prepared_workspace, store_blend, store_column
from tests.competition.data.tables.small import PRICES, SHOP, write

ROWS, LATER = 160, 60
LEVELS = ("<b>bold</b>", "plain & simple", "only in test")
BY_TIME = replace(SHOP, folds=FoldRule(By.TIME, "when"))


def shop_cells(rows: int, begin: int, levels: int) -> dict[str, list[str]]:
    """Return columns of two rows a day, with every kind of cell, one in seven of `size` missing."""
    random = np.random.default_rng(begin)
    days = np.datetime64("2021-03-01") + (begin + np.arange(rows)) // 2
    words = random.choice(["red", "old", "large", "round", "cheap", "blue", "heavy"], (rows, 4))
    sizes = random.normal(10, 2, rows).round(2)
    return {
        "when": days.astype(str).tolist(),
        "size": ["" if row % 7 == 3 else str(size) for row, size in enumerate(sizes)],
        "make": [LEVELS[row % levels] for row in range(rows)],
        "note": [f"{' '.join(each)} thing, number {row}" for row, each in enumerate(words)],
        "empty": ["" if row else "1" for row in range(rows)],
    }


def shop(folder: Path, competition: Competition = BY_TIME) -> Workspace:
    """Return a workspace of a table; its rows 4 and 5 are equal, and the first row to answer."""
    train, test = shop_cells(ROWS, 0, 2), shop_cells(LATER, ROWS, 3)
    for cells in train.values():
        cells[5] = cells[4]
    for name, cells in test.items():
        cells[0] = train[name][4]
    random = np.random.default_rng(0)
    labels = ["yes" if float(size or 10) + random.normal() > 10 else "no" for size in train["size"]]
    labels[4:6] = ["no", "yes"]
    if not competition.classes:
        labels = [str(float(size or 10) * 3) for size in train["size"]]
    (folder / "data").mkdir(parents=True)
    write(folder / "data" / competition.slug, train, test, competition, labels)
    return Workspace.in_folders(competition, folder / "data", folder / "runs")


def blend_two(workspace: Workspace) -> None:
    data = data_of(workspace)
    columns = [
        store_column(workspace, data, name, name[0] * 16, skill=skill)
        for name, skill in (("linear", 0.9), ("forest", 0.8))
    ]
    store_blend(workspace, data, columns, {"linear": 0.7, "forest": 0.3})


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A table in time, with two pipelines' columns and their blend."""
    workspace = shop(tmp_path_factory.mktemp("shop"))
    blend_two(workspace)
    return workspace


@pytest.fixture
def page(browser: Browser, tuned: Workspace) -> Iterator[tuple[Page, list[str]]]:
    """The open report, and what went wrong in it."""
    opened = browser.new_page(viewport={"width": 1300, "height": 950})
    troubles = watched(opened)
    opened.goto(write_report(tuned).as_uri())
    yield opened, troubles
    opened.close()


def cells_of(table: Locator) -> list[list[str]]:
    rows = table.locator("tbody tr").all()
    return [[cell.strip() for cell in row.locator("th, td").all_inner_texts()] for row in rows]


@pytest.mark.long
def test_rows_are_shown_as_cells_under_their_own_numbers(
    page: tuple[Page, list[str]], tuned: Workspace, screenshots: Path | None
) -> None:
    """Folds by time score the later rows alone: the first scored one is not row 0."""
    opened, troubles = page
    opened.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert opened.locator("img").count() == 0
    mistakes = cells_of(opened.locator("#on-blend").get_by_label("mistakes"))
    truth = np.asarray(data_of(tuned).truth)
    assert mistakes
    for row, true, given, _, when, *_ in mistakes:
        assert int(row) >= ROWS // 2
        assert true == SHOP.classes[truth[int(row)]] != given
        assert when == str(np.datetime64("2021-03-01") + int(row) // 2)
    plots = opened.locator(".plot")
    for number in range(plots.count()):
        plots.nth(number).scroll_into_view_if_needed()
        plots.nth(number).locator("svg.main-svg").first.wait_for(timeout=10_000)
    assert troubles == []
    if screenshots is not None:
        opened.locator("#data").screenshot(path=screenshots / "table.png")


@pytest.mark.long
def test_every_column_is_described(page: tuple[Page, list[str]]) -> None:
    opened, _ = page
    found = {row[0]: row[1:] for row in cells_of(opened.get_by_label("The columns", exact=True))}
    assert list(found) == ["when", "size", "make", "note"]
    assert found["when"][0] == "date"
    assert found["when"][4] == "2021-03-01 · 2021-04-24 · 2021-06-18"
    assert found["size"][:3] == ["number", "14.4%", "15.0%"]
    assert found["make"][0] == "category"
    assert found["make"][4].startswith("<b>bold</b> (")
    assert found["make"][5] == "33.3%"
    assert found["note"][0] == "text"
    marked = opened.get_by_label("The columns", exact=True).locator("strong").count()
    assert marked == 2  # the time, and the make that only the test rows have


def said_of(path: Path) -> str:
    """Return what a page says, without scripts and styles."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"<(script|style)[^>]*>.*?</\1>", "", text, flags=re.DOTALL)


def test_the_data_alone_before_anything_is_trained(tmp_path: Path) -> None:
    said = said_of(write_exploration(shop(tmp_path)))
    assert "160 labelled rows and 60 to answer" in said
    assert "4 columns to learn from (1 number, 1 category, 1 date, 1 text)" in said
    assert "<li>empty: " in said  # among what was left out
    assert "Folds follow the time in &#39;when&#39; (80 moments)" in said
    assert "rows of train.csv that stand there before</dt><dd>1</dd>" in said
    assert "rows to answer that stand in it</dt><dd>1</dd>" in said
    assert "rows of it that equal others with another label</dt><dd>2</dd>" in said
    assert "<li>row 4 no, row 5 yes</li>" in said
    assert "without when, by which folds are made" in said
    assert "<b>bold" not in said
    assert "Nothing is trained yet" in said
    assert "image" not in said


@pytest.mark.parametrize("slug", ["wine", "diabetes"])
def test_what_is_trained_is_judged(slug: str, tmp_path: Path) -> None:
    workspace = prepared_workspace(tmp_path, slug)
    blend_two(workspace)
    path = write_report(workspace)
    said = said_of(path)
    if slug == "wine":
        assert "rows furthest from their truth" in said
        assert "Labels most likely wrong" in said
        assert "confidence" in path.read_text(encoding="utf-8")
    else:
        assert "rows furthest off" in said
        assert "Labels most likely wrong" not in said
    assert "labelled rows, " in said
    assert "image" not in said
    assert path.stat().st_size < 7_000_000


def test_rows_of_numbers_keep_their_order(tmp_path: Path) -> None:
    """The row that is furthest off comes first, with its value and the prediction."""
    workspace = shop(tmp_path, PRICES)
    findings = gather(workspace)
    answers: Truth = np.array(findings.data.truth)
    answers[7] += 50
    worst = judge(findings, answers.astype(np.float32), answers).worst
    assert [head for head, _ in worst.shown.heads[:4]] == [
        "row",
        "true value",
        "prediction",
        "when",
    ]
    true = float(findings.data.truth[7, 0])
    assert worst.shown.rows[0][:3] == ["7", f"{true:.4g}", f"{true + 50:.4g}"]
