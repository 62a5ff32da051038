"""The blend: its weights, which errors its members share, and what each of them adds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.report.findings import Findings
from competition.problem.scores import Comparison, with_error
from competition.problem.targets import Kind, Predictions
from pipelines.blending.blend import Member, StoredBlend
from pipelines.blending.cross_fitting import at_temperatures
from pipelines.blending.mixture import combine
from pipelines.columns import Column

Wrong = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class MemberRow:
    """A column in the blend.

    Attributes:
        name: Its pipeline, with a key where the pipeline has several.
        weight: What it is multiplied by.
        score: Its own out-of-fold score.
        wrong: Rows that it misreads; None where answers are not right or wrong.
        alone: Rows that it alone of all members reads right; None likewise.
        adds: The blend compared with the blend without it; None where it is the only one.
    """

    name: str
    weight: float
    score: str
    wrong: int | None
    alone: int | None
    adds: Comparison | None


@dataclass(frozen=True)
class BlendSection:
    """What the page shows of the blend.

    Attributes:
        name: In words.
        method: How the weights were learnt.
        gain: How much better than the best single column, in the metric's unit.
        p_value: Of that difference.
        methods: Cross-fitted value of every method, best first.
        members: Heaviest first.
        right_or_wrong: Whether answers are right or wrong.
        shared: For each pair of members: of the errors of one (row), the share that the other
            (column) makes too; or, where answers are not right or wrong, the correlation of their
            residuals.
        all_wrong: Rows that every member misreads.
        lost: Members whose files are gone.
    """

    name: str
    method: str
    gain: float
    p_value: float
    methods: list[tuple[str, str]]
    members: list[MemberRow]
    right_or_wrong: bool
    shared: list[list[float]]
    all_wrong: int
    lost: list[str]


def blend_section(findings: Findings, blend: StoredBlend) -> BlendSection:
    """Take the blend apart.

    Args:
        findings: Has the truth and the members' columns.
        blend: The one to look at.
    """
    by_key = {(column.pipeline, column.key): column for column in findings.columns}
    present = [
        (member, column)
        for member in blend.members
        if (column := by_key.get((member.pipeline, member.key))) is not None
    ]
    wrong = _wrong(findings, [column for _, column in present])
    return BlendSection(
        name=blend.name,
        method=blend.method,
        gain=blend.gain,
        p_value=blend.p_value,
        methods=_methods(findings, blend),
        members=_members(findings, blend, present, wrong),
        right_or_wrong=wrong is not None,
        shared=_correlations(findings, present) if wrong is None else _overlaps(wrong),
        all_wrong=0 if wrong is None else int(wrong.all(axis=0).sum()),
        lost=[
            f"{member.pipeline} {member.key}"
            for member in blend.members
            if (member.pipeline, member.key) not in by_key
        ],
    )


def _methods(findings: Findings, blend: StoredBlend) -> list[tuple[str, str]]:
    best_first = sorted(
        blend.methods.items(),
        key=lambda each: each[1],
        reverse=findings.problem.greater_is_better,
    )
    return [(name, with_error(value, None)) for name, value in best_first]


def _wrong(findings: Findings, columns: list[Column]) -> Wrong | None:
    """Return (members, n) which rows each misreads; None where rows are not right or wrong."""
    right = [findings.problem.right(findings.truth, findings.answers(column)) for column in columns]
    known = [each for each in right if each is not None]
    return ~np.array(known) if known and len(known) == len(right) else None


def _overlaps(wrong: Wrong) -> list[list[float]]:
    shared = (wrong[:, None] & wrong).sum(axis=2)
    shares: list[list[float]] = (shared / np.maximum(shared.diagonal()[:, None], 1)).tolist()
    return shares


def _correlations(findings: Findings, present: list[tuple[Member, Column]]) -> list[list[float]]:
    """Return the correlations of residuals: of what the truth is less what was predicted."""
    if not present:
        return []
    problem, truth = findings.problem, findings.truth
    wanted = np.asarray(problem.learnable(truth), np.float64).reshape(len(truth), -1)
    if problem.kind == Kind.CLASSES:
        wanted = np.eye(len(problem.classes))[truth]
    spread = wanted.std(axis=0)
    scale = np.where(spread > 0, spread, 1)
    residuals = [((wanted - column.oof()) / scale).ravel() for _, column in present]
    with np.errstate(invalid="ignore"):  # of a member without any residual
        found = np.nan_to_num(np.atleast_2d(np.corrcoef(residuals)))
    correlations: list[list[float]] = found.tolist()
    return correlations


def _members(
    findings: Findings,
    blend: StoredBlend,
    present: list[tuple[Member, Column]],
    wrong: Wrong | None,
) -> list[MemberRow]:
    names = [member.pipeline for member, _ in present]
    added = _added(findings, blend, present)
    rows = []
    for place, (member, column) in enumerate(present):
        repeated = names.count(member.pipeline) > 1
        rows.append(
            MemberRow(
                name=f"{member.pipeline} {member.key[:6]}" if repeated else member.pipeline,
                weight=member.weight,
                score=str(column.score),
                wrong=None if wrong is None else int(wrong[place].sum()),
                alone=None if wrong is None else _right_alone(wrong, place),
                adds=added[place],
            )
        )
    return rows


def _right_alone(wrong: Wrong, place: int) -> int:
    others = np.delete(wrong, place, axis=0)
    return int(np.sum(~wrong[place] & others.all(axis=0))) if len(others) else 0


def _added(
    findings: Findings, blend: StoredBlend, present: list[tuple[Member, Column]]
) -> list[Comparison | None]:
    """Compare the blend of all members with that of the others, at the same weights."""
    if len(present) < 2:
        return [None] * len(present)
    problem, truth, assigned = findings.problem, findings.truth, findings.assigned(blend)
    heat = np.array([member.temperature for member, _ in present])
    weights = np.array([member.weight for member, _ in present])
    stack = at_temperatures(np.stack([column.oof() for _, column in present]), heat, problem)

    def mean_of(kept: npt.NDArray[np.float64]) -> Predictions:
        scale = weights.sum() / kept.sum() if kept.sum() else 1.0
        return combine(stack, blend.mixture_of(kept * scale), problem)

    whole = problem.answers(truth, mean_of(weights), assigned)
    added: list[Comparison | None] = []
    for place in range(len(present)):
        others = weights.copy()
        others[place] = 0.0
        without = problem.answers(truth, mean_of(others), assigned)
        added.append(problem.compare(truth, whole, without))
    return added
