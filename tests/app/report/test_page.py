"""The report of a real run, opened in a real browser: every figure, no error, no call outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.report.page import write_exploration, write_report
from competition.errors import PodiumError
from competition.spec import load_competition
from competition.workspace import Workspace
from pipelines.base import chosen_pipelines
from pipelines.blending.blend import make_blend
from pipelines.search.plan import make_plan
from pipelines.search.run import tune_all
from tests.app.conftest import watched
from tests.app.stored import prepared_workspace

pytestmark = pytest.mark.long

BROKEN_PICTURES = """async () => {
  const pictures = [...document.images];
  for (const picture of pictures) picture.loading = "eager";
  await Promise.allSettled(pictures.map((picture) => picture.decode()));
  const bad = (picture) => !picture.naturalWidth || picture.getAttribute("alt") === null;
  return pictures.filter(bad).map((picture) => picture.alt);
}"""
HEADINGS = ["The data", "Pipelines and blend", "The tuning", "The blend", "The leaderboard"]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The optical digits, with two pipelines tuned and blended."""
    workspace = prepared_workspace(tmp_path_factory.mktemp("report"), "optical-digits")
    pipelines = chosen_pipelines("logistic knn", workspace.competition).pipelines
    plan = make_plan(workspace, 0, 1)
    # One after the other, as the first trial of a run is always completed.
    for pipeline in pipelines:
        tune_all(plan, [pipeline], 2.0, "random", lambda step, left: None)
    make_blend(plan, pipelines)
    return workspace


@pytest.fixture(scope="module")
def written(tuned: Workspace) -> Path:
    return write_report(tuned)


@pytest.fixture(params=["light", "dark"])
def page(
    request: pytest.FixtureRequest, browser: Browser, written: Path
) -> Iterator[tuple[Page, list[str]]]:
    """The open report, and what went wrong in it."""
    opened = browser.new_page(viewport={"width": 1300, "height": 950}, color_scheme=request.param)
    troubles = watched(opened)
    opened.goto(written.as_uri())
    yield opened, troubles
    opened.close()


def test_every_figure_is_there_and_nothing_is_called(
    page: tuple[Page, list[str]], screenshots: Path | None
) -> None:
    opened, troubles = page
    assert [heading.strip() for heading in opened.locator("section > h2").all_inner_texts()][
        -5:
    ] == HEADINGS
    opened.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    plots = opened.locator(".plot")
    # Shares, two calibrations, and of the studies what a slow machine had the time for.
    assert plots.count() >= 4
    for number in range(plots.count()):
        plots.nth(number).scroll_into_view_if_needed()
        plots.nth(number).locator("svg.main-svg").first.wait_for(timeout=10_000)
    assert opened.evaluate(BROKEN_PICTURES) == []
    assert "row " in opened.locator("#data").inner_text()
    assert opened.get_by_text("Error matrix").count() == 3
    assert "make submit" in opened.locator("#leaderboard").inner_text()
    assert troubles == []
    if screenshots is not None and opened.evaluate(
        "matchMedia('(prefers-color-scheme: light)').matches"
    ):
        opened.locator("#on-blend").evaluate("panel => panel.scrollIntoView()")
        opened.screenshot(path=screenshots / "report.png")


def test_the_theme_can_be_switched_and_text_stays_legible(page: tuple[Page, list[str]]) -> None:
    opened, troubles = page
    before = colours(opened)
    assert contrast(*before) >= 4.5
    opened.locator("#theme").focus()
    opened.keyboard.press("Enter")
    after = colours(opened)
    assert after != before
    assert contrast(*after) >= 4.5
    assert troubles == []


def test_a_report_is_one_small_file(written: Path) -> None:
    assert [path.name for path in written.parent.glob("*.html")] == ["index.html"]
    assert written.stat().st_size < 15_000_000
    text = written.read_text(encoding="utf-8")
    assert 'src="http' not in text and '<link rel="stylesheet"' not in text


def test_the_data_alone_before_anything_is_trained(
    tuned: Workspace, browser: Browser, tmp_path: Path
) -> None:
    untouched = Workspace.in_folders(tuned.competition, tuned.data.parent, tmp_path)
    written = write_exploration(untouched)
    opened = browser.new_page()
    troubles = watched(opened)
    opened.goto(written.as_uri())
    assert opened.locator("#data h2").inner_text() == "The data"
    assert opened.locator("#tuning").count() == 0
    assert troubles == []
    opened.close()
    empty = write_report(untouched)
    assert "make tune" in empty.read_text(encoding="utf-8")


def test_missing_data_is_a_sentence(tmp_path: Path) -> None:
    folders = (tmp_path / "data", tmp_path / "runs")
    with pytest.raises(PodiumError, match=r"train\.csv is not there"):
        write_report(Workspace.in_folders(load_competition("optical-digits"), *folders))
    assert not list(tmp_path.iterdir())


def colours(page: Page) -> tuple[str, str]:
    """Return the colours of the text and of the ground."""
    script = "body => [getComputedStyle(body).color, getComputedStyle(body).backgroundColor]"
    text, ground = page.locator("body").evaluate(script)
    return text, ground


def contrast(text: str, ground: str) -> float:
    """Return the contrast ratio of two colours, as WCAG 2 defines it."""
    bright, dark = sorted((luminance(text), luminance(ground)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(part) / 255 for part in colour.split("(")[1].rstrip(")").split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
