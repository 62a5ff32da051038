"""The two ways to submit: the blend, or any CSV; both end with a score in the ledger."""

from dataclasses import replace
from pathlib import Path

from competition.errors import PodiumError
from competition.kaggle.client import KaggleClient
from competition.problem.checking.checks import CheckReport
from competition.workspace import Workspace
from submissions.checking import Checker
from submissions.clock import PATIENCE, Clock, Patience
from submissions.ledger.ledger import Ledger
from submissions.polling import await_score
from submissions.progress import Progress
from submissions.sending.allowance import NoneLeft, wait_for_slot
from submissions.sending.marker import said
from submissions.sending.packing import Packing
from submissions.sending.submitter import Outcome, Submitter

TIMEOUT_SECONDS = 600.0


def submit_blend(
    workspace: Workspace,
    client: KaggleClient,
    *,
    message: str | None = None,
    again: bool = False,
    wait: bool = False,
    zipped: bool | None = None,
    timeout: float = TIMEOUT_SECONDS,
    gpu: bool = False,
    progress: Progress | None = None,
    clock: Clock | None = None,
    patience: Patience = PATIENCE,
) -> Outcome:
    """Submit the blend of all that was tuned, made again where it is missing or out of date.

    Where the competition takes submissions from notebooks alone, a script that makes it again is
    run on Kaggle's machines first, and its version is what is submitted.

    Args:
        workspace: Whose blend.
        client: The door to Kaggle.
        message: What to say with it; the blend's name where nothing is given.
        again: As in `submit_file`, like all that follow.
        wait: Wait for the next slot.
        zipped: Upload it as a zip.
        timeout: Seconds to wait for the score.
        gpu: Have such a script run on GPUs.
        progress: Hears of each step.
        clock: Time.
        patience: How long to wait for what.

    Raises:
        PodiumError: nothing is tuned, or anything that `submit_file` raises.
    """
    progress = progress or Progress()
    checker = _checker(workspace, client)
    report, name = checker.blend(progress)
    submitter = _signed_in(workspace, client, progress, clock, zipped, patience)
    if workspace.competition.notebooks_only:
        from submissions.kernels.submitting import pushed_blend  # with scikit-learn

        report, version = pushed_blend(
            *(workspace, checker, submitter.ledger),
            gpu=gpu,
            progress=progress,
            clock=submitter.clock,
            patience=patience,
        )
        submitter = replace(submitter, version=version)
    return _finished(submitter, report, message or name, again=again, wait=wait, timeout=timeout)


def submit_file(
    path: Path,
    workspace: Workspace,
    client: KaggleClient,
    *,
    message: str | None = None,
    again: bool = False,
    wait: bool = False,
    zipped: bool | None = None,
    timeout: float = TIMEOUT_SECONDS,
    progress: Progress | None = None,
    clock: Clock | None = None,
    patience: Patience = PATIENCE,
) -> Outcome:
    """Check a CSV, submit it exactly once, and wait for its score.

    Called again after it was interrupted at any moment, it finds out what happened and finishes
    that, instead of submitting a second time.

    Args:
        path: The file, whoever made it.
        workspace: What it answers.
        client: The door to Kaggle.
        message: What to say with it; the file's name where nothing is given.
        again: Submit it even if the same content was scored before.
        wait: Wait for the next midnight (UTC) where today's allowance is used up.
        zipped: Upload it as a zip, or as it is; as a zip where it is large, if nothing is said.
        timeout: Seconds to wait for the score.
        progress: Hears of each step.
        clock: Time.
        patience: How long to wait for what.

    Raises:
        AlreadySubmitted: the same content was submitted before.
        NoneLeft: the allowance is used up.
        KaggleError: Kaggle refused or could not be reached.
        PodiumError: the file is faulty, Kaggle could not score it, or the database fails.

    Example:
        >>> outcome = submit_file(Path("mine.csv"), workspace, client)  # doctest: +SKIP
        >>> outcome.submission.public_score  # doctest: +SKIP
        0.99253
    """
    report = _checker(workspace, client).check(path)
    report.require_valid("uploaded")
    submitter = _signed_in(workspace, client, progress or Progress(), clock, zipped, patience)
    return _finished(
        submitter, report, message or path.name, again=again, wait=wait, timeout=timeout
    )


def _checker(workspace: Workspace, client: KaggleClient) -> Checker:
    return Checker(workspace, Ledger.if_there(workspace, client.source))


def _signed_in(
    workspace: Workspace,
    client: KaggleClient,
    progress: Progress,
    clock: Clock | None,
    zipped: bool | None,
    patience: Patience,
) -> Submitter:
    """Return what submits; before this, a command that is refused has made no database."""
    ledger = Ledger.open(workspace, client.source, client.username)
    packing = Packing(workspace.runs / "submissions", zipped)
    return Submitter(client, ledger, progress, clock or Clock(), packing, patience)


def _finished(
    submitter: Submitter,
    report: CheckReport,
    message: str,
    *,
    again: bool,
    wait: bool,
    timeout: float,
) -> Outcome:
    """Submit what was checked, wait for a slot where that is wanted, and for its score."""
    progress, clock, patience = submitter.progress, submitter.clock, submitter.patience
    message = said(message)
    for warning in report.warnings:
        progress.step(f"Warning: {warning}")
    nights = 0
    while True:
        try:
            outcome = submitter.submit(report, message, again=again)
            break
        except NoneLeft as closed:
            if not (wait and closed.renewed and nights < patience.nights):
                raise
        wait_for_slot(submitter.ask, clock, progress, patience)
        nights += 1
    submission = outcome.submission
    if not submission.scored:
        progress.step(f"submission {submission.ref} is at Kaggle and recorded")
        submission = await_score(
            submitter.client,
            submitter.ledger,
            submission,
            timeout=timeout,
            clock=clock,
            progress=progress,
            patience=patience,
        )
    if submission.status == "error":
        raise PodiumError(
            f"Kaggle could not score submission {submission.ref} "
            f"({submission.error or 'it gives no reason'}). It does not count towards the "
            "allowance: fix the file and submit it again."
        )
    return Outcome(submission, outcome.allowance)
