"""What the mean of all folds' models gains on one of them: as a blend told it, and as it came out.

    make rehearse DATA=zip METRIC=auc
    python -m benchmarks.tables.averaging runs/rehearsal/*

Each rehearsal hid rows whose labels the practice Kaggle has. The blend's manifest says what the
mean gains by the metric, told from the hidden rows without them; here it is computed with them.
"""

import sys
from pathlib import Path

import numpy as np

from competition.practice.holdout import HIDDEN_FILE
from competition.practice.scoring import Solution
from competition.problem.targets import Truth
from competition.spec import load_competition
from competition.workspace import Workspace
from pipelines.blending.averaging import Sent, sent_rows
from pipelines.blending.candidates import fits_of
from pipelines.blending.mixture import combine
from pipelines.blending.stored import StoredBlend, read_blend
from pipelines.columns import read_columns
from pipelines.search.plan import Plan, make_plan

_HEADER = (
    f"{'rehearsal':50} {'score':>9} {'told':>9} {'shown':>9} {'estimate':>9} {'hidden':>9} {'':>6}"
)


def look_at(rehearsal: Path) -> str:
    """Return a line on one rehearsal's blend: what was told, and what its hidden rows show.

    The last figure is the hidden score less the estimate, in standard errors of the difference;
    below 0 is worse than was said.
    """
    folder = rehearsal / "kaggle"
    competition = load_competition(str(folder / "competition.toml"))
    workspace = Workspace.in_folders(competition, rehearsal / "data", rehearsal / "runs")
    blend = read_blend(workspace)
    if blend is None or blend.as_sent is None:
        return f"{rehearsal.name:50} sends a single model, or nothing"
    plan = make_plan(workspace, int(blend.manifest["seed"]), rows=blend.manifest["rows"])
    solution = Solution.read(folder / HIDDEN_FILE, competition)
    places = {name: row for row, name in enumerate(solution.sample.ids)}
    hidden = solution.truth[[places[name] for name in plan.data.test_ids.tolist()]]
    score, sent = blend.score, plan.problem.score_answers(hidden, np.asarray(blend.answers()))
    error = float(np.hypot(score.standard_error, sent.standard_error))
    apart = (sent.rank[0] - (blend.as_sent if score.greater_is_better else -blend.as_sent)) / error
    told, shown = blend.as_sent - score.value, _shown(blend, plan, hidden)
    return (
        f"{rehearsal.name:50.50} {score.value:9.5g} {told:+9.2g} {shown:+9.2g} "
        f"{blend.as_sent:9.5g} {sent.value:9.5g} {apart:+6.2f}"
    )


def _shown(blend: StoredBlend, plan: Plan, hidden: Truth) -> float:
    """Return the metric of what was sent less the mean of single models', on the hidden rows."""
    problem, members = plan.problem, blend.members
    metric = problem.metric.name
    there = read_columns(plan.workspace.predictions, plan.data.fingerprint, metric)
    by_key = {column.key: column for column in there}
    columns = [by_key[member.key] for member in members]
    tests = [column.test() for column in columns]
    fits = (fits_of(column, plan) for column in columns)
    rows = sent_rows(tests, fits, plan.folds.count, rows=len(hidden))
    assert isinstance(rows, Sent), "a mean of folds is known by them"
    heat = np.array([member.temperature for member in members])
    heated = rows.at_temperatures(heat, problem)
    mixture = blend.mixture_of(np.array([member.weight for member in members]))
    decision = problem.decide(plan.dealt.truth, blend.oof())

    def value(stack: np.ndarray) -> float:
        return problem.value(hidden, decision.answers(combine(stack, mixture, problem)))

    models = np.moveaxis(heated.parts, 1, 0)
    return value(heated.whole) - float(np.mean([value(each) for each in models]))


def main() -> None:
    print(_HEADER)
    for name in sys.argv[1:]:
        print(look_at(Path(name)), flush=True)


if __name__ == "__main__":
    main()
