"""The report of a real run, opened in a real browser: every figure, no error, no call outside."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy.orm import Session

from app.report.page import write_exploration, write_report
from competition import Competition, PodiumError, load_competition
from competition.practice.holdout import prepare
from pipelines.base import chosen_pipelines
from pipelines.blend_files import make_blend
from pipelines.campaign import make_plan, tune_all
from submissions.ledger import Ledger
from submissions.tables import State, Submission
from tests.app.conftest import watched

HEADINGS = ["The data", "Pipelines and blend", "The tuning", "The blend", "The leaderboard"]
MISLABELLED = {40: "1", 700: "0"}  # rows of train that get a wrong label, counted from 0
TWICE = (100, 900)  # the second of these rows gets the pixels of the first

# Every element that holds text itself, with the contrast of its text and what it stands on.
CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return rgba("white");
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || ["SCRIPT", "STYLE", "TITLE"].includes(element.tagName.toUpperCase())) continue;
    if (!element.checkVisibility() || element.matches(".skip")) continue;
    const style = getComputedStyle(element);
    const text = element.ownerSVGElement ? style.fill : style.color;
    const [a, b] = [luminance(rgba(text)), luminance(ground(element))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.textContent.trim()]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Competition]:
    """The optical digits, a little spoilt; two pipelines tuned and blended, one score known."""
    home = tmp_path_factory.mktemp("report")
    competition = load_competition("optical-digits")
    prepare(home / "kaggle", competition, None)
    (home / "data").mkdir()
    (home / "kaggle" / "public").rename(home / "data" / competition.slug)
    spoil(home / "data" / competition.slug / competition.train_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(home / "data"))
        patch.setenv("RUNS_DIR", str(home / "runs"))
        for name in ("DATABASE_URL", "KAGGLE_ENDPOINT"):
            patch.delenv(name, raising=False)
        pipelines = chosen_pipelines("logistic knn")
        plan = make_plan(competition, 0, None)
        tune_all(plan, pipelines, 5.0, "random", lambda step, left: None)
        make_blend(plan, pipelines)
        keep_a_score(competition)
        yield competition


def spoil(train: Path) -> None:
    """Write wrong labels and a repeated image into the training data."""
    with train.open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head[0] == "label"
    for row, label in MISLABELLED.items():
        assert rows[row][0] != label
        rows[row][0] = label
    rows[TWICE[1]][1:] = rows[TWICE[0]][1:]
    with train.open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def keep_a_score(competition: Competition) -> None:
    ledger = Ledger.open(competition)
    known = Submission(
        competition=ledger.competition,
        endpoint=ledger.endpoint,
        fingerprint="0" * 12,
        attempt=1,
        file="a.csv",
        rows=599,
        state=State.SUBMITTED,
        status="complete",
        ref=1,
        created=datetime(2025, 3, 1, tzinfo=UTC),
        public_score=0.98,
        cv_score=0.985,
        cv_se=0.003,
        message="<b>not bold</b>",
    )
    with Session(ledger.engine) as session, session.begin():
        session.add(known)


@pytest.fixture(scope="module")
def written(tuned: Competition) -> Path:
    return write_report(tuned)


@pytest.fixture(params=["light", "dark"])
def page(
    request: pytest.FixtureRequest, browser: Browser, written: Path
) -> Iterator[tuple[Page, list[str]]]:
    """The open report, and what went wrong in it."""
    opened = browser.new_page(
        viewport={"width": 1300, "height": 950}, color_scheme=request.param, reduced_motion="reduce"
    )
    troubles = watched(opened)
    opened.goto(written.as_uri())
    yield opened, troubles
    opened.close()


def draw_all(page: Page) -> int:
    """Open every panel, bring every plot near the screen, and return how many were drawn."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    plots = page.locator(".plot")
    for number in range(plots.count()):
        plots.nth(number).scroll_into_view_if_needed()
        plots.nth(number).locator("svg.main-svg").first.wait_for(timeout=10_000)
    return plots.count()


def test_every_figure_is_there_and_nothing_is_called(
    page: tuple[Page, list[str]], screenshots: Path | None
) -> None:
    opened, troubles = page
    assert opened.locator("main > section > h2").all_inner_texts() == HEADINGS
    assert draw_all(opened) >= 8  # shares, three calibrations, two histories, two slices
    broken = """images => images.filter(each => each.alt === "" || !each.src.startsWith("data:"))
        .length"""
    pictures = opened.locator("img")
    assert pictures.count() > 100
    assert pictures.evaluate_all(broken) == 0
    opened.evaluate("Promise.all([...document.images].map(each => each.decode()))")
    assert opened.get_by_text("Error matrix").count() == 3
    assert opened.locator("#leaderboard svg use title").count() >= 2
    assert opened.locator("#leaderboard b").count() == 0  # a message is text, whatever it holds
    assert troubles == []
    if screenshots is not None and opened.evaluate(
        "matchMedia('(prefers-color-scheme: light)').matches"
    ):
        opened.locator("#on-blend").evaluate("panel => panel.scrollIntoView()")
        opened.screenshot(path=screenshots / "report.png")


def test_spoilt_rows_are_pointed_out(page: tuple[Page, list[str]]) -> None:
    opened, _ = page
    doubts = opened.locator("#doubts ~ .digits").first.inner_text()
    for row in MISLABELLED:
        assert f"row {row}\n" in f"{doubts}\n"
    assert "1 image stands in train.csv more than once" in opened.locator("#data").inner_text()
    alike = opened.locator(".pair", has_text="1.0000").first.inner_text()
    assert all(f"row {row}" in alike for row in TWICE)


def test_text_is_legible_in_both_themes(page: tuple[Page, list[str]]) -> None:
    opened, troubles = page
    draw_all(opened)
    ground = "getComputedStyle(document.body).backgroundColor"
    before = opened.evaluate(ground)
    faint = [each for each in opened.evaluate(CONTRASTS) if each[0] < 4.5]
    assert faint == []
    opened.locator("#theme").focus()
    opened.keyboard.press("Enter")
    assert opened.evaluate(ground) != before
    opened.wait_for_timeout(500)  # the plots are dressed anew
    found = opened.evaluate(CONTRASTS)
    assert len(found) > 1000
    assert [each for each in found if each[0] < 4.5] == []
    assert troubles == []


def test_a_link_opens_a_closed_panel(page: tuple[Page, list[str]]) -> None:
    opened, _ = page
    panel = opened.locator("#on-logistic")
    assert panel.get_attribute("open") is None
    opened.locator("nav a", has_text="logistic").click()
    panel.locator("table").first.wait_for(timeout=5_000)


def test_a_narrow_screen_does_not_scroll_sideways(browser: Browser, written: Path) -> None:
    opened = browser.new_page(viewport={"width": 390, "height": 800})
    opened.goto(written.as_uri())
    draw_all(opened)
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    opened.close()


def test_a_report_is_one_small_file(written: Path) -> None:
    assert [path.name for path in written.parent.iterdir()] == ["index.html"]
    assert written.stat().st_size < 15_000_000


def test_the_data_alone_before_anything_is_trained(
    tuned: Competition, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    opened = browser.new_page()
    troubles = watched(opened)
    opened.goto(write_exploration(tuned).as_uri())
    assert opened.locator("main > section > h2").all_inner_texts() == HEADINGS[:1]
    assert "make tune" in opened.locator("#doubts + p").inner_text()
    opened.goto(write_report(tuned).as_uri())
    said = " ".join(opened.locator(".empty").all_inner_texts())
    assert all(f"make {target}" in said for target in ("tune", "blend", "submit"))
    assert troubles == []
    opened.close()


def test_missing_data_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with pytest.raises(PodiumError, match="make download"):
        write_report(load_competition("optical-digits"))
    assert not list(tmp_path.iterdir())
