"""Submitting where Kaggle takes no files: a script that makes the blend again is what is sent."""

from dataclasses import dataclass, replace

from competition.kaggle.kernels.client import KernelClient
from competition.problem.checking.checks import CheckReport
from competition.workspace import Workspace
from pipelines.blending.stored import StoredBlend, read_blend
from pipelines.kernels.inference import recipe_of, seconds_of
from pipelines.kernels.machine import SUBMISSION_FILE, Asked
from pipelines.search.plan import Plan, make_plan
from submissions.checking import Checker, estimate_of
from submissions.clock import Clock, Patience
from submissions.kernels.running import MOST_SECONDS, Runner, limit_of
from submissions.ledger.ledger import Ledger
from submissions.progress import Progress

_LEAST = 600.0  # seconds that the fits get, however fast they were here
_SLOWER = 3.0  # times as long the fits may take there as they took here
_DIGITS = 12  # of a fingerprint


@dataclass(frozen=True)
class KernelVersion:
    """A version of a kernel that can be submitted.

    Attributes:
        slug: Of the kernel.
        version: From 1; its run is complete.
        file_name: Of the submission among what it leaves.
    """

    slug: str
    version: int
    file_name: str = SUBMISSION_FILE


def pushed_blend(
    workspace: Workspace,
    checker: Checker,
    ledger: Ledger,
    *,
    gpu: bool,
    progress: Progress,
    clock: Clock,
    patience: Patience,
) -> tuple[CheckReport, KernelVersion]:
    """Have Kaggle's machines make a blend again; return the check of its file, and the version.

    A version that has made it is taken as it is, however often this is called. What it is known by
    is the script: on the few test rows that one sees, other blends may answer alike.

    Args:
        workspace: Whose current blend.
        checker: Of its files.
        ledger: Where the blend's worth is known by `report.fingerprint` afterwards.
        gpu: Whether on two T4s.
        progress: Hears of each step.
        clock: Time.
        patience: How long to wait for what.

    Raises:
        PodiumError: the run fails, or its file has faults.
    """
    client = KernelClient(workspace.competition, workspace.access)
    blend = read_blend(workspace)
    assert blend is not None, "the checker has written its file"
    plan = plan_of(blend, workspace)
    runner = Runner.of(plan, client, progress, clock, patience)
    run, path = runner.infer(asked_for(blend, plan, gpu=gpu), limit_for(blend, plan))
    report = checker.check(path)
    report.require_valid("submitted")
    assert run.sha256 is not None and run.version is not None
    known = replace(report, fingerprint=run.sha256[:_DIGITS])
    ledger.remember_blend(path, known.fingerprint, estimate_of(blend))
    return known, KernelVersion(run.slug, run.version)


def plan_of(blend: StoredBlend, workspace: Workspace) -> Plan:
    """Return the plan that a blend was made by: its rows and its seed."""
    return make_plan(workspace, int(blend.manifest["seed"]), rows=blend.manifest.get("rows"))


def asked_for(blend: StoredBlend, plan: Plan, *, gpu: bool, form: str | None = None) -> Asked:
    """Return what a run is asked that makes a blend again.

    Args:
        blend: Of this plan.
        plan: Of the run here.
        gpu: Whether on two T4s.
        form: As of `Asked`.

    Raises:
        PodiumError: a member cannot be made there.
    """
    return Asked(
        pipelines="",
        seconds=0.0,
        seed=plan.seed,
        rows=plan.rows or 0,
        sampler="tpe",
        gpu=gpu,
        data=plan.data.fingerprint,
        attempt=1,
        blend=recipe_of(blend, plan),
        form=form,
    )


def limit_for(blend: StoredBlend, plan: Plan) -> int:
    """Return after how many seconds Kaggle is to end the run."""
    seconds = max(_LEAST, _SLOWER * seconds_of(blend, plan))
    return limit_of(seconds) if seconds < MOST_SECONDS / 2 else MOST_SECONDS
