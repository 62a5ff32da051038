"""The blend of finished columns: made, and made again where a column is newer."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from competition.errors import PodiumError
from competition.verbs import step
from competition.workspace import Workspace
from pipelines.base import Pipeline, available_pipelines, chosen_pipelines
from pipelines.blending.averaging import sent_rows
from pipelines.blending.candidates import (
    candidates,
    changes_since,
    fits_of,
    folds_of,
    own_folds_of,
    predictions_of,
    stamps,
)
from pipelines.blending.cross_fitting import Blend, blend
from pipelines.blending.stored import (
    Member,
    StoredBlend,
    UnusableBlend,
    check_blend,
    current_blend,
    read_blend,
    write_blend,
)
from pipelines.blending.worth import worth_of
from pipelines.columns import Column

if TYPE_CHECKING:
    from pipelines.search.plan import Plan

__all__ = ["Fresh", "Member", "StoredBlend", "fresh_blend", "make_blend", "read_blend"]


@dataclass(frozen=True)
class Fresh:
    """The blend of all columns that are there.

    Attributes:
        blend: The blend.
        remade: Why it was made again, as a clause; empty where the stored one stood.
    """

    blend: StoredBlend
    remade: str


def make_blend(plan: "Plan", pipelines: Sequence[Pipeline]) -> StoredBlend:
    """Blend the best finished columns of some pipelines, and make that the current blend.

    Raises:
        PodiumError: no column is finished yet, or the disk fails.
    """
    offered = candidates(plan, pipelines)
    columns, oofs, tests = [], [], []
    for column in offered:
        arrays = predictions_of(column, plan)
        if arrays is not None:
            columns.append(column)
            oofs.append(arrays[0])
            tests.append(arrays[1])
    if not columns:
        raise PodiumError(
            "There is nothing to blend: no pipeline has finished on this data for "
            f"{plan.problem.metric.name!r}; run `{step('tune')}`."
        )
    truth = plan.dealt.truth
    theirs = [folds for column in columns if (folds := own_folds_of(column, plan)) is not None]
    dealt = plan.dealt
    sent = sent_rows(tests, (fits_of(each, plan) for each in columns), plan.folds.count)
    blended = blend(
        oofs, truth, dealt.assigned, plan.problem, units=dealt.units, others=theirs, sent=sent
    )
    test = blended.apply(tests, plan.problem)
    decision = plan.problem.decide(truth, blended.oof)
    facts = _facts(plan, pipelines, offered, columns, blended)
    facts |= {"decision": decision.facts()}
    facts |= worth_of(plan, pipelines, columns, tests, blended, decision)
    written = {
        "oof": blended.oof,
        "oof_answers": blended.answers,
        "test": test,
        "answers": decision.answers(test),
    }
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return write_blend(plan.workspace, facts, written, truth, now)


def fresh_blend(workspace: Workspace) -> Fresh:
    """Return the blend of all columns that are there, made again only where that changes it.

    It is made with the seed, the rows and the pipelines that the stored one was asked with; where
    there is none, of all pipelines with seed 0.

    Raises:
        PodiumError: nothing is tuned yet, the data is missing, or the disk fails.
    """
    from pipelines.search.plan import make_plan

    stored, why = None, "there was none"
    try:
        stored = current_blend(workspace)
        if stored is not None:
            check_blend(stored, workspace.competition)
            why = ""
    except UnusableBlend as error:
        why = f"the old one {error.why}"
    asked = _asked(stored)
    plan = make_plan(workspace, asked.seed, rows=asked.rows)
    pipelines = _pipelines(asked.pipelines, workspace)
    if stored is not None and not why:
        why = _outdated(stored, plan, candidates(plan, pipelines))
        if not why:
            return Fresh(stored, "")
    return Fresh(make_blend(plan, pipelines), why)


# ---------------------------------------------------------------------- the manifest


def _facts(
    plan: "Plan",
    pipelines: Sequence[Pipeline],
    offered: Sequence[Column],
    columns: Sequence[Column],
    blended: Blend,
) -> dict[str, Any]:
    """Return what the manifest says beside the decision, the key and the time."""
    everyone = [
        Member(column.pipeline, column.key, float(weight), float(heat), column.score.value)
        for column, weight, heat in zip(
            columns, blended.mixture.weights, blended.temperatures, strict=True
        )
    ]
    members = sorted(
        (member for member in everyone if member.weight != 0),
        key=lambda member: member.weight,
        reverse=True,
    )
    score, problem = blended.score, plan.problem
    names = [pipeline.name for pipeline in pipelines]
    everything = {each.name for each in chosen_pipelines(None, plan.competition).pipelines}
    return {
        "name": _name(members),
        "method": blended.method,
        "metric": problem.metric.name,
        "positive": problem.positive,
        "score": {
            "value": score.value,
            "standard_error": score.standard_error,
            "loss": score.loss,
            "rows": score.rows,
        },
        "greater_is_better": score.greater_is_better,
        "members": [asdict(member) for member in members],
        **blended.mixture.facts(),
        "best_single": asdict(everyone[blended.best_single]),
        "gain": blended.comparison.gain,
        "p_value": blended.comparison.p_value,
        "methods": blended.methods,
        "competition": plan.competition.slug,
        "data": plan.data.fingerprint,
        "folds": folds_of(plan),
        "seed": plan.seed,
        "rows": plan.rows,
        "pipelines": None if everything <= set(names) else names,
        "columns": stamps(offered),
    }


def _name(members: Sequence[Member]) -> str:
    shares: dict[str, float] = {}
    for member in members:
        shares[member.pipeline] = shares.get(member.pipeline, 0.0) + member.weight
    if len(shares) == 1:
        return next(iter(shares))
    shown = " + ".join(f"{share:.0%} {name}" for name, share in shares.items())
    return shown.replace("+ -", "- ")


# ---------------------------------------------------------------------- whether it still stands


@dataclass(frozen=True)
class _Asked:
    """What a blend was asked with; pipelines None for all."""

    seed: int = 0
    rows: int | None = None
    pipelines: tuple[str, ...] | None = None


def _asked(stored: StoredBlend | None) -> _Asked:
    facts = {} if stored is None else stored.manifest
    seed, rows, names = facts.get("seed"), facts.get("rows"), facts.get("pipelines")
    return _Asked(
        seed if isinstance(seed, int) else 0,
        rows if isinstance(rows, int) else None,
        tuple(map(str, names)) if isinstance(names, list) else None,
    )


def _pipelines(names: tuple[str, ...] | None, workspace: Workspace) -> list[Pipeline]:
    """Return the pipelines of these names that there still are; all where there are none."""
    known = available_pipelines(workspace.competition.rows_kind)
    kept = [name for name in names or () if name in known]
    return chosen_pipelines(" ".join(kept), workspace.competition).pipelines


def _outdated(stored: StoredBlend, plan: "Plan", columns: Sequence[Column]) -> str:
    """Return why a blend is no longer that of the columns that are there; empty where it is."""
    if stored.manifest["data"] != plan.data.fingerprint:
        return "the old one was of other data"
    return changes_since(stored.manifest.get("columns"), columns)
