"""What a pushed script does on the other machine: find the files, tune or answer, leave files."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Self

from rich.console import Console

from competition.errors import PodiumError
from competition.files import atomic_path
from competition.problem.form import Form
from competition.problem.sample import read_sample
from competition.problem.targets import Answers
from competition.spec import Competition, load_competition
from competition.workspace import Workspace
from pipelines.base import chosen_pipelines
from pipelines.blending.blend import make_blend
from pipelines.display import TuningDisplay, blend_line
from pipelines.kernels.archive import COLUMNS_FILE, pack_columns
from pipelines.kernels.inference import Recipe, remake
from pipelines.search.plan import Plan, make_plan
from pipelines.search.run import tune_all

ASKED_FILE = "asked.json"
SPEC_FILE = "competition.toml"
FEATURES_FILE = "competition.py"  # where `load_competition` looks for them
SUBMISSION_FILE = "submission.csv"

# Below one of these a competition's files are: on Kaggle, beside the working folder, or in it.
INPUTS = (Path("/kaggle/input"), Path("../input"), Path("data"))
_DEPTH = 3  # of folders that are looked through


@dataclass(frozen=True)
class Asked:
    """What a kernel is asked to do.

    Attributes:
        pipelines: Their names; empty for all.
        seconds: For tuning, the columns included.
        seed: Of folds and fits.
        rows: How many labelled rows to learn from; 0 for all.
        sampler: How trials are chosen.
        gpu: Whether it is to run on a GPU.
        data: The fingerprint of the data there, which must be read alike.
        attempt: From 1; another run of the same has another number.
        blend: The recipe of a blend that is to answer whatever test rows are there; None for
            tuning.
        form: `notebook` for one that people read; None for a script.
    """

    pipelines: str
    seconds: float
    seed: int
    rows: int
    sampler: str
    gpu: bool
    data: str
    attempt: int
    blend: Recipe | None = None
    form: str | None = None

    def to_json(self) -> str:
        """Return the text that `from_json` reads."""
        facts = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(facts, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what a text holds."""
        return cls(**json.loads(text))


def main(folder: Path) -> None:
    """Do what was asked, and end with status 1 and a sentence where that is impossible.

    Leaves `submission.csv` in the working folder, and after a tuning `columns.zip`.

    Args:
        folder: Where `asked.json` and `competition.toml` were unpacked; what is computed goes
            below it.
    """
    os.environ.setdefault("COLUMNS", "100")
    try:
        carry_out(folder, Path.cwd(), INPUTS)
    except PodiumError as error:
        sys.stdout.write(f"{error}\n")
        sys.exit(1)


def carry_out(folder: Path, working: Path, inputs: Sequence[Path]) -> None:
    """Tune, or make a blend again; leave a submission, and the columns that were tuned.

    Args:
        folder: As for `main`.
        working: Where results are left.
        inputs: Below one of them are the competition's files.

    Raises:
        PodiumError: the files are not there, or are read otherwise than where this was asked.
    """
    asked, plan = opened(folder, inputs)
    if asked.blend is None and plan.data.fingerprint != asked.data:
        raise PodiumError(
            "The files are read differently here than where this was asked: they are of another "
            "version, or this machine's libraries are. Its columns would not fit the others."
        )
    if asked.gpu:
        _check_gpu()
    console = Console(soft_wrap=True, highlight=False)
    rows, of_test = len(plan.data.truth), len(plan.data.test)
    console.print(f"{plan.workers} cores, {rows:,} rows, {of_test:,} to answer")
    if asked.blend is None:
        answers = _tuned(asked, plan, working, console)
    else:
        answers = remake(asked.blend, plan, console.print).answers
    leave_submission(answers, plan, working)


def opened(folder: Path, inputs: Sequence[Path] = INPUTS) -> tuple[Asked, Plan]:
    """Return what was asked, and the plan of a run on the files that are there.

    Args:
        folder: As for `main`.
        inputs: Below one of them are the competition's files.

    Raises:
        PodiumError: the files are not there, or broken.
    """
    asked = Asked.from_json((folder / ASKED_FILE).read_text(encoding="utf-8"))
    competition = load_competition(str(folder / SPEC_FILE))
    if asked.blend is not None:  # Kaggle runs this again with a test file of other rows
        competition = replace(competition, test_rows=None)
    workspace = Workspace.in_folders(competition, folder / "data", folder / "runs")
    _link(_mounted(competition, inputs), competition, workspace.data)
    return asked, make_plan(workspace, asked.seed, rows=asked.rows)


def leave_submission(answers: Answers, plan: Plan, working: Path) -> Path:
    """Write the submission of answers (m, …) into a folder, and return its path."""
    sample = read_sample(plan.competition, plan.workspace.data)
    with atomic_path(working / SUBMISSION_FILE) as path:
        path.write_text(Form.of(plan.competition).render(answers, sample), encoding="utf-8")
    return working / SUBMISSION_FILE


def _tuned(asked: Asked, plan: Plan, working: Path, console: Console) -> Answers:
    """Tune, leave the columns, and return the answers of their blend."""
    chosen = chosen_pipelines(asked.pipelines, plan.competition)
    with TuningDisplay(console, asked.seconds) as display:
        tuned = tune_all(plan, chosen.pipelines, asked.seconds, asked.sampler, display)
    for name, reason in (chosen.left_out | tuned.left_out).items():
        console.print(f"left out   {name}: {reason}", markup=False)
    columns = [column for found in tuned.columns.values() for column in found]
    for column in columns:
        console.print(f"column     {column.pipeline} {column.score}")
    pack_columns(columns, working / COLUMNS_FILE)
    blended = make_blend(plan, chosen.pipelines)
    console.print(f"blend      {blend_line(blended)}")
    return blended.answers()


def _check_gpu() -> None:
    """Refuse a machine without the GPU whose hours are paid for."""
    from pipelines.execution.quiet import quiet_native_stderr
    from pipelines.networks.training.precision import find_gpu

    with quiet_native_stderr():
        gpu = find_gpu()
    if gpu is None:
        raise PodiumError(
            "There is no GPU here, though one was asked for. Verify your phone at "
            "https://www.kaggle.com/settings, or run it without."
        )


def _mounted(competition: Competition, inputs: Sequence[Path]) -> Path:
    """Return the folder with the competition's files, wherever it is mounted."""
    places = list(chain.from_iterable(_folders(each) for each in inputs))
    # Of several competitions' folders its own comes first, whatever it is called otherwise.
    for place in sorted(places, key=lambda place: place.name != competition.slug):
        if all((place / name).is_file() for name in competition.files):
            return place
    raise PodiumError(
        f"{competition.files[0]} of {competition.slug} is not mounted here. Accept the "
        "competition's rules, and look whether it lets kernels use its files."
    )


def _folders(root: Path, depth: int = _DEPTH) -> list[Path]:
    """Return the folders below a root, itself included, the nearest first."""
    if not root.is_dir():
        return []
    found, level = [root], [root]
    for _ in range(depth):
        level = [each for above in level for each in sorted(above.iterdir()) if each.is_dir()]
        found += level
    return found


def _link(source: Path, competition: Competition, data: Path) -> None:
    """Have the files stand in a folder that can be written, where caches go beside them."""
    data.mkdir(parents=True)
    for name in competition.files:
        (data / name).symlink_to((source / name).resolve())
