"""Drafts a competition at a command line: brings its files, asks, writes its TOML file, shows."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import typer

from competition.drafting.draft import Draft, Undecided
from competition.drafting.files import find_files, unpacked
from competition.drafting.from_files import Told, draft_of, slug_of
from competition.drafting.sources import FromKaggle, place_files, unknown
from competition.drafting.tables import Tables
from competition.drafting.toml import to_toml
from competition.errors import PodiumError
from competition.files import atomic_path
from competition.problem.metrics.known import find_metric
from competition.spec import own_specs
from competition.terminal.console import workspace_for
from competition.terminal.printable import printable
from competition.terminal.progress import shown_progress
from competition.verbs import given, step

_SHOWN = 6  # roles, before the rest is counted


def make_new(
    competition: str,
    data: Path | None,
    *,
    force: bool,
    metric: str | None,
    target: str | None,
    positive: str | None,
) -> None:
    """Write the TOML file of a competition, and put its files into its data folder.

    Args:
        competition: Its slug or address, or the path of the TOML file; empty for the zip's name.
        data: Its zip or folder; None to download its files from Kaggle.
        force: Whether a TOML file that is there is replaced.
        metric: How it is scored; None for what Kaggle says.
        target: The label column(s), where no file tells.
        positive: The class that counts as positive.

    Raises:
        PodiumError: the files cannot be drafted, or nobody says what no file tells. Nothing is
            written then.
    """
    if not competition and data is None:
        raise PodiumError(
            "Which competition? Give its slug or its address as COMPETITION, or its zip as DATA."
        )
    path = _path_of(competition, data)
    if path.exists() and not force:
        raise PodiumError(
            f"{path} is there already, and may have been corrected by hand. Give AGAIN=1 to "
            "replace it."
        )
    known = Told(metric=metric, target=target, positive=positive, slug=slug_of(path.stem))
    with _source(known, data) as (told, source, kaggle), unpacked(source) as folder:
        files = find_files(folder)
        made = _asked(Tables.read(files), told, source)
        text = to_toml(made)
        if kaggle is not None:
            kaggle.keep(files, made.competition)
        else:
            place_files(files, made.competition, workspace_for(made.competition).data)
        with atomic_path(path) as written:
            written.write_text(text, encoding="utf-8")
    _show(made, path)


def _path_of(competition: str, data: Path | None) -> Path:
    """Return the TOML file that is to be written."""
    if competition.endswith(".toml"):
        return Path(competition)
    if not competition:
        assert data is not None
        competition = data.name.removesuffix(".zip")
    return own_specs() / f"{slug_of(competition)}.toml"


@contextmanager
def _source(told: Told, data: Path | None) -> Iterator[tuple[Told, Path, FromKaggle | None]]:
    """Yield what is known, the files, and Kaggle where they come from there."""
    if data is not None:
        yield told, data, None
        return
    assert told.slug is not None
    kaggle = FromKaggle(workspace_for(unknown(told.slug)))
    facts = kaggle.facts()
    if facts.notebooks_only:
        sys.stdout.write(
            f"It takes submissions from notebooks alone: `{step('submit')}` pushes a script that "
            "fits the blend on Kaggle's machines.\n"
        )
    if told.metric is None and facts.metric:
        told = replace(told, metric=facts.metric, metric_from="as Kaggle says")
    told = replace(
        told,
        title=facts.title or None,
        daily=facts.daily_submissions or None,
        notebooks_only=facts.notebooks_only,
    )
    with shown_progress(f"Downloading {told.slug}") as progress:
        source = kaggle.bring(progress)
    yield told, source, kaggle


def _asked(tables: Tables, told: Told, source: Path) -> Draft:
    """Return the draft, asking on a terminal for what no file tells."""
    while True:
        try:
            return draft_of(tables, told, source)
        except Undecided as open_question:
            if not sys.stdin.isatty():
                raise PodiumError(f"{open_question} Give {_variable(open_question)}.") from None
            answer = _answer(open_question)
            match open_question.what:
                case "metric":
                    told = replace(told, metric=answer)
                case "target":
                    told = replace(told, target=answer)
                case _:
                    told = replace(told, positive=answer)


def _variable(question: Undecided) -> str:
    """Return the variable to give, with a choice as an example."""
    example = question.choices[-1] if question.choices else "auc"
    return f"{given(question.what.upper(), printable(example))}, or another one"


def _answer(question: Undecided) -> str:
    """Ask a person until the answer is one of the choices, or a known metric."""
    while True:
        answer = str(typer.prompt(printable(str(question)))).strip()
        if question.choices and answer not in question.choices:
            sys.stdout.write(f"It is one of {', '.join(map(printable, question.choices))}.\n")
            continue
        if question.what == "metric":
            try:
                find_metric(answer)
            except PodiumError as unknown:
                sys.stdout.write(f"{unknown}\n")
                continue
        return answer


def _show(draft: Draft, path: Path) -> None:
    """Print the guesses with their reasons, and what to look at."""
    spec = draft.competition
    guesses = {
        "metric": spec.metric,
        "columns.id": spec.id_column,
        "columns.test_id": spec.test_id or "",
        "columns.target": _few(spec.target_columns),
        "columns.label": _few(spec.label_columns),
        "classes": _few(spec.classes),
        "positive": spec.positive or "",
        "folds": " ".join(filter(None, (spec.folds.by, spec.folds.column, spec.folds.match))),
    }
    for name, role in spec.roles[:_SHOWN]:
        guesses[f"roles.{name}"] = f"{name}: {role}"
    lines = [
        f"{name.split('.')[0 if name.startswith('roles') else -1]:<9} {guess}: {reason}"
        for name, guess in guesses.items()
        if guess and (reason := draft.reasons.get(name)) is not None
    ]
    if len(spec.roles) > _SHOWN:
        lines.append(f"roles     of {len(spec.roles) - _SHOWN} more columns")
    lines += [f"Look at this: {question}" for question in draft.questions]
    lines.append(
        f"Written: {path}. Read it, then go on with: {step('tune', COMPETITION=_short(path))}"
    )
    sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))


def _short(path: Path) -> str:
    """Return what names a competition: the slug of one among the others, else the path."""
    return path.stem if path.parent == own_specs() else str(path)


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names if len(names) <= 6 else (*names[:3], "…", names[-1]))
