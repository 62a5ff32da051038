"""The command line of `competition`: new, download, practice, describe, leaderboard, config."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from competition.drafting.command import new
from competition.errors import PodiumError
from competition.practice.running import OPTICAL_DIGITS, PracticeServer, Running
from competition.practice.serving.fault_plan import __doc__ as FAULTS_HELP
from competition.spec import load_competition
from competition.terminal.config import config
from competition.terminal.console import (
    DEFAULT_COMPETITION,
    CompetitionOption,
    JsonOption,
    new_app,
    print_json,
    run,
    workspace_of,
)
from competition.terminal.progress import megabytes, shown_progress
from competition.terminal.words import (
    asked_of,
    columns_of,
    count_of_rows,
    held_by_submission,
    is_there,
    rows_of,
)

if TYPE_CHECKING:
    from competition.kaggle.manifest import Manifest

app = new_app("What Kaggle gives: the data, the leaderboard, and a practice Kaggle.")
app.command()(new)
app.command()(config)


@app.command()
def download(
    *,
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help="Fetch all again, and say what changed at Kaggle since."),
    ] = False,
    competition: CompetitionOption = DEFAULT_COMPETITION,
) -> None:
    """Bring the competition's files, whole or not at all; bring them again where they changed."""
    from competition.kaggle.client import KaggleClient
    from competition.kaggle.download import download as bring

    workspace = workspace_of(competition)
    spec = workspace.competition
    with shown_progress(f"Downloading {spec.slug}") as progress:
        result = bring(workspace, KaggleClient(spec, workspace.access), progress, refresh=refresh)
    what = "checked" if result.fetched else "already there and right"
    if result.changed:
        sys.stdout.write(
            f"Changed at Kaggle since {result.before}: {', '.join(result.changed)}. "
            "What was tuned before was tuned on other data: tune again.\n"
        )
    elif result.before and refresh:
        what += f", unchanged at Kaggle since {result.before}"
    sys.stdout.write(
        f"{len(result.files)} files, {megabytes(result.size)}, {what}: {result.folder}\n"
    )
    if spec.rows_kind == "tables":
        sys.stdout.write(columns_of(workspace))


@app.command()
def describe(
    competition: CompetitionOption = DEFAULT_COMPETITION, as_json: JsonOption = False
) -> None:
    """Show what is asked, what a submission holds, and what of the data is on disk."""
    from competition.kaggle.manifest import Manifest

    workspace = workspace_of(competition)
    spec, folder = workspace.competition, workspace.data
    manifest = Manifest.read(folder)
    files = [file_state(folder / name, manifest) for name in spec.files]
    if as_json:
        asked = {"kind": spec.problem.kind, "submission": held_by_submission(spec)}
        print_json(asdict(spec) | asked | {"folder": str(folder), "files": files})
        return
    metric = spec.problem.metric
    better = "higher" if metric.greater_is_better else "lower"
    sys.stdout.write(
        f"{spec.title} ({spec.slug}): {spec.url}\n"
        f"Asked: {asked_of(spec)}, scored by {metric.name} ({better} is better)\n"
        f"A submission holds {held_by_submission(spec)}; {spec.daily_submissions} a day"
        f"{', and comes from a notebook alone' if spec.notebooks_only else ''}\n"
        f"{rows_of(spec)}, {count_of_rows(spec.train_rows)} to learn from, "
        f"{count_of_rows(spec.test_rows)} to answer\n"
    )
    source = f", from {manifest.source}" if manifest else ""
    sys.stdout.write(f"Data in {folder}{source}:\n")
    for file in files:
        size = megabytes(file["size"]) if file["size"] is not None else ""
        sys.stdout.write(f"  {file['name']:<24} {size:>9}  {file['state']}\n")
    if spec.rows_kind == "tables" and all(is_there(folder, name) for name in spec.files):
        sys.stdout.write(columns_of(workspace))


@app.command()
def leaderboard(
    competition: CompetitionOption = DEFAULT_COMPETITION,
    top: Annotated[int, typer.Option(min=1, help="How many rows to show.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the public leaderboard, best first."""
    from competition.kaggle.client import KaggleClient

    workspace = workspace_of(competition)
    rows = KaggleClient(workspace.competition, workspace.access).leaderboard()[:top]
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    for row in rows:
        sys.stdout.write(
            f"{row.rank:>5}  {row.team:<30}  {row.score:.5f}  {row.submitted:%Y-%m-%d}\n"
        )


@app.command(epilog="\n\n".join(f"\b\n{part}" for part in str(FAULTS_HELP).split("\n\n")))
def practice(
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="DATA",
            help="A labelled CSV or a competition's zip. Default: the competition's bundled data.",
        ),
    ] = None,
    competition: Annotated[
        str | None,
        typer.Option(
            "--competition",
            "-c",
            envvar="COMPETITION",
            help=f"A slug or a TOML file. Default: {OPTICAL_DIGITS}, or what --data look like.",
        ),
    ] = None,
    hidden: Annotated[
        int | None, typer.Option(min=1, help="How many rows to hide. Default: a third.")
    ] = None,
    seed: Annotated[int, typer.Option(envvar="SEED", min=0, help="Of the rows to hide.")] = 0,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any free one.")] = 0,
    folder: Annotated[
        Path | None,
        typer.Option(help="Keeps its data and state. Default: practice/ in the runs folder."),
    ] = None,
    username: Annotated[str | None, typer.Option(help="Its one user. Default: you.")] = None,
    key: Annotated[str | None, typer.Option(help="Their key. Default: a random one.")] = None,
    daily: Annotated[
        int | None, typer.Option(min=1, help="Submissions in a day (UTC). Default: Kaggle's.")
    ] = None,
    delay: Annotated[float, typer.Option(min=0, help="Seconds until a score is there.")] = 1.0,
    rules_not_accepted: Annotated[
        bool, typer.Option("--rules-not-accepted", help="Answer 403, as before accepting rules.")
    ] = False,
    faults: Annotated[
        str,
        typer.Option(help="What goes wrong on purpose, as in cut*2,refuse=429%10; see below."),
    ] = "",
    kernels: Annotated[
        bool,
        typer.Option(
            "--kernels", help="Run scripts that are pushed, by whoever has its key, as this user."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON when it takes calls.")
    ] = False,
    until_stdin_closes: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Serve a practice Kaggle on 127.0.0.1 until Ctrl-C, with some of the data hidden."""
    workspace = workspace_of(competition or _shown_by(data))
    server = PracticeServer(
        folder or workspace.runs / "practice",
        workspace.competition,
        data,
        hidden=hidden,
        seed=seed,
        port=port,
        username=username,
        key=key,
        daily=daily,
        delay=delay,
        rules_accepted=not rules_not_accepted,
        faults=faults,
        kernels=kernels,
    )
    running = server.running
    sys.stdout.write(json.dumps(running.as_json()) if as_json else _instructions(running))
    sys.stdout.write("\n")
    sys.stdout.flush()
    server.serve(until_stdin_closes)


def _shown_by(data: Path | None) -> str:
    """Return the competition that some data are of, where nobody names one."""
    from competition.practice.recognition import recognised

    if data is None:
        return OPTICAL_DIGITS
    if not data.is_file():
        raise PodiumError(f"There is no file {data}. Give a labelled CSV or a competition's zip.")
    found = recognised(data)
    if found is None:
        raise PodiumError(
            f"{data.name} is of no competition that is known here. Name one with --competition: a "
            "slug, or the path of a TOML file."
        )
    return found


def _instructions(running: Running) -> str:
    exports = [f"export {name}={value}" for name, value in running.environment.items()]
    lines = [
        f"A practice Kaggle of {load_competition(str(running.spec_path)).slug} takes calls at "
        f"{running.url}; Ctrl-C stops it, its state is kept.",
        "In another terminal, for this project's commands:",
        *(f"  {line}" for line in exports),
        "or for the official kaggle command:",
        f"  export KAGGLE_API_ENVIRONMENT=LOCALHOST http_proxy={running.url} no_proxy= NO_PROXY=",
        f"  export KAGGLE_USERNAME={running.username} KAGGLE_KEY={running.key}",
    ]
    return "\n".join(lines)


def file_state(path: Path, manifest: "Manifest | None") -> dict[str, Any]:
    """Return a file's name, its size in bytes (None where it is missing), and its state."""
    record = manifest.files.get(path.name) if manifest else None
    if not path.is_file():
        return {"name": path.name, "size": None, "state": "missing"}
    state = "no manifest"
    if record is not None:
        state = "right" if record.matches(path) else "changed since the download"
    return {"name": path.name, "size": path.stat().st_size, "state": state}


if __name__ == "__main__":
    run(app)
