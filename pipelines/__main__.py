"""The command line of `pipelines`: list, tune, blend, results, and a cluster to tune on."""

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from competition.console import (
    DEFAULT_COMPETITION,
    CompetitionOption,
    JsonOption,
    SamplerOption,
    new_app,
    print_json,
    run,
)
from competition.errors import PodiumError
from pipelines.execution.commands import cluster, worker

if TYPE_CHECKING:
    from pipelines.class_scores import ClassScore
    from pipelines.search.plan import Plan
    from pipelines.search.store import Column

app = new_app("From pixels to probabilities: tune pipelines, blend them, see what was found.")

app.command()(cluster)
app.command()(worker)

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
def list_pipelines(as_json: JsonOption = False) -> None:
    """Show the pipelines, their shipped points and what these reached."""
    from pipelines.base import available_pipelines, load_pipeline

    pipelines = [load_pipeline(name) for name in available_pipelines()]
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
def tune(
    competition: CompetitionOption = DEFAULT_COMPETITION,
    pipelines: PipelinesOption = "",
    budget: Annotated[str, typer.Option(envvar="BUDGET", help="Such as 90s, 20m, 1h30m.")] = "30m",
    workers: WorkersOption = 0,
    sampler: SamplerOption = "tpe",
    seed: SeedOption = 0,
    scheduler: SchedulerOption = "",
    rows: RowsOption = 0,
) -> None:
    """Tune pipelines for a time; run again to go on."""
    from pipelines.base import chosen_pipelines
    from pipelines.search.budget import parse_budget

    seconds = parse_budget(budget)
    chosen = chosen_pipelines(pipelines)

    from pipelines.display import TuningDisplay, results_table
    from pipelines.search.run import tune_all

    plan = _plan(competition, seed, rows, workers, scheduler)
    console = Console(soft_wrap=True)
    began = time.monotonic()
    with TuningDisplay(console, seconds) as display:
        columns = tune_all(plan, chosen, seconds, sampler, display)
    console.print(results_table([column for found in columns.values() for column in found]))
    console.print(f"{time.monotonic() - began:.0f} s. Next: make blend", highlight=False)


@app.command()
def blend(
    competition: CompetitionOption = DEFAULT_COMPETITION,
    pipelines: PipelinesOption = "",
    seed: SeedOption = 0,
    rows: RowsOption = 0,
) -> None:
    """Blend what has been tuned."""
    from pipelines.base import chosen_pipelines

    chosen = chosen_pipelines(pipelines)

    from pipelines.blending.blend import make_blend
    from pipelines.display import blend_line

    finished = make_blend(_plan(competition, seed, rows), chosen)
    console = Console(soft_wrap=True)
    console.print(f"blend      {blend_line(finished)}", highlight=False)
    for name, outcome in finished.blend.methods.items():
        console.print(f"           {outcome}  {name}", highlight=False)
    console.print("Next: make submit", highlight=False)


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
    plan = _plan(competition, seed, rows)
    columns = plan.store.columns()
    if as_json:
        print_json([_facts(column, plan) for column in columns])
        return
    from pipelines.display import class_table, results_table

    console = Console(soft_wrap=True)
    if classes:
        of_pipeline = [column for column in columns if column.pipeline == classes]
        if not of_pipeline:
            raise PodiumError(
                f"{classes!r} has no finished column: finished are "
                f"{', '.join(sorted({column.pipeline for column in columns})) or 'none'}. "
                "Next: make tune"
            )
        console.print(class_table(_class_scores(of_pipeline[0], plan)))
    elif columns:
        console.print(results_table(columns))
    else:
        console.print("Nothing is finished yet. Next: make tune")


def _facts(column: "Column", plan: "Plan") -> dict[str, Any]:
    """Return what a program wants to know of a column."""
    wanted = "oof_accuracy oof_log_loss standard_error fit_seconds trials created params"
    return (
        {"pipeline": column.pipeline, "key": column.key}
        | {name: column.manifest[name] for name in wanted.split()}
        | {"classes": [asdict(one) for one in _class_scores(column, plan)]}
    )


def _class_scores(column: "Column", plan: "Plan") -> "list[ClassScore]":
    from pipelines.class_scores import class_scores

    return class_scores(column.oof(), plan.data.train_labels, plan.competition.classes)


@app.command()
def device(as_json: JsonOption = False) -> None:
    """Say what networks train on here, in which number format, and why."""
    from pipelines.execution.threads import cores
    from pipelines.networks.precision import choose_precision, find_gpu
    from pipelines.networks.quiet import quiet_native_stderr

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


def _plan(competition: str, seed: int, rows: int, workers: int = 0, scheduler: str = "") -> "Plan":
    from competition.spec import load_competition
    from pipelines.search.run import make_plan

    return make_plan(load_competition(competition), seed, workers, scheduler, rows)


if __name__ == "__main__":
    run(app)
