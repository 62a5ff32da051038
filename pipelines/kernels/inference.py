"""A blend made again on another machine: from its members' parameters and weights, by new fits.

No fitted model travels: a script holds less than a megabyte, and what a member learnt may rest on
the test rows, which are others there. The fits are those of its folds, so that the answers are the
blend's own for the same test rows, to the tolerance of its pipelines.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from competition.errors import PodiumError
from competition.problem.scores import Score
from competition.problem.targets import Answers, Predictions
from competition.verbs import step
from pipelines.base import load_pipeline
from pipelines.blending.cross_fitting import at_temperatures
from pipelines.blending.mixture import Mixture, combine
from pipelines.blending.stored import StoredBlend
from pipelines.columns import Column
from pipelines.outside.columns import is_outside
from pipelines.search.finishing import finish_columns

if TYPE_CHECKING:
    from pipelines.search.plan import Plan

Recipe = dict[str, Any]  # ready for JSON
_LEARNT = ("weight", "temperature")


@dataclass(frozen=True)
class Remade:
    """A blend that was made again.

    Attributes:
        columns: Its members, fitted here, heaviest first.
        oof: (n, k) float32 blend of the rows that each fit left out.
        score: Of `oof`; the weights were learnt from these rows, so it flatters a little.
        answers: (m, …) for the test rows.
    """

    columns: list[Column]
    oof: Predictions
    score: Score
    answers: Answers


def recipe_of(blend: StoredBlend, plan: "Plan") -> Recipe:
    """Return what `remake` needs to make a blend again, ready for JSON.

    Args:
        blend: Of this plan's data.
        plan: Where its columns are.

    Raises:
        PodiumError: a member is from outside, so that nothing here can fit it, or it is gone.
    """
    members = []
    for member in blend.members:
        manifest = _manifest(plan, member.pipeline, member.key)
        if is_outside(Column(plan.store.root, manifest)):
            raise PodiumError(
                f"{member.pipeline} comes from outside, so Kaggle's machines cannot fit it. Blend "
                f"without it: {step('drop', NAME=member.pipeline)}, or name PIPELINES for "
                f"{step('blend')}."
            )
        members.append(
            {
                "pipeline": member.pipeline,
                "params": manifest["params"],
                "weight": member.weight,
                "temperature": member.temperature,
            }
        )
    return {
        "blend": blend.key,
        "name": blend.name,
        "estimate": str(blend.score),
        **blend.mixture_of(np.zeros(0)).facts(),
        "members": members,
    }


def seconds_of(blend: StoredBlend, plan: "Plan") -> float:
    """Return for how many seconds the fits of a blend's members took a core here."""
    manifests = [_manifest(plan, member.pipeline, member.key) for member in blend.members]
    return sum(
        float(one.get(name, 0)) for one in manifests for name in ("fit_seconds", "predict_seconds")
    )


def _manifest(plan: "Plan", pipeline: str, key: str) -> dict[str, Any]:
    path = plan.store.root / pipeline / key / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        Column(path.parent, manifest).score  # noqa: B018 - what a column lacks is told here
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise PodiumError(
            f"{path} cannot be read ({error}). Run {step('blend')} again, which leaves it out."
        ) from error
    return manifest


def remake(recipe: Recipe, plan: "Plan", say: Callable[[str], object] = print) -> Remade:
    """Fit a blend's members on this machine and blend them.

    The decision is learnt again, from the blend of the rows that each fit left out.

    Args:
        recipe: As `recipe_of` gave it.
        plan: Of the data here, whose test rows may be others.
        say: Hears of each member.

    Raises:
        PodiumError: a member cannot be fitted here.
    """
    members = recipe["members"]
    columns = [_fitted(each["pipeline"], each["params"], plan, say) for each in members]
    weights, heat = (np.array([each[name] for each in members]) for name in _LEARNT)
    mixture = Mixture.of(weights, recipe)

    def blended(predictions: list[Predictions]) -> Predictions:
        heated = at_temperatures(np.stack(predictions), heat, plan.problem)
        return combine(heated, mixture, plan.problem)

    oof = blended([np.asarray(column.oof()) for column in columns])
    problem, dealt = plan.problem, plan.dealt
    answers = problem.decide(dealt.truth, oof).answers(
        blended([np.asarray(column.test()) for column in columns])
    )
    score = problem.score(dealt.truth, oof, dealt.assigned, dealt.units)
    return Remade(columns, oof, score, answers)


def _fitted(
    name: str, params: dict[str, Any], plan: "Plan", say: Callable[[str], object]
) -> Column:
    pipeline = load_pipeline(name, plan.competition.rows_kind)
    with plan.executor(pipeline) as executor:
        made, failed = finish_columns(pipeline, plan, [params], {}, executor, lambda left: None)
    if not made:
        raise PodiumError(f"{name} cannot be fitted here. {' '.join(failed)}")
    say(f"column     {name} {made[0].score}")
    return made[0]
