"""Scores an uploaded submission as Kaggle does: accuracy on a public and a private part."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from competition.spec import Competition


class Malformed(Exception):
    """A submission that cannot be scored; its message is the reason that Kaggle would show."""


@dataclass(frozen=True)
class Solution:
    """The hidden labels, which never leave the server.

    Attributes:
        competition: Whose column and class names a submission must use.
        labels: The label of each id.
        public: The ids of the public part.
    """

    competition: Competition
    labels: dict[str, str]
    public: frozenset[str]

    @classmethod
    def read(cls, path: Path, competition: Competition) -> "Solution":
        """Read the file that `holdout` wrote: id, label, 1 for public."""
        with path.open(newline="") as file:
            rows = list(csv.reader(file))[1:]
        labels = {row[0]: row[1] for row in rows}
        return cls(competition, labels, frozenset(row[0] for row in rows if row[2] == "1"))

    def score(self, content: bytes) -> tuple[float, float]:
        """Return the public and the private accuracy of a submission's bytes.

        Raises:
            Malformed: it is no submission for this competition.
        """
        return self.accuracies(self._answers(content))

    def accuracies(self, answers: dict[str, str]) -> tuple[float, float]:
        """Return the public and the private accuracy of answers by id."""
        right = {each for each, label in self.labels.items() if answers[each] == label}
        private = len(self.labels) - len(self.public)
        return (
            len(right & self.public) / len(self.public),
            len(right - self.public) / private,
        )

    def _answers(self, content: bytes) -> dict[str, str]:
        try:
            rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
            header, *lines = [row for row in rows if row] or [[]]
        except (UnicodeDecodeError, csv.Error) as error:
            raise Malformed(f"The file is not a readable CSV: {error}") from None
        wanted = [self.competition.id_column, self.competition.target_column]
        for column in wanted:
            if column not in header:
                raise Malformed(f"Submission is missing the required column '{column}'")
        if len(lines) != len(self.labels):
            raise Malformed(
                f"Submission must have {len(self.labels)} rows, it has {len(lines)} rows"
            )
        place, target = (header.index(column) for column in wanted)
        answers: dict[str, str] = {}
        for number, row in enumerate(lines, start=2):
            if len(row) != len(header):
                raise Malformed(f"Line {number} has {len(row)} columns, not {len(header)}")
            one, answer = row[place].strip(), row[target].strip()
            if one not in self.labels:
                raise Malformed(f"Line {number}: '{one}' is no {wanted[0]} of the test set")
            if one in answers:
                raise Malformed(f"Line {number}: {wanted[0]} '{one}' appears twice")
            if answer not in self.competition.classes:
                raise Malformed(f"Line {number}: '{answer}' is no valid {wanted[1]}")
            answers[one] = answer
        return answers
