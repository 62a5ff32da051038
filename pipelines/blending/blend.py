"""The blend on disk: made from the finished columns, read by who submits it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from competition.settings import runs_folder

from competition.errors import PodiumError
from competition.files import atomic_path
from pipelines.base import Pipeline
from pipelines.blending.history import keep_answers
from pipelines.blending.methods import Blend, blend, weighted_mean
from pipelines.search.plan import Plan
from pipelines.search.store import Column


@dataclass(frozen=True)
class Member:
    """A column in a blend.

    Attributes:
        pipeline: Its pipeline.
        key: Its key in the store.
        weight: Its share of the mean.
        temperature: What its probabilities are brought to first.
        oof_accuracy: Its own out-of-fold accuracy.
    """

    pipeline: str
    key: str
    weight: float
    temperature: float
    oof_accuracy: float


@dataclass(frozen=True)
class FinishedBlend:
    """A blend and where it was written.

    Attributes:
        blend: Weights and scores.
        members: The columns that have a weight, heaviest first.
        best_single: The best column alone.
        name: What to call it, such as `80% cnn + 20% knn`.
        folder: Where `oof.npy`, `test.npy` and `manifest.json` are.
    """

    blend: Blend
    members: list[Member]
    best_single: Column
    name: str
    folder: Path


def make_blend(plan: Plan, pipelines: list[Pipeline]) -> FinishedBlend:
    """Blend the best finished columns of some pipelines and write `runs/<slug>/blend`.

    Raises:
        PodiumError: no column is finished yet.
    """
    columns = _candidates(plan, pipelines)
    if not columns:
        raise PodiumError(
            "There is nothing to blend: no pipeline has finished on this data; run `make tune`."
        )
    labels = np.asarray(plan.data.train_labels)
    blended = blend([column.oof() for column in columns], labels, plan.folds.assign(labels))
    members = _members(columns, blended)
    tests = np.stack([column.test() for column in columns])
    test = weighted_mean(tests, blended.weights, blended.temperatures)
    folder = runs_folder(plan.competition) / "blend"
    finished = FinishedBlend(blended, members, columns[blended.best_single], _name(members), folder)
    for name, array in (("oof", blended.oof), ("test", test)):
        with atomic_path(folder / f"{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, array)
    manifest = _manifest(finished, plan)
    keep_answers(folder, manifest["key"], blended.oof, labels)
    with atomic_path(folder / "manifest.json") as temporary:
        temporary.write_text(json.dumps(manifest, indent=2) + "\n")
    return finished


def _candidates(plan: Plan, pipelines: list[Pipeline]) -> list[Column]:
    """Return the best columns of each pipeline that were made on these folds."""
    folds = {"count": plan.folds.count, "seed": plan.folds.seed}
    comparable = [c for c in plan.store.columns() if c.manifest["folds"] == folds]
    return [
        column
        for pipeline in pipelines
        for column in [c for c in comparable if c.pipeline == pipeline.name][: pipeline.columns]
    ]


def _members(columns: list[Column], blended: Blend) -> list[Member]:
    members = [
        Member(column.pipeline, column.key, float(weight), float(heat), column.score.accuracy)
        for column, weight, heat in zip(columns, blended.weights, blended.temperatures, strict=True)
        if weight > 0
    ]
    return sorted(members, key=lambda member: member.weight, reverse=True)


def _name(members: list[Member]) -> str:
    shares: dict[str, float] = {}
    for member in members:
        shares[member.pipeline] = shares.get(member.pipeline, 0.0) + member.weight
    if len(shares) == 1:
        return next(iter(shares))
    return " + ".join(f"{share:.0%} {name}" for name, share in shares.items())


def _manifest(finished: FinishedBlend, plan: Plan) -> dict[str, Any]:
    blended = finished.blend
    members = [asdict(member) for member in finished.members]
    identity = json.dumps([plan.data.fingerprint, members], sort_keys=True)
    return {
        "name": finished.name,
        "key": hashlib.sha256(identity.encode()).hexdigest()[:16],
        "method": blended.method,
        "oof_accuracy": blended.score.accuracy,
        "standard_error": blended.score.standard_error,
        "oof_log_loss": blended.score.log_loss,
        "rows": blended.score.rows,
        "members": members,
        "best_single": finished.best_single.key,
        "gain_on_best_single": blended.gain,
        "p_value": blended.p_value,
        "methods": {name: outcome.accuracy for name, outcome in blended.methods.items()},
        "competition": plan.competition.slug,
        "data": plan.data.fingerprint,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
