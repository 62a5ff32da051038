"""The data, of images: shares of the labels, samples, means, what is alike, labels in doubt."""

from dataclasses import dataclass

import numpy as np

from app.report.drawing.figures import Plot
from app.report.drawing.pictures import Picture, png_uri, sheet
from app.report.findings import Findings
from app.report.sections.data.images.groups import Groups, groups_of
from app.report.sections.data.images.near_duplicates import Pair, find_near_duplicates
from app.report.sections.data.label_issues import Doubts, doubts_of
from app.report.sections.data.shares import label_shares
from app.truth import truth_in_words
from competition.problem.targets import Kind

_SAMPLES = 24  # of each group
_PAIRS = 3  # of each group
_DISAGREEING = 15


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
class ImagesSection:
    """What the page shows of the data.

    Attributes:
        rows: Labelled images.
        test_rows: Images to label.
        form: How large they are and what their labels are, in words.
        shares: Shares of the classes, or how the values are spread.
        groups: What the images below are sorted by.
        samples: Random images, a row for each group.
        means: Mean image of each group.
        spreads: Standard deviation of each pixel, by group.
        across: Pairs of train and test.
        within: Pairs of train.
        disagreeing: Pairs of train with different labels.
        repeated_in_train: Images that stand in train more than once, beyond the first.
        shared_with_test: Test images that stand in train too.
        doubts: Labels in doubt; None where answers are no class probabilities.
    """

    rows: int
    test_rows: int
    form: str
    shares: list[Plot]
    groups: Groups
    samples: Picture
    means: list[Picture]
    spreads: list[Picture]
    across: list[PairPicture]
    within: list[PairPicture]
    disagreeing: list[PairPicture]
    repeated_in_train: int
    shared_with_test: int
    doubts: Doubts | None


def images_section(findings: Findings) -> ImagesSection:
    """Look through the images and labels.

    Args:
        findings: The data; the blend or the columns say which labels are in doubt.
    """
    data, problem = findings.data, findings.problem
    groups = groups_of(problem, findings.truth)
    alike = find_near_duplicates(data, problem, groups, _PAIRS, _DISAGREEING)
    means, spreads = _means(findings, groups)
    return ImagesSection(
        rows=len(data.train),
        test_rows=len(data.test),
        form=_form(findings),
        shares=label_shares(findings),
        groups=groups,
        samples=_samples(findings, groups),
        means=means,
        spreads=spreads,
        across=[_across(findings, pair) for pair in alike.across],
        within=[_within(findings, pair) for pair in alike.within],
        disagreeing=[_within(findings, pair) for pair in alike.disagreeing],
        repeated_in_train=alike.repeated_in_train,
        shared_with_test=alike.shared_with_test,
        doubts=doubts_of(findings),
    )


def _form(findings: Findings) -> str:
    competition, problem = findings.competition, findings.problem
    side = competition.image_side
    pixels = f"{side} × {side} {'pixels' if competition.channels == 1 else 'pixels in colour'}"
    match problem.kind:
        case Kind.CLASSES:
            return f"{pixels} in {len(problem.classes)} classes"
        case Kind.ORDERED:
            return f"{pixels} in {len(problem.classes)} classes with an order"
    if len(problem.targets) == 1:
        return f"{pixels}, each with a number ({problem.targets[0]})"
    return f"{pixels}, each with {len(problem.targets)} numbers ({', '.join(problem.targets)})"


def _samples(findings: Findings, groups: Groups) -> Picture:
    random = np.random.default_rng(0)
    rows = [random.choice(groups.rows(group), _SAMPLES) for group in range(len(groups.names))]
    picked = findings.data.train[np.sort(np.stack(rows), axis=1).ravel()]
    return Picture(
        png_uri(sheet(picked, _SAMPLES)),
        f"{_SAMPLES} random training images of each {groups.noun}, a row for each: "
        + ", ".join(groups.names),
    )


def _means(findings: Findings, groups: Groups) -> tuple[list[Picture], list[Picture]]:
    means: list[Picture] = []
    spreads: list[Picture] = []
    for group, name in enumerate(groups.names):
        images = findings.data.train[groups.rows(group)].astype(np.float32)
        for found, values, word in (
            (means, images.mean(axis=0), "Mean image"),
            (spreads, images.std(axis=0), "Standard deviation of each pixel"),
        ):
            scaled = values * (255 / max(float(values.max()), 1))
            picture = png_uri(scaled.astype(np.uint8))
            found.append(Picture(picture, f"{word} of {groups.noun} {name}", name))
    return means, spreads


def _across(findings: Findings, pair: Pair) -> PairPicture:
    data = findings.data
    image_id = data.test_ids[pair.second]
    picture = png_uri(data.test[pair.second])
    other = Picture(picture, f"Test image {image_id}", f"test id {image_id}")
    return PairPicture(_labelled(findings, pair.first), other, f"{pair.similarity:.4f}")


def _within(findings: Findings, pair: Pair) -> PairPicture:
    one, other = _labelled(findings, pair.first), _labelled(findings, pair.second)
    return PairPicture(one, other, f"{pair.similarity:.4f}")


def _labelled(findings: Findings, row: int) -> Picture:
    name = truth_in_words(findings.problem, findings.truth[row])
    return Picture(
        png_uri(findings.data.train[row]),
        f"Training image in row {row}, labelled {name}",
        f"{name} · row {row}",
    )
