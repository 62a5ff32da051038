"""The data: class shares, samples, means, images that are alike, labels in doubt."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from app.report.alike import Pair, find_alike
from app.report.doubts import doubtful_labels
from app.report.figures import Plot, plot
from app.report.findings import Findings
from app.report.pictures import Picture, png_uri, sheet

_SAMPLES = 24  # of each class
_PAIRS = 3  # of each class
_DISAGREEING = 15
_DOUBTS = 60


@dataclass(frozen=True)
class PairPicture:
    """Two images side by side.

    Attributes:
        one: The first.
        other: The second.
        caption: How alike they are.
    """

    one: Picture
    other: Picture
    caption: str


@dataclass(frozen=True)
class DataSection:
    """What the page shows of the data.

    Attributes:
        rows: Labelled images.
        test_rows: Images to label.
        side: Pixels along a side.
        shares: Class shares.
        samples: Random images, a row for each class.
        means: Mean image of each class.
        spreads: Standard deviation of each pixel, by class.
        across: Pairs of train and test.
        within: Pairs of train.
        disagreeing: Pairs of train with two labels.
        repeated_in_train: Images that stand in train more than once, beyond the first.
        shared_with_test: Test images that stand in train too.
        doubts: Labels in doubt, the first of them; None where nothing is trained.
        doubted: How many there are.
        doubted_by: Whose probabilities said so.
    """

    rows: int
    test_rows: int
    side: int
    shares: Plot
    samples: Picture
    means: list[Picture]
    spreads: list[Picture]
    across: list[PairPicture]
    within: list[PairPicture]
    disagreeing: list[PairPicture]
    repeated_in_train: int
    shared_with_test: int
    doubts: list[Picture] | None
    doubted: int
    doubted_by: str


def data_section(findings: Findings) -> DataSection:
    """Look through the images and labels.

    Args:
        findings: The data; the blend or the columns say which labels are in doubt.
    """
    data, names = findings.data, findings.competition.classes
    labels = np.asarray(data.train_labels)
    alike = find_alike(data, len(names), _PAIRS, _DISAGREEING)
    means, spreads = _means(findings, labels)
    found = doubtful_labels(findings)
    doubted_by, doubts = found or ("", [])
    return DataSection(
        rows=len(labels),
        test_rows=len(data.test_images),
        side=findings.competition.image_side,
        shares=_shares(findings, labels),
        samples=_samples(findings, labels),
        means=means,
        spreads=spreads,
        across=[_across(findings, pair) for pairs in alike.across for pair in pairs],
        within=[_within(findings, pair) for pairs in alike.within for pair in pairs],
        disagreeing=[_within(findings, pair) for pair in alike.disagreeing],
        repeated_in_train=alike.repeated_in_train,
        shared_with_test=alike.shared_with_test,
        doubts=None
        if found is None
        else [
            train_picture(
                findings,
                doubt.row,
                f"labelled {names[doubt.given]}",
                f"{names[doubt.likely]} at {doubt.p_likely:.3f}",
                names[doubt.given],
                names[doubt.likely],
            )
            for doubt in doubts[:_DOUBTS]
        ],
        doubted=len(doubts),
        doubted_by=doubted_by,
    )


def train_picture(
    findings: Findings, row: int, truth: str, other: str, label: str, given: str
) -> Picture:
    """Return a training image whose label is disputed.

    Args:
        findings: Has the image.
        row: Counted from 0.
        truth: What to say of its label.
        other: What to say of the answer.
        label: Its label, for the caption.
        given: The answer, for the caption.
    """
    words = f"Training image in row {row}: {truth}, {other}"
    p = other.rsplit(" ", 1)[-1]
    return Picture(
        png_uri(findings.data.train_images[row]), words, f"{label}→{given} · {p}\nrow {row}", True
    )


def _shares(findings: Findings, labels: npt.NDArray[np.int64]) -> Plot:
    names = list(findings.competition.classes)
    counts = np.bincount(labels, minlength=len(names))
    bars = [_bar("train", counts, names)]
    if findings.blend is not None:
        answers = np.bincount(findings.blend.test.argmax(axis=1), minlength=len(names))
        bars.append(_bar("test, as the blend labels it", answers, names))
    figure = go.Figure(bars)
    figure.update_layout(
        barmode="group",
        xaxis={"title": {"text": "class"}, "type": "category"},
        yaxis={"title": {"text": "share of images"}, "tickformat": ".0%"},
    )
    return plot(figure, "Class shares", 300)


def _bar(name: str, counts: npt.NDArray[np.int64], names: list[str]) -> go.Bar:
    return go.Bar(
        name=name,
        x=names,
        y=(counts / counts.sum()).round(5).tolist(),
        customdata=counts.tolist(),
        hovertemplate="%{x}: %{customdata:,} images, %{y:.2%}",
    )


def _samples(findings: Findings, labels: npt.NDArray[np.int64]) -> Picture:
    random = np.random.default_rng(0)
    rows = [
        random.choice(np.flatnonzero(labels == label), _SAMPLES)
        for label in range(len(findings.competition.classes))
    ]
    picked = findings.data.train_images[np.sort(np.stack(rows), axis=1).ravel()]
    return Picture(
        png_uri(sheet(picked, _SAMPLES)),
        f"{_SAMPLES} random training images of each class, a row for each: "
        + ", ".join(findings.competition.classes),
    )


def _means(
    findings: Findings, labels: npt.NDArray[np.int64]
) -> tuple[list[Picture], list[Picture]]:
    means: list[Picture] = []
    spreads: list[Picture] = []
    for label, name in enumerate(findings.competition.classes):
        images = findings.data.train_images[labels == label].astype(np.float32)
        for found, values, word in (
            (means, images.mean(axis=0), "Mean image"),
            (spreads, images.std(axis=0), "Standard deviation of each pixel"),
        ):
            scaled = values * (255 / max(float(values.max()), 1))
            found.append(Picture(png_uri(scaled.astype(np.uint8)), f"{word} of class {name}", name))
    return means, spreads


def _across(findings: Findings, pair: Pair) -> PairPicture:
    data = findings.data
    image_id = data.test_ids[pair.second]
    other = Picture(
        png_uri(data.test_images[pair.second]), f"Test image {image_id}", f"test id {image_id}"
    )
    return PairPicture(_labelled(findings, pair.first), other, f"{pair.similarity:.4f}")


def _within(findings: Findings, pair: Pair) -> PairPicture:
    one, other = _labelled(findings, pair.first), _labelled(findings, pair.second)
    return PairPicture(one, other, f"{pair.similarity:.4f}")


def _labelled(findings: Findings, row: int) -> Picture:
    name = findings.competition.classes[findings.data.train_labels[row]]
    return Picture(
        png_uri(findings.data.train_images[row]),
        f"Training image in row {row}, labelled {name}",
        f"{name} · row {row}",
    )
