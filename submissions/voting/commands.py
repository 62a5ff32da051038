"""What `vote` takes."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from competition.terminal.console import (
    DEFAULT_COMPETITION,
    CompetitionOption,
    JsonOption,
    print_json,
    workspace_of,
)
from competition.terminal.printable import printable


def vote(
    files: Annotated[
        list[Path], typer.Argument(help="Two submissions or more, whoever made them.")
    ],
    as_json: JsonOption = False,
    competition: CompetitionOption = DEFAULT_COMPETITION,
) -> None:
    """Make one submission of several, by a vote; it has no estimate."""
    from competition.problem.form import Form
    from competition.verbs import step
    from submissions.checking import Checker, write_submission
    from submissions.voting.votes import vote as of_answers

    workspace = workspace_of(competition)
    checker = Checker(workspace, None)
    answers = []
    for file in files:
        report = checker.check(file)
        report.require_valid("counted")
        answers.append(report.answers)
    found = of_answers([one for one in answers if one is not None], workspace.competition.problem)
    text = Form.of(workspace.competition).render(found.answers, checker.sample)
    path = write_submission(text, workspace.runs / "submissions")
    if as_json:
        agreement = {"measured_by": found.measured_by, "values": found.agreement.tolist()}
        print_json({"file": str(path), "how": found.how, "agreement": agreement})
        return
    names = [printable(file.stem)[:16] for file in files]
    width = max(map(len, names))
    sys.stdout.write(f"Agreement ({found.measured_by}):\n")
    for name, row in zip(names, found.agreement, strict=True):
        sys.stdout.write(f"  {name:{width}}  {'  '.join(f'{value:.3f}' for value in row)}\n")
    sys.stdout.write(
        f"{path}: {found.how} of {len(files)} files. It has no estimate, for the training rows say "
        f"nothing of files.\nNext: {step('submit', FILE=str(path))}\n"
    )
