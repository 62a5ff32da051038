"""Scores an uploaded submission as Kaggle does: on a public and on a private part of the rows."""

import csv
import io
import math
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from competition.practice.labelled.labels import Label, truth_of
from competition.problem.form import Form
from competition.problem.problem import Problem
from competition.problem.sample import Sample
from competition.problem.targets import Answers, Truth
from competition.spec import Competition

_MOST_BYTES = 1 << 30


class Malformed(Exception):
    """A submission that cannot be scored; its message is the reason that Kaggle would show."""


def unpacked(content: bytes) -> bytes:
    """Return what a submission's bytes hold: themselves, or the one file of a zip.

    Raises:
        Malformed: it is a zip of anything else.
    """
    if not content.startswith(b"PK"):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (member,) = archive.infolist()
            if member.file_size > _MOST_BYTES:
                raise Malformed("the file in the zip is too large")
            return archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise Malformed("a zip must hold one CSV file and nothing else") from error


@dataclass(frozen=True)
class Solution:
    """The hidden truth, which never leaves the server.

    Attributes:
        problem: Scores.
        form: Reads submissions.
        sample: The ids, in the order of `truth`.
        truth: (m,) class indices, or (m, t) values.
        public: (m,) whether a row counts for the public score.
    """

    problem: Problem
    form: Form
    sample: Sample
    truth: Truth
    public: npt.NDArray[np.bool_]

    @classmethod
    def read(cls, path: Path, competition: Competition) -> "Solution":
        """Read the file that `write_hidden` wrote."""
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        labels = [tuple(row[1:-1]) for row in rows]
        return cls(
            problem=competition.problem,
            form=Form.of(competition),
            sample=sample_of(competition, tuple(row[0] for row in rows)),
            truth=truth_of(labels, competition, path.name),
            public=np.array([row[-1] == "1" for row in rows]),
        )

    def score(self, content: bytes) -> tuple[float, float]:
        """Return the public and the private score of a submission's bytes.

        Raises:
            Malformed: it is not a submission for this competition.
        """
        parsed = self.form.parse(content, self.sample)
        if parsed.answers is None:
            # A fault that names its line says more than one of the whole file.
            raise Malformed(str(min(parsed.faults, key=lambda fault: fault.line is None)))
        scores = self.values(parsed.answers)
        if not all(map(math.isfinite, scores)):
            raise Malformed("The score is not a finite number")
        return scores

    def values(self, answers: Answers) -> tuple[float, float]:
        """Return the public and the private score of answers in the sample's order."""
        private = self.public if self.public.all() else ~self.public
        public, rest = (
            self.problem.value(self.truth[rows], answers[rows]) for rows in (self.public, private)
        )
        return public, rest


def sample_of(competition: Competition, ids: tuple[str, ...]) -> Sample:
    """Return these ids with the header of a submission."""
    header = (competition.id_column, *competition.target_columns)
    return Sample(header=header, ids=ids, size=0)


def write_hidden(
    path: Path,
    competition: Competition,
    ids: tuple[str, ...],
    labels: list[Label],
    public: npt.NDArray[np.bool_],
) -> None:
    """Write the truth that `Solution.read` reads: id, label(s) as they were written, 1 for public.

    Args:
        path: Where to.
        competition: Names the columns.
        ids: Of the hidden rows.
        labels: Their label texts.
        public: (m,) whether a row counts for the public score.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow([competition.id_column, *competition.label_columns, "public"])
        for name, label, shown in zip(ids, labels, public, strict=True):
            rows.writerow([name, *label, int(shown)])
