"""Images that are nearly the same: across train and test, and twice in train."""

from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from competition.data.dataset import Dataset

_COMPONENTS = 48
_NEIGHBOURS = 5  # candidates for each image, compared again by all their pixels
_EXACT_UP_TO = 10_000  # images among which all are searched
_PER_CELL = 160
_PROBES = 8

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pair:
    """Two images that look alike.

    Attributes:
        first: Row of the one, in train.
        second: Row of the other, in train or in test.
        similarity: Cosine of their pixels: 1 for the same image.
    """

    first: int
    second: int
    similarity: float


@dataclass(frozen=True)
class Alike:
    """The pairs that are worth a look.

    Attributes:
        across: By class, pairs of a train and a test image, most alike first.
        within: By class, pairs of train images of one label, most alike first.
        disagreeing: Pairs of train images of two labels, most alike first.
        repeated_in_train: Train images whose very pixels occurred in train before.
        shared_with_test: Test images whose very pixels occur in train.
    """

    across: list[list[Pair]]
    within: list[list[Pair]]
    disagreeing: list[Pair]
    repeated_in_train: int
    shared_with_test: int


def find_alike(data: Dataset, classes: int, per_class: int, disagreeing: int) -> Alike:
    """Search for pairs that are alike.

    Each image's five nearest by 48 principal components are compared again by the cosine of all
    pixels. In more than 10,000 images the search goes through the 8 nearest of cells of about 160
    images each (an inverted file; Jégou, Douze and Schmid, 2011).

    Args:
        data: The images.
        classes: How many there are.
        per_class: Pairs to return for each class.
        disagreeing: Pairs of different labels to return.
    """
    train, test = _unit(data.train_images), _unit(data.test_images)
    labels = np.asarray(data.train_labels)
    axes = _principal_axes(train)
    codes, test_codes = train @ axes, test @ axes
    index = _index(codes)
    within = _candidates(index, codes, train, train)
    across = _candidates(index, test_codes, test, train)
    same = [(a, b, s) for a, b, s in within if labels[a] == labels[b]]
    other = [(a, b, s) for a, b, s in within if labels[a] != labels[b]]
    repeated, shared = _exact(data)
    return Alike(
        across=_by_class([(b, a, s) for a, b, s in across], labels, classes, per_class),
        within=_by_class(same, labels, classes, per_class),
        disagreeing=[Pair(*each) for each in other[:disagreeing]],
        repeated_in_train=repeated,
        shared_with_test=shared,
    )


def _unit(images: npt.NDArray[np.uint8]) -> Floats:
    flat = images.reshape(len(images), -1).astype(np.float32)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1)
    return flat


def _principal_axes(rows: Floats) -> Floats:
    """Return (pixels, components): the directions in which up to 10,000 of the rows vary most."""
    from sklearn.utils.extmath import randomized_svd

    some = rows[:: max(1, len(rows) // 10_000)]
    count = min(_COMPONENTS, *some.shape)
    _, _, axes = randomized_svd(some, count, n_iter=2, random_state=0)
    return np.ascontiguousarray(axes.T)


def _index(codes: Floats) -> faiss.Index:
    size = codes.shape[1]
    if len(codes) <= _EXACT_UP_TO:
        index: Any = faiss.IndexFlatIP(size)
    else:
        cells = len(codes) // _PER_CELL
        index = faiss.index_factory(size, f"IVF{cells},Flat", faiss.METRIC_INNER_PRODUCT)
        index.cp.niter, index.cp.max_points_per_centroid = 8, 64
        index.train(codes)
        index.nprobe = _PROBES
    index.add(codes)
    found: faiss.Index = index
    return found


def _candidates(
    index: faiss.Index, codes: Floats, queries: Floats, rows: Floats
) -> list[tuple[int, int, float]]:
    """Return (query, row, cosine), most alike first; of a pair found from both ends, one."""
    within = queries is rows
    _, found = index.search(codes, _NEIGHBOURS + within)
    asked = np.repeat(np.arange(len(queries)), found.shape[1])
    near = found.ravel()
    kept = near >= 0
    if within:
        kept &= near != asked
    asked, near = asked[kept], near[kept]
    if within:
        both = np.unique(np.sort(np.stack([asked, near], axis=1), axis=1), axis=0)
        asked, near = both[:, 0], both[:, 1]
    likeness = _cosines(queries, asked, rows, near)
    order = np.argsort(-likeness, kind="stable")
    return list(
        zip(asked[order].tolist(), near[order].tolist(), likeness[order].tolist(), strict=True)
    )


def _cosines(queries: Floats, asked: Indices, rows: Floats, near: Indices) -> Floats:
    """Return the cosine of each pair, in pieces that fit the processor's cache."""
    likeness = np.empty(len(asked), dtype=np.float32)
    for begin in range(0, len(asked), 2_000):
        piece = slice(begin, begin + 2_000)
        np.einsum("ij,ij->i", queries[asked[piece]], rows[near[piece]], out=likeness[piece])
    return likeness


def _by_class(
    pairs: list[tuple[int, int, float]],
    labels: npt.NDArray[np.int64],
    classes: int,
    per_class: int,
) -> list[list[Pair]]:
    """Return the first pairs of each class, no image twice at the same end."""
    chosen: list[list[Pair]] = [[] for _ in range(classes)]
    seen: set[tuple[str, int]] = set()
    wanting = classes
    for first, second, likeness in pairs:
        label = int(labels[first])
        ends = {("first", first), ("second", second)}
        if len(chosen[label]) == per_class or ends & seen:
            continue
        seen |= ends
        chosen[label].append(Pair(first, second, likeness))
        wanting -= len(chosen[label]) == per_class
        if not wanting:
            break
    return chosen


def _exact(data: Dataset) -> tuple[int, int]:
    train = [image.tobytes() for image in data.train_images]
    known = set(train)
    shared = sum(image.tobytes() in known for image in data.test_images)
    return len(train) - len(known), shared
