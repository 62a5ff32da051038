"""The blend: its weights, which errors its members share, and what each of them adds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.report.findings import Findings, StoredBlend
from pipelines.blending.calibration import tempered
from pipelines.metrics import mcnemar_p_value
from pipelines.search.store import Column


@dataclass(frozen=True)
class MemberRow:
    """A column in the blend.

    Attributes:
        name: Its pipeline, with a key where the pipeline has several.
        weight: Its share of the mean.
        accuracy: Its own out-of-fold accuracy.
        wrong: Rows that it misreads.
        alone: Rows that it alone of all members reads right.
        adds: Rows more that are right with it than without it; None where it is the only one.
        p_value: McNemar's test of that difference; None where it is the only one.
    """

    name: str
    weight: float
    accuracy: float
    wrong: int
    alone: int
    adds: int | None
    p_value: float | None


@dataclass(frozen=True)
class BlendSection:
    """What the page shows of the blend.

    Attributes:
        name: In words.
        method: How the weights were learnt.
        gain: Accuracy less that of the best single column.
        p_value: Of that difference.
        methods: Cross-fitted accuracy of every method, best first.
        members: Heaviest first.
        overlap: Of the errors of one member (row), the share that another (column) makes too.
        all_wrong: Rows that every member misreads.
        lost: Members whose files are gone.
    """

    name: str
    method: str
    gain: float
    p_value: float
    methods: list[tuple[str, float]]
    members: list[MemberRow]
    overlap: list[list[float]]
    all_wrong: int
    lost: list[str]


def blend_section(findings: Findings, blend: StoredBlend) -> BlendSection:
    """Take the blend apart.

    Args:
        findings: Has the labels and the members' columns.
        blend: The one to look at.
    """
    manifest = blend.manifest
    by_key = {column.key: column for column in findings.columns}
    listed = [(member, by_key.get(member["key"])) for member in manifest["members"]]
    present = [
        (column, float(member["weight"]), float(member.get("temperature", 1.0)))
        for member, column in listed
        if column is not None
    ]
    labels = np.asarray(findings.data.train_labels)
    wrong = np.array([column.oof().argmax(axis=1) != labels for column, *_ in present])
    shared = (wrong[:, None] & wrong).sum(axis=2) if present else np.zeros((0, 0))
    methods = sorted(manifest["methods"].items(), key=lambda each: each[1], reverse=True)
    return BlendSection(
        name=blend.name,
        method=manifest["method"],
        gain=manifest["gain_on_best_single"],
        p_value=manifest["p_value"],
        methods=methods,
        members=_members(present, wrong, labels),
        overlap=(shared / np.maximum(shared.diagonal()[:, None], 1)).tolist(),
        all_wrong=int(wrong.all(axis=0).sum()) if present else 0,
        lost=[f"{member['pipeline']} {member['key']}" for member, column in listed if not column],
    )


def _members(
    present: list[tuple[Column, float, float]],
    wrong: npt.NDArray[np.bool_],
    labels: npt.NDArray[np.int64],
) -> list[MemberRow]:
    names = [column.pipeline for column, *_ in present]
    parts = [np.float32(weight) * tempered(column.oof(), heat) for column, weight, heat in present]
    whole = np.sum(parts, axis=0) if parts else np.zeros((len(labels), 1), dtype=np.float32)
    right = whole.argmax(axis=1) == labels
    rows = []
    for place, (column, weight, _) in enumerate(present):
        adds = p_value = None
        if len(present) > 1:
            without = (whole - parts[place]).argmax(axis=1) == labels
            wins, losses = int(np.sum(right & ~without)), int(np.sum(without & ~right))
            adds, p_value = wins - losses, mcnemar_p_value(wins, losses)
        others = np.delete(wrong, place, axis=0)
        rows.append(
            MemberRow(
                name=names[place]
                if names.count(names[place]) == 1
                else f"{names[place]} {column.key[:6]}",
                weight=weight,
                accuracy=column.score.accuracy,
                wrong=int(wrong[place].sum()),
                alone=int(np.sum(~wrong[place] & others.all(axis=0))) if len(others) else 0,
                adds=adds,
                p_value=p_value,
            )
        )
    return rows
