"""The command line of `pipelines`: list, tune, blend, results, clean, a cluster to tune on."""

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from competition.errors import PodiumError
from competition.journal import figure, record
from competition.problem.targets import Eats, Kind
from competition.terminal.console import (
    DEFAULT_COMPETITION,
    CompetitionOption,
    JsonOption,
    NoteOption,
    SamplerOption,
    new_app,
    print_json,
    run,
    workspace_of,
)
from competition.terminal.notify import tells_its_end
from competition.verbs import step
from pipelines.execution.commands import cluster, worker
from pipelines.outside.commands import add, drop, export

if TYPE_CHECKING:
    from pipelines.blending.stored import StoredBlend
    from pipelines.class_scores import ClassScore
    from pipelines.columns import Column
    from pipelines.search.plan import Plan

app = new_app("From rows to predictions: tune pipelines, blend them, see what was found.")

app.command()(cluster)
app.command()(worker)
app.command()(add)
app.command()(drop)
app.command()(export)

PipelinesOption = Annotated[
    str, typer.Option("--pipelines", "-p", envvar="PIPELINES", help="Names; all of them if empty.")
]
SeedOption = Annotated[int, typer.Option(envvar="SEED", min=0, help="Seed of folds and fits.")]
WorkersOption = Annotated[
    int, typer.Option(envvar="WORKERS", min=0, help="Cores to use; 0 for all of them.")
]
SchedulerOption = Annotated[
    str,
    typer.Option(envvar="SCHEDULER", help="Fit on this Dask cluster, such as tcp://host:8786."),
]
RowsOption = Annotated[
    int, typer.Option(envvar="ROWS", min=0, help="Learn from so many rows; 0 for all of them.")
]


@app.command("list")
def list_pipelines(
    competition: CompetitionOption = DEFAULT_COMPETITION, as_json: JsonOption = False
) -> None:
    """Show the pipelines for a competition's rows, their shipped points and what these reached."""
    from pipelines.base import available_pipelines, load_pipeline

    rows = workspace_of(competition).competition.rows_kind
    pipelines = [load_pipeline(name, rows) for name in available_pipelines(rows)]
    if as_json:
        print_json(
            [
                {
                    "pipeline": pipeline.name,
                    "family": pipeline.family,
                    "space_version": pipeline.space_version,
                    "shipped": [asdict(point) for point in pipeline.shipped()],
                    "study": pipeline.study(),
                }
                for pipeline in pipelines
            ]
        )
        return
    from pipelines.display import pipeline_lines

    console = Console(soft_wrap=True)
    for pipeline in pipelines:
        for line in pipeline_lines(pipeline):
            console.print(line, highlight=False)


@app.command()
@tells_its_end
def tune(
    competition: CompetitionOption = DEFAULT_COMPETITION,
    pipelines: PipelinesOption = "",
    budget: Annotated[str, typer.Option(envvar="BUDGET", help="Such as 90s, 20m, 1h30m.")] = "30m",
    workers: WorkersOption = 0,
    sampler: SamplerOption = "tpe",
    seed: SeedOption = 0,
    scheduler: SchedulerOption = "",
    rows: RowsOption = 0,
    note: NoteOption = "",
) -> str:
    """Tune pipelines for a time, and blend what was found; run again to go on."""
    from pipelines.base import chosen_pipelines
    from pipelines.search.budget import parse_budget

    seconds = parse_budget(budget)
    workspace = workspace_of(competition)
    chosen = chosen_pipelines(pipelines, workspace.competition)

    from pipelines.blending.blend import make_blend
    from pipelines.display import TuningDisplay, blend_line, results_table
    from pipelines.search.plan import make_plan
    from pipelines.search.run import tune_all

    plan = make_plan(workspace, seed, workers, scheduler, rows)
    console = Console(soft_wrap=True)
    began = time.monotonic()
    with TuningDisplay(console, seconds) as display:
        tuned = tune_all(plan, chosen.pipelines, seconds, sampler, display)
    columns = [column for found in tuned.columns.values() for column in found]
    console.print(results_table(columns, plan.problem.metric.name))
    for name, reason in (chosen.left_out | tuned.left_out).items():
        console.print(f"left out   {name}: {reason}", highlight=False, markup=False)
    # Of all that is there, not of what was tuned this time: this is what is sent.
    blended = make_blend(plan, chosen_pipelines("", plan.competition).pipelines)
    _show_blend(console, blended)
    asked = {"budget": budget, **_asked(pipelines, seed, rows)}
    best = max(columns, key=lambda column: column.score.rank)
    found = {"best": figure(best.pipeline, best.score)} | _of(blended)
    record(workspace, "tune", asked, found, note)
    console.print(f"{time.monotonic() - began:.0f} s. Next: {step('submit')}", highlight=False)
    return f"{best.pipeline} {best.score}; blend {blend_line(blended)}"


@app.command()
def blend(
    competition: CompetitionOption = DEFAULT_COMPETITION,
    pipelines: PipelinesOption = "",
    seed: SeedOption = 0,
    rows: RowsOption = 0,
    note: NoteOption = "",
) -> None:
    """Blend what has been tuned."""
    from pipelines.base import chosen_pipelines

    workspace = workspace_of(competition)
    chosen = chosen_pipelines(pipelines, workspace.competition)

    from pipelines.blending.blend import make_blend
    from pipelines.search.plan import make_plan

    console = Console(soft_wrap=True)
    blended = make_blend(make_plan(workspace, seed, rows=rows), chosen.pipelines)
    _show_blend(console, blended)
    record(workspace, "blend", _asked(pipelines, seed, rows), _of(blended), note)
    console.print(f"Next: {step('submit')}", highlight=False)


def _asked(pipelines: str, seed: int, rows: int) -> dict[str, str]:
    """Return what the journal says that was asked."""
    asked = {"pipelines": pipelines or "all", "seed": str(seed)}
    return asked | ({"rows": str(rows)} if rows else {})


def _of(blended: "StoredBlend") -> dict[str, Any]:
    return {"blend": figure(blended.name, blended.score)}


def _show_blend(console: Console, blend: "StoredBlend") -> None:
    from competition.problem.scores import with_error
    from pipelines.display import blend_line

    console.print(f"blend      {blend_line(blend)}", highlight=False, markup=False)
    for name, value in blend.methods.items():
        console.print(f"           {with_error(value, None)}  {name}", highlight=False)


@app.command()
def results(
    competition: CompetitionOption = DEFAULT_COMPETITION,
    as_json: JsonOption = False,
    classes: Annotated[
        str, typer.Option(help="Show how well this pipeline's best column finds each class.")
    ] = "",
    seed: SeedOption = 0,
    rows: RowsOption = 0,
) -> None:
    """Show the finished columns, best first."""
    from pipelines.columns import read_columns
    from pipelines.search.plan import make_plan

    workspace = workspace_of(competition)
    plan = make_plan(workspace, seed, rows=rows)
    metric = plan.problem.metric.name
    columns = read_columns(workspace.predictions, plan.data.fingerprint, metric)
    if as_json:
        print_json([_facts(column, plan) for column in columns])
        return
    from pipelines.display import class_table, results_table

    console = Console(soft_wrap=True)
    if classes:
        if plan.problem.kind == Kind.NUMBERS:
            raise PodiumError(f"{plan.competition.slug} asks for numbers, so it has no classes.")
        of_pipeline = [column for column in columns if column.pipeline == classes]
        if not of_pipeline:
            raise PodiumError(
                f"{classes!r} has no finished column: finished are "
                f"{', '.join(sorted({column.pipeline for column in columns})) or 'none'}. "
                f"Next: {step('tune')}"
            )
        console.print(class_table(_class_scores(of_pipeline[0], plan)))
    elif columns:
        console.print(results_table(columns, metric))
    else:
        console.print(f"Nothing is finished yet. Next: {step('tune')}")


def _facts(column: "Column", plan: "Plan") -> dict[str, Any]:
    """Return what a program wants to know of a column."""
    wanted = "metric greater_is_better score fit_seconds trials created params"
    facts = {"pipeline": column.pipeline, "key": column.key} | {
        name: column.manifest.get(name) for name in wanted.split()
    }
    if plan.problem.kind == Kind.NUMBERS:
        return facts
    return facts | {"classes": [asdict(one) for one in _class_scores(column, plan)]}


def _class_scores(column: "Column", plan: "Plan") -> "list[ClassScore]":
    from pipelines.class_scores import class_scores

    problem, truth, oof = plan.problem, plan.dealt.truth, column.oof()
    if problem.metric.eats == Eats.LABEL:
        labels = problem.answers(truth, oof, plan.dealt.assigned)
    elif problem.kind == Kind.ORDERED:
        labels = oof[:, 0].round().astype(int)
    else:
        labels = oof.argmax(axis=1)
    return class_scores(labels, truth, plan.competition.classes)


@app.command()
def clean(
    competition: CompetitionOption = DEFAULT_COMPETITION,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say it, and delete nothing.")] = False,
) -> None:
    """Delete the predictions that neither the blend nor the best trials need."""
    from pipelines.blending.blend import read_blend
    from pipelines.search.cleaning import clean as clean_store

    workspace = workspace_of(competition)
    blend = read_blend(workspace)
    used = [] if blend is None else [member.key for member in blend.members]
    freed = clean_store(workspace, used, dry_run=dry_run)
    said = "would be freed" if dry_run else "freed"
    Console(soft_wrap=True).print(f"{said}: {freed}", highlight=False)


@app.command()
def device(as_json: JsonOption = False) -> None:
    """Say what networks train on here, in which number format, and why."""
    from pipelines.execution.quiet import quiet_native_stderr
    from pipelines.execution.threads import cores
    from pipelines.networks.training.precision import choose_precision, find_gpu

    with quiet_native_stderr():
        precision = choose_precision(gpu=find_gpu())
    if as_json:
        print_json(
            {
                "device": precision.device,
                "policy": precision.policy,
                "why": precision.why,
                "cores": cores(),
            }
        )
        return
    Console(soft_wrap=True).print(
        f"{precision.device}, {precision.policy}, {cores()} cores: {precision.why}",
        highlight=False,
    )


if __name__ == "__main__":
    run(app)
