"""Ten digits as strokes, and how a hand draws them on the page with a mouse."""

from playwright.sync_api import Page

Point = tuple[float, float]
Stroke = list[Point]

# Shares of the canvas' width and height.
DIGITS: dict[str, list[Stroke]] = {
    "0": [
        [
            (0.52, 0.15),
            (0.38, 0.2),
            (0.3, 0.38),
            (0.3, 0.6),
            (0.38, 0.8),
            (0.52, 0.86),
            (0.65, 0.78),
            (0.71, 0.58),
            (0.7, 0.36),
            (0.63, 0.2),
            (0.51, 0.15),
        ]
    ],
    "1": [[(0.52, 0.14), (0.51, 0.4), (0.5, 0.65), (0.49, 0.88)]],
    "2": [
        [
            (0.28, 0.32),
            (0.34, 0.18),
            (0.5, 0.13),
            (0.64, 0.2),
            (0.67, 0.35),
            (0.58, 0.52),
            (0.42, 0.7),
            (0.26, 0.86),
            (0.45, 0.85),
            (0.74, 0.86),
        ]
    ],
    "3": [
        [
            (0.28, 0.2),
            (0.42, 0.13),
            (0.58, 0.15),
            (0.66, 0.27),
            (0.6, 0.4),
            (0.43, 0.47),
            (0.6, 0.52),
            (0.69, 0.65),
            (0.64, 0.8),
            (0.48, 0.88),
            (0.27, 0.82),
        ]
    ],
    "4": [
        [(0.35, 0.14), (0.3, 0.35), (0.26, 0.53), (0.45, 0.54), (0.72, 0.52)],
        [(0.62, 0.16), (0.6, 0.5), (0.58, 0.9)],
    ],
    "5": [
        [
            (0.36, 0.16),
            (0.34, 0.32),
            (0.32, 0.46),
            (0.48, 0.42),
            (0.62, 0.5),
            (0.67, 0.65),
            (0.6, 0.81),
            (0.44, 0.87),
            (0.27, 0.8),
        ],
        [(0.36, 0.16), (0.52, 0.15), (0.7, 0.14)],
    ],
    "6": [
        [
            (0.6, 0.12),
            (0.45, 0.25),
            (0.34, 0.45),
            (0.31, 0.65),
            (0.37, 0.82),
            (0.5, 0.87),
            (0.63, 0.8),
            (0.66, 0.66),
            (0.57, 0.55),
            (0.44, 0.57),
            (0.34, 0.68),
        ]
    ],
    "7": [[(0.27, 0.17), (0.45, 0.17), (0.72, 0.15), (0.6, 0.4), (0.5, 0.64), (0.44, 0.9)]],
    "8": [
        [
            (0.64, 0.25),
            (0.53, 0.14),
            (0.4, 0.18),
            (0.37, 0.31),
            (0.47, 0.45),
            (0.6, 0.57),
            (0.65, 0.72),
            (0.57, 0.86),
            (0.42, 0.86),
            (0.35, 0.73),
            (0.42, 0.58),
            (0.57, 0.43),
            (0.65, 0.3),
            (0.64, 0.25),
        ]
    ],
    "9": [
        [
            (0.64, 0.3),
            (0.58, 0.17),
            (0.45, 0.15),
            (0.35, 0.27),
            (0.38, 0.42),
            (0.5, 0.48),
            (0.61, 0.4),
            (0.65, 0.25),
            (0.64, 0.45),
            (0.62, 0.65),
            (0.57, 0.9),
        ]
    ],
}


def traced(stroke: Stroke, steps: int = 2) -> Stroke:
    """Return a smooth curve through a stroke's points (Catmull & Rom, 1974), as a hand draws it."""
    ends = [stroke[0], *stroke, stroke[-1]]
    curve = []
    for before, start, end, after in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for step in range(steps):
            t = step / steps
            weights = (
                (-t + 2 * t**2 - t**3) / 2,
                (2 - 5 * t**2 + 3 * t**3) / 2,
                (t + 4 * t**2 - 3 * t**3) / 2,
                (t**3 - t**2) / 2,
            )
            parts = list(zip(weights, (before, start, end, after), strict=True))
            curve.append((sum(w * p[0] for w, p in parts), sum(w * p[1] for w, p in parts)))
    return [*curve, stroke[-1]]


def on_page(page: Page, point: Point) -> Point:
    """Return a canvas point's place in the window, in pixels."""
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    return box["x"] + point[0] * box["width"], box["y"] + point[1] * box["height"]


def draw(page: Page, strokes: list[Stroke]) -> None:
    """Draw strokes with the mouse."""
    for stroke in strokes:
        first, *others = [on_page(page, point) for point in traced(stroke)]
        page.mouse.move(*first)
        page.mouse.down()
        for point in others:
            page.mouse.move(*point)
        page.mouse.up()
