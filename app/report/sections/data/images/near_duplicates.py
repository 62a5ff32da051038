"""Images that are nearly the same: across train and test, and twice in train."""

from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from app.report.sections.data.images.groups import Groups, Indices, differ
from competition.data.dataset import Dataset
from competition.problem.problem import Problem

_COMPONENTS = 48
_NEIGHBOURS = 5  # candidates for each image, compared again by all their pixels
_EXACT_UP_TO = 10_000  # images among which all are searched
_PER_CELL = 160
_PROBES = 8

Floats = npt.NDArray[np.float32]


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
class NearDuplicates:
    """The pairs that are worth a look.

    Attributes:
        across: Pairs of a train and a test image, group by group, most alike first.
        within: Pairs of train images of the same label, group by group, most alike first.
        disagreeing: Pairs of train images of different labels, most alike first.
        repeated_in_train: Train images whose very pixels occurred in train before.
        shared_with_test: Test images whose very pixels occur in train.
    """

    across: list[Pair]
    within: list[Pair]
    disagreeing: list[Pair]
    repeated_in_train: int
    shared_with_test: int


def find_near_duplicates(
    data: Dataset, problem: Problem, groups: Groups, per_group: int, disagreeing: int
) -> NearDuplicates:
    """Search for pairs that are alike.

    Each image's five nearest by 48 principal components are compared again by the cosine of all
    pixels. In more than 10,000 images the search goes through the 8 nearest of cells of about 160
    images each (an inverted file; Jégou, Douze and Schmid, 2011).

    Args:
        data: The images.
        problem: Says which labels differ.
        groups: Of the train images.
        per_group: Pairs to return for each group.
        disagreeing: Pairs of different labels to return.
    """
    train, test = _unit(data.train), _unit(data.test)
    axes = _principal_axes(train)
    codes, test_codes = train @ axes, test @ axes
    index = _index(codes)
    within = _candidates(index, codes, train, train)
    across = _candidates(index, test_codes, test, train).turned()
    apart = differ(problem, np.asarray(data.truth), within.first, within.second)
    repeated, shared = _exact(data)
    return NearDuplicates(
        across=_by_group(across, groups, per_group),
        within=_by_group(within.only(~apart), groups, per_group),
        disagreeing=within.only(apart).pairs(disagreeing),
        repeated_in_train=repeated,
        shared_with_test=shared,
    )


@dataclass(frozen=True)
class _Pairs:
    """Many pairs, most alike first: (m,) the one's rows, the other's rows, and the cosines."""

    first: Indices
    second: Indices
    similarity: Floats

    def turned(self) -> "_Pairs":
        return _Pairs(self.second, self.first, self.similarity)

    def only(self, kept: npt.NDArray[np.bool_]) -> "_Pairs":
        return _Pairs(self.first[kept], self.second[kept], self.similarity[kept])

    def pairs(self, most: int) -> list[Pair]:
        return [
            Pair(int(first), int(second), float(cosine))
            for first, second, cosine in zip(
                self.first[:most], self.second[:most], self.similarity[:most], strict=True
            )
        ]


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


def _candidates(index: faiss.Index, codes: Floats, queries: Floats, rows: Floats) -> _Pairs:
    """Return pairs of a query and a row; of a pair found from both ends, one."""
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
    return _Pairs(asked[order], near[order], likeness[order])


def _cosines(queries: Floats, asked: Indices, rows: Floats, near: Indices) -> Floats:
    """Return the cosine of each pair, in pieces that fit the processor's cache."""
    likeness = np.empty(len(asked), dtype=np.float32)
    for begin in range(0, len(asked), 2_000):
        piece = slice(begin, begin + 2_000)
        np.einsum("ij,ij->i", queries[asked[piece]], rows[near[piece]], out=likeness[piece])
    return likeness


def _by_group(found: _Pairs, groups: Groups, per_group: int) -> list[Pair]:
    """Return the first pairs of each group, no image twice at the same end."""
    chosen: list[list[Pair]] = [[] for _ in groups.names]
    used_first: set[int] = set()
    used_second: set[int] = set()
    wanting = len(chosen)
    of_pair = groups.of_row[found.first]
    for place in np.flatnonzero(of_pair >= 0).tolist():
        first, second = int(found.first[place]), int(found.second[place])
        group = chosen[of_pair[place]]
        if len(group) == per_group or first in used_first or second in used_second:
            continue
        used_first.add(first)
        used_second.add(second)
        group.append(Pair(first, second, float(found.similarity[place])))
        wanting -= len(group) == per_group
        if not wanting:
            break
    return [pair for group in chosen for pair in group]


def _exact(data: Dataset) -> tuple[int, int]:
    train = [image.tobytes() for image in data.train]
    known = set(train)
    shared = sum(image.tobytes() in known for image in data.test)
    return len(train) - len(known), shared
