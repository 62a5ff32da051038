"""A blend's notebook: written here for people to read, and run on Kaggle where that is wanted."""

from pathlib import Path

from competition.files import atomic_path
from competition.kaggle.kernels.client import KernelClient
from competition.workspace import Workspace
from pipelines.blending.blend import fresh_blend
from pipelines.blending.stored import StoredBlend
from pipelines.search.plan import Plan
from submissions.kernels.notebook import NOTEBOOK, packed_notebook
from submissions.kernels.running import Runner
from submissions.kernels.runs import slug_of
from submissions.kernels.submitting import asked_for, limit_for, plan_of
from submissions.progress import Progress


def write_notebook(workspace: Workspace, *, gpu: bool = False) -> Path:
    """Write the notebook of the blend of all that is tuned, and return its path.

    Args:
        workspace: Whose blend.
        gpu: Whether it is to run on two T4s.

    Raises:
        PodiumError: nothing is tuned, a member cannot be made elsewhere, or the disk fails.
    """
    blend, plan = _blend_of(workspace)
    asked = asked_for(blend, plan, gpu=gpu, form=NOTEBOOK)
    slug = slug_of(workspace.competition.slug, asked)
    path = workspace.runs / "kernels" / f"{slug}.ipynb"
    with atomic_path(path) as temporary:
        text = packed_notebook(slug, workspace.competition, asked)
        temporary.write_text(text, encoding="utf-8")
    return path


def push_notebook(
    workspace: Workspace, client: KernelClient, progress: Progress, *, gpu: bool = False
) -> str:
    """Have Kaggle run that notebook, exactly once, and return its address there.

    Args:
        workspace: Whose blend.
        client: The door to Kaggle.
        progress: Hears of each step.
        gpu: Whether on two T4s.

    Raises:
        PodiumError: it is refused, or its run fails.
    """
    blend, plan = _blend_of(workspace)
    asked = asked_for(blend, plan, gpu=gpu, form=NOTEBOOK)
    run, _ = Runner.of(plan, client, progress).infer(asked, limit_for(blend, plan))
    return client.address_of(run.slug)


def _blend_of(workspace: Workspace) -> tuple[StoredBlend, Plan]:
    blend = fresh_blend(workspace).blend
    return blend, plan_of(blend, workspace)
