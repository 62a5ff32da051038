"""The two ways to submit: the blend, or any CSV; both end with a score in the ledger."""

from pathlib import Path

from competition.errors import PodiumError
from competition.kaggle.client import KaggleClient
from competition.problem.sample import read_sample
from competition.spec import Competition
from submissions.allowance import NoneLeft, wait_for_slot
from submissions.blend import read_blend, write_blend
from submissions.clock import Clock
from submissions.context import checked
from submissions.ledger.ledger import Ledger
from submissions.polling import await_score
from submissions.progress import Progress
from submissions.submitter import Outcome, Submitter

TIMEOUT_SECONDS = 600.0


def submit_blend(
    competition: Competition,
    client: KaggleClient,
    *,
    message: str | None = None,
    again: bool = False,
    wait: bool = False,
    timeout: float = TIMEOUT_SECONDS,
    progress: Progress | None = None,
) -> Outcome:
    """Write the blend that stands in `runs/<slug>/blend`, and submit it as `submit_file` does.

    Args:
        competition: Whose blend.
        client: The door to Kaggle.
        message: What to say with it; the blend's name where nothing is given.
        again: As in `submit_file`, like all that follow.
        wait: Wait for the next slot.
        timeout: Seconds to wait for the score.
        progress: Hears of each step.

    Raises:
        PodiumError: there is no blend, or anything that `submit_file` raises.
    """
    blend = read_blend(competition)
    ledger = Ledger.open(competition, client.source)
    path = write_blend(blend, competition, read_sample(competition), ledger)
    return submit_file(
        path,
        competition,
        client,
        message=message or blend.estimate.blend_name,
        again=again,
        wait=wait,
        timeout=timeout,
        progress=progress,
    )


def submit_file(
    path: Path,
    competition: Competition,
    client: KaggleClient,
    *,
    message: str | None = None,
    again: bool = False,
    wait: bool = False,
    timeout: float = TIMEOUT_SECONDS,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Check a CSV, submit it exactly once, and wait for its score.

    Called again after it was interrupted at any moment, it finds out what happened and finishes
    that, instead of submitting a second time.

    Args:
        path: The file, whoever made it.
        competition: What it answers.
        client: The door to Kaggle.
        message: What to say with it; the file's name where nothing is given.
        again: Submit it even if the same content was scored before.
        wait: Wait for the next midnight (UTC) where today's allowance is used up.
        timeout: Seconds to wait for the score.
        progress: Hears of each step.
        clock: Time.

    Raises:
        AlreadySubmitted: the same content was submitted before.
        NoneLeft: the allowance is used up.
        KaggleError: Kaggle refused or could not be reached.
        PodiumError: the file is faulty, Kaggle could not score it, or the database fails.
    """
    progress, clock = progress or Progress(), clock or Clock()
    ledger = Ledger.open(competition, client.source)
    report = checked(path, competition, read_sample(competition), ledger)
    report.require_valid()
    for warning in report.warnings:
        progress.step(f"Warning: {warning}")
    submitter = Submitter(
        client=client,
        ledger=ledger,
        report=report,
        message=message or path.name,
        progress=progress,
        clock=clock,
    )
    while True:
        try:
            outcome = submitter.submit(again)
            break
        except NoneLeft as closed:
            if not (wait and closed.renewed):
                raise
        wait_for_slot(submitter.ask, clock, progress)
    submission = outcome.submission
    if not submission.scored:
        progress.step(f"submission {submission.ref} is at Kaggle and recorded")
        submission = await_score(
            client, ledger, submission, timeout=timeout, clock=clock, progress=progress
        )
    if submission.status == "error":
        raise PodiumError(
            f"Kaggle could not score submission {submission.ref} "
            f"({submission.error or 'it gives no reason'}). It does not count towards the "
            "allowance: mend the file and submit it again."
        )
    return Outcome(submission, outcome.allowance)
