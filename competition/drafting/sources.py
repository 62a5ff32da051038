"""Where a draft's files come from, Kaggle or a zip, and where they are then kept."""

import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from competition.data.tables.reading.cells import read_cells
from competition.data.tables.reading.coded import texts_of
from competition.drafting.files import Files, plain_name
from competition.files import atomic_path
from competition.kaggle.client import KaggleClient
from competition.kaggle.manifest import Manifest
from competition.practice.baselines.constants import sample_answers
from competition.problem.form import Form
from competition.problem.sample import Sample
from competition.spec import Competition
from competition.workspace import Workspace

if TYPE_CHECKING:
    from competition.kaggle.download import Progress
    from competition.kaggle.replies import CompetitionFacts


class FromKaggle:
    """A competition at Kaggle of which nothing but its slug is known.

    The zip that Kaggle sends is kept beside the data folder until a draft was made of it, so that a
    question costs no second download.

    Args:
        workspace: Of a stand-in (`unknown`).
    """

    def __init__(self, workspace: Workspace) -> None:
        self._client = KaggleClient(workspace.competition, workspace.access)
        self._folder = workspace.data
        self._zip = workspace.data.with_name(f".{workspace.competition.slug}.new.zip")

    def facts(self) -> "CompetitionFacts":
        """Return what Kaggle says of it.

        Raises:
            KaggleError: Kaggle refuses.
        """
        return self._client.facts()

    def bring(self, progress: "Progress") -> Path:
        """Return the zip with its files, downloaded where it is not here.

        Raises:
            PodiumError: Kaggle refuses, or the disk is full.
        """
        from competition.kaggle.download import download_archive

        if not zipfile.is_zipfile(self._zip):
            download_archive(self._client, self._zip, progress)
        return self._zip

    def keep(self, files: Files, competition: Competition) -> None:
        """Put the files that the draft names into the data folder, as a download does.

        Raises:
            PodiumError: the disk is full.
        """
        place_files(files, competition, self._folder, again=True)
        source, names = self._client.source, competition.files
        Manifest.of(self._folder, competition.slug, source, names).write(self._folder)
        self._zip.unlink(missing_ok=True)


def unknown(slug: str) -> Competition:
    """Return a stand-in for a competition of which nothing but its slug is known."""
    return Competition(
        slug=slug,
        title=slug,
        metric="accuracy",
        train_file="train.csv",
        test_file="test.csv",
        sample_file="sample_submission.csv",
        id_column="id",
        target_columns=("target",),
        label_columns=("target",),
    )


def place_files(
    files: Files, competition: Competition, folder: Path, *, again: bool = False
) -> None:
    """Copy a competition's files into its data folder, out of zips of their own.

    Where there is no sample submission, one is made of the test file's ids.

    Args:
        files: The files.
        competition: As it was drafted of them.
        folder: The data folder.
        again: Whether files that are there are replaced.

    Raises:
        PodiumError: the disk is full, or a zip is damaged.
    """
    for path in (files.train, files.test, files.sample):
        if path is None or ((folder / plain_name(path)).exists() and not again):
            continue
        with atomic_path(folder / plain_name(path)) as target, target.open("wb") as file:
            if path.suffix.lower() != ".zip":
                with path.open("rb") as plain:
                    shutil.copyfileobj(plain, file)
                continue
            with zipfile.ZipFile(path) as archive:
                (member,) = (each for each in archive.namelist() if each.lower().endswith(".csv"))
                with archive.open(member) as packed:
                    shutil.copyfileobj(packed, file)
    sample = folder / competition.sample_file
    if files.sample is None and (again or not sample.exists()):
        with atomic_path(sample) as target:
            target.write_text(_sample_text(files.test, competition), encoding="utf-8")


def _sample_text(test: Path, competition: Competition) -> str:
    """Return a sample submission for the ids of a test file, all with the same answer."""
    ids = texts_of(read_cells(test, (competition.id_column,))[competition.id_column])
    sample = Sample((competition.id_column, *competition.target_columns), tuple(ids), size=0)
    ones = np.ones((1, len(competition.target_columns)))
    answers = sample_answers(competition.problem, ones, len(ids))
    return Form.of(competition).render(answers, sample)
