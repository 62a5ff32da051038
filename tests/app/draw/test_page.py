"""A real browser draws on the page, drops pictures on it, and reads what it says."""

import io
import socket
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from app.draw.readers import load_readers
from app.draw.strokes import to_digit_form
from benchmarks.images.drawing import on_canvas
from tests.app.draw.hand import DIGITS, draw, on_page, traced
from tests.app.draw.served_page import HELD_OUT, Workplace, make_workplace, photo, served

pytestmark = pytest.mark.long

LINES = [[3, 1, 4, 1, 5], [9, 2, 6, 5]]

# Of every text that is shown: itself, and its colour's contrast with what lies behind it.
CONTRASTS = """() => {
  const levels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => levels(colour).slice(0, 3)
    .map((level) => level / 255)
    .map((level) => level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4)
    .reduce((sum, level, i) => sum + level * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return levels(colour)[3] === 0 ? ground(node.parentElement) : colour;
  };
  const nodes = [...document.querySelectorAll("body *")].filter((node) =>
    node.checkVisibility() && !node.disabled && !node.closest("select, svg")
    && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  return nodes.map((node) => {
    const [a, b] = [luminance(getComputedStyle(node).color), luminance(ground(node))];
    return [node.textContent, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
}"""


@pytest.fixture(scope="module")
def workplace(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Workplace:
    """The real digits where they are; a user without them draws for models of the optical ones."""
    try:
        real_zip: Path | None = request.getfixturevalue("real_zip")
    except pytest.skip.Exception:
        real_zip = None
    return make_workplace(tmp_path_factory.mktemp("drawing"), real_zip)


@pytest.fixture(scope="module")
def address(browser: Browser, workplace: Workplace) -> Iterator[str]:
    with served(workplace) as address:
        yield address


@pytest.fixture(params=[{}])
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """The page, opened; it must not complain in the console, nor ask other hosts for anything."""
    context = browser.new_context(**{"viewport": {"width": 1180, "height": 800}, **request.param})
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda made: asked.append(made.url))
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    yield page
    context.close()
    assert all(url.startswith((address, "blob:")) for url in asked)
    # Chromium reports every answer that reports a failure, whatever the page makes of it.
    assert [text for text in complaints if "status of 422" not in text] == []


def said(page: Page) -> str:
    return page.get_by_role("status").inner_text()


def picture_file(workplace: Workplace) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(photo(workplace.data, LINES)).save(stream, "PNG")
    return stream.getvalue()


def small_screenshot(page: Page, folder: Path | None, name: str) -> None:
    if folder is not None:
        path = folder / name
        page.wait_for_timeout(250)  # for the bars to arrive
        page.screenshot(path=path, full_page=True)
        assert path.stat().st_size < 150_000


def test_all_ten_digits_are_read_and_their_waits_measured(
    page: Page,
    screenshots: Path | None,
    record_property: Callable[[str, object], None],
) -> None:
    for digit, strokes in DIGITS.items():
        draw(page, strokes)
        expect(page.get_by_role("status")).to_contain_text(f"Read as {digit}")
        if digit == "8":
            small_screenshot(page, screenshots, "draw.png")
        page.get_by_role("button", name="Clear").click()
    waits = page.evaluate(
        "() => performance.getEntriesByName('lifted to read').map(({ duration }) => duration)"
    )
    assert len(waits) >= len(DIGITS)
    record_property("milliseconds from lifting to reading", statistics.median(waits))


def test_the_result_shows_shares_the_image_and_neighbours(page: Page) -> None:
    draw(page, DIGITS["7"])
    expect(page.get_by_role("status")).to_contain_text("Read as 7")
    meters = page.get_by_role("meter")
    expect(meters).to_have_count(10)
    shares = [float(meter.get_attribute("aria-valuenow") or "") for meter in meters.all()]
    assert sum(shares) == pytest.approx(1, abs=1e-4)
    assert shares[7] == max(shares)
    lit = page.evaluate(
        "() => { const seen = document.getElementById('seen');"
        " const { data } = seen.getContext('2d').getImageData(0, 0, seen.width, seen.height);"
        " return [seen.width, data.filter((level, i) => i % 4 === 0 && level > 128).length]; }"
    )
    assert lit[0] == 28
    assert 30 < lit[1] < 200
    labels = page.locator("#neighbours li").all_inner_texts()
    assert len(labels) == 8
    assert labels.count("7") >= 6


def test_an_empty_canvas_is_nothing_drawn(page: Page) -> None:
    assert said(page) == "Nothing drawn."
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    draw(page, DIGITS["4"])
    expect(page.get_by_role("status")).to_contain_text("Read as 4")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).not_to_contain_text("Read as 4")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("status")).to_have_text("Nothing drawn.")
    draw(page, DIGITS["1"])
    expect(page.get_by_role("status")).to_contain_text("Read as 1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("status")).to_have_text("Nothing drawn.")
    expect(page.locator("#neighbours li")).to_have_count(0)


def test_another_model_reads_the_same_drawing(page: Page) -> None:
    chooser = page.get_by_label("Read by")
    titles = chooser.locator("option").all_inner_texts()
    assert titles[0] == "blend: 75% svm + 25% knn"
    assert sum(title.endswith("not available") for title in titles) == 1
    draw(page, DIGITS["2"])
    expect(page.get_by_role("status")).to_contain_text("Read as 2")
    blended = said(page)
    with page.expect_response("**/drawing?model=handcrafted*"):
        chooser.select_option(label=next(t for t in titles if t.startswith("handcrafted")))
    expect(page.get_by_role("status")).not_to_have_text(blended)


def test_a_wider_pen_and_a_small_corner_change_nothing(page: Page) -> None:
    page.get_by_label("Pen width").fill("36")
    draw(page, DIGITS["3"])
    expect(page.get_by_role("status")).to_contain_text("Read as 3")
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Pen width").fill("8")
    draw(page, [[(0.65 + x / 3, y / 3) for x, y in stroke] for stroke in DIGITS["5"]])
    expect(page.get_by_role("status")).to_contain_text("Read as 5")


def test_a_dropped_photo_is_read_line_by_line(
    page: Page, workplace: Workplace, screenshots: Path | None
) -> None:
    page.evaluate(
        """(bytes) => {
          const carried = new DataTransfer();
          carried.items.add(new File([new Uint8Array(bytes)], "photo.png", { type: "image/png" }));
          const drop = { dataTransfer: carried, bubbles: true, cancelable: true };
          document.getElementById("canvas").dispatchEvent(new DragEvent("drop", drop));
        }""",
        list(picture_file(workplace)),
    )
    expect(page.get_by_role("status")).to_have_text("9 digits: 3 1 4 1 5 / 9 2 6 5")
    expect(page.locator("#boxes div")).to_have_count(9)
    page.get_by_role("button", name="Digit 6: 9").click()
    expect(page.locator("#bars .best .name")).to_have_text("9")
    small_screenshot(page, screenshots, "photo.png")
    draw(page, DIGITS["0"])  # a stroke on the picture starts a drawing
    expect(page.get_by_role("status")).to_contain_text("Read as 0")
    expect(page.locator("#sheet img")).to_have_count(0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"not a picture", "choose a PNG, JPEG, WebP or BMP"),
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "choose a PNG, JPEG, WebP or BMP"),
    ],
    ids=["text", "empty", "broken"],
)
def test_a_bad_file_gets_a_sentence(page: Page, content: bytes, sentence: str) -> None:
    file = {"name": "digits.png", "mimeType": "image/png", "buffer": content}
    page.locator("#file").set_input_files(file)  # type: ignore[arg-type]
    alert = page.get_by_role("alert")
    expect(alert).not_to_be_empty()
    assert sentence in alert.inner_text()
    draw(page, DIGITS["7"])
    expect(page.get_by_role("status")).to_contain_text("Read as 7")
    expect(alert).to_be_empty()


@pytest.mark.parametrize(
    "page",
    [{"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 700}}],
    indirect=True,
)
def test_a_finger_draws_and_does_not_scroll(page: Page) -> None:
    assert page.evaluate("() => document.documentElement.scrollHeight > innerHeight")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    path = [on_page(page, point) for point in traced(DIGITS["1"][0][::-1])]
    send("touchStart", path[0])
    for point in path[1:]:
        send("touchMove", point)
    send("touchEnd")
    expect(page.get_by_role("status")).to_contain_text("Read as 1")
    assert page.evaluate("() => scrollY") == 0
    send("touchStart", on_page(page, (0.2, 0.2)))
    send("touchMove", on_page(page, (0.8, 0.8)))
    before = page.evaluate("() => performance.getEntriesByName('lifted to read').length")
    send("touchCancel")
    page.wait_for_timeout(200)
    assert page.evaluate("() => performance.getEntriesByName('lifted to read').length") > before
    assert "Read as 1" in said(page)  # what the system interrupted is not kept


def test_the_keyboard_draws_too(page: Page) -> None:
    page.locator("#canvas").focus()
    for key in ["ArrowUp"] * 8 + ["Space"] + ["ArrowDown"] * 16 + ["Space"]:
        page.keyboard.press(key)
    expect(page.get_by_role("status")).to_contain_text("Read as 1")
    page.keyboard.press("]")
    assert page.get_by_label("Pen width").input_value() == "22"
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()


@pytest.mark.parametrize(
    "page", [{"color_scheme": theme} for theme in ("light", "dark")], indirect=True
)
def test_text_is_legible_in_both_themes(page: Page) -> None:
    draw(page, DIGITS["6"])
    expect(page.get_by_role("status")).to_contain_text("Read as 6")
    found = page.evaluate(CONTRASTS)
    assert len(found) > 25
    assert [pair for pair in found if pair[1] < 4.5] == []


@pytest.mark.usefixtures("real_zip")
def test_digits_put_anywhere_are_read_nearly_as_well(workplace: Workplace) -> None:
    data = workplace.data
    blend = load_readers(workplace.workspace, data, lambda title: None)[0]
    images, truth = np.asarray(data.train[-HELD_OUT:]), np.asarray(data.truth[-HELD_OUT:])
    random = np.random.default_rng(0)
    formed = [to_digit_form(on_canvas(image, random), 28) for image in images]
    found = np.stack([image for image in formed if image is not None])
    assert len(found) == len(images)
    right = [(blend.labels(blend.read(these)) == truth).mean() for these in (images, found)]
    assert right[0] > 0.95
    assert right[0] - right[1] <= 0.01


def test_only_this_machine_and_this_page_are_answered(address: str, workplace: Workplace) -> None:
    port = address.rsplit(":", 1)[1]
    assert requests.get(address, headers={"Host": f"localhost:{port}"}).ok
    assert requests.get(address, headers={"Host": f"rebound.example:{port}"}).status_code == 400
    foreign = {"Sec-Fetch-Site": "cross-site"}
    picture = picture_file(workplace)
    assert (
        requests.post(f"{address}/picture?model=blend", picture, headers=foreign).status_code == 403
    )
    policy = requests.get(address).headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{own_address()}:{port}", timeout=5)


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("picture?model=blend", b"\0" * 10_000_001, "larger than 10 MB"),
        ("picture?model=nobody", b"", "empty"),
        ("drawing?model=nobody&width=2&height=2", b"\0" * 4, "no model 'nobody'"),
        ("drawing?model=blend&width=2&height=2", b"\0" * 3, "did not arrive whole"),
        ("drawing?model=blend&width=2&height=2", b"\0" * 5, "larger than"),
        ("drawing?model=blend&width=x&height=2", b"", "width is 1 to 1000"),
        ("drawing?model=blend&width=2&height=2000000", b"", "height is 1 to 1000"),
    ],
)
def test_what_cannot_be_read_is_answered_by_a_sentence(
    address: str, path: str, body: bytes, sentence: str
) -> None:
    answer = requests.post(f"{address}/{path}", body)
    assert answer.status_code == 422
    assert sentence in answer.json()["sentence"]


def test_an_empty_drawing_holds_no_digit(address: str) -> None:
    path = f"{address}/drawing?model=blend&width=30&height=30"
    assert requests.post(path, bytes(900)).json() == {"digit": None}


def own_address() -> str:
    """Return this machine's address in its network, or another loopback address without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.2"
