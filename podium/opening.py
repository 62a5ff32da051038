"""Finding the competition that a notebook names, wherever its files are."""

import os
from pathlib import Path

from competition.errors import PodiumError
from competition.settings import settings_of
from competition.spec import available_competitions, own_specs
from competition.workspace import Workspace
from podium.run import Run

_MOUNTS = (Path("/kaggle/input/competitions"), Path("/kaggle/input"))


def open(
    name: str | Path,
    *,
    metric: str | None = None,
    target: str | None = None,
    positive: str | None = None,
    seed: int = 0,
) -> Run:
    """Open a competition; the same call on a laptop and in a notebook on Kaggle.

    Files that Kaggle has mounted are copied into the data folder, and of data that come with Podium
    (`wine`, `optical-digits`) a third is hidden as its test set, as `podium practice` does. A
    competition that no TOML file describes is drafted from its files, as `podium new` does, into
    `specs/<slug>.toml`.

    Args:
        name: A slug, the path of a TOML file, or of a folder or zip with train, test and sample.
        metric: How it is scored, where a draft is made.
        target: The column that is asked, where no file tells it.
        positive: The class that counts as positive.
        seed: Of folds, samplers and fits.

    Raises:
        PodiumError: it is not known and its files are not here, or a draft lacks what no file
            tells.

    Example:
        >>> open("wine").classes
        ('class_0', 'class_1', 'class_2')
    """
    environment = dict(os.environ)
    given = {name: one.value for name, one in settings_of(Path(), environment).items()}
    environment |= {name: value for name, value in given.items() if value is not None}
    source = _files_of(name)
    known = str(name)
    if not known.endswith(".toml") and known not in available_competitions():
        if source is None:
            raise PodiumError(
                f"There is no competition {known!r} here, and no folder or zip of this name. Give "
                "the path of its files, or draft it first with: podium new"
            )
        known = _drafted(source, metric, target, positive)
    workspace = Workspace.from_environment(known, environment)
    if source is not None:
        _bring(source, workspace)
    elif workspace.competition.bundled is not None:
        _bring_bundled(workspace)
    return Run(workspace, seed)


def _files_of(name: str | Path) -> Path | None:
    """Return the folder or zip with the files, as named or where Kaggle mounts them."""
    path = Path(name)
    if path.suffix != ".toml" and (path.is_dir() or path.is_file()):
        return path
    return next((mount / path.stem for mount in _MOUNTS if (mount / path.stem).is_dir()), None)


def _drafted(source: Path, metric: str | None, target: str | None, positive: str | None) -> str:
    """Return the slug of the competition of some files, drafted where no TOML file has it."""
    from competition.drafting.from_files import slug_of
    from competition.drafting.making import make_new

    slug = slug_of(source.resolve().name.removesuffix(".zip"))
    if slug not in available_competitions():
        path = own_specs() / f"{slug}.toml"
        make_new(str(path), source, force=False, metric=metric, target=target, positive=positive)
    return slug


def _bring(source: Path, workspace: Workspace) -> None:
    """Copy files that are not yet in the data folder."""
    from competition.drafting.files import find_files, unpacked
    from competition.drafting.sources import place_files

    if not _are_there(workspace):
        with unpacked(source) as folder:
            place_files(find_files(folder), workspace.competition, workspace.data)


def _bring_bundled(workspace: Workspace) -> None:
    """Hide a third of the data that come with Podium, and copy what a competitor gets of them."""
    if _are_there(workspace):
        return
    from competition.files import atomic_path
    from competition.practice.holdout import PUBLIC_FOLDER, prepare

    practice = workspace.runs / "practice"
    prepare(practice, workspace.competition, None)
    for name in workspace.competition.files:
        with atomic_path(workspace.data / name) as path:
            path.write_bytes((practice / PUBLIC_FOLDER / name).read_bytes())


def _are_there(workspace: Workspace) -> bool:
    return all((workspace.data / name).exists() for name in workspace.competition.files)
