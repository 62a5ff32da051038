"""The form of a submission: how answers are written into a CSV file, and read out of one."""

import hashlib
from dataclasses import dataclass

import numpy as np

from competition.errors import PodiumError
from competition.problem.sample import Sample
from competition.problem.targets import Answers, Eats
from competition.problem.text.cells import Cells
from competition.problem.text.faults import Fault
from competition.problem.text.labels import Labels, RankedLabels
from competition.problem.text.lines import quoted
from competition.problem.text.numbers import Numbers
from competition.problem.text.table import read_table
from competition.spec import Competition

_FINGERPRINT_LENGTH = 12


@dataclass(frozen=True)
class Parsed:
    """What a submission file holds.

    Attributes:
        meant: The answers that are surely meant, in the order of the sample's ids; None where a
            fault leaves that open.
        faults: Every fault, in the order of the lines.
        rows: The file's data rows.
        warnings: What is odd about how it is written.
        places: The row in the sample of each row in the file; empty where `meant` is None.
    """

    meant: Answers | None
    faults: tuple[Fault, ...]
    rows: int
    warnings: tuple[str, ...] = ()
    places: tuple[int, ...] = ()

    @property
    def answers(self) -> Answers | None:
        """What the file answers; None where there is a fault."""
        return None if self.faults else self.meant


@dataclass(frozen=True)
class Form:
    """How a competition's submissions are written.

    Attributes:
        targets: The target columns, in the order in which answers have them.
        cells: What stands in them.
    """

    targets: tuple[str, ...]
    cells: Cells

    @classmethod
    def of(cls, competition: Competition) -> "Form":
        """Return the form that a competition's metric and columns ask for.

        A label; the positive class's probability; a column of probabilities for each class; one
        value or several; or ranked labels.
        """
        problem, targets = competition.problem, competition.target_columns
        metric, classes = problem.metric, competition.classes
        match metric.eats:
            case Eats.LABEL:
                return cls(targets, Labels(targets[0], classes))
            case Eats.RANKING:
                top = min(metric.top, len(classes))
                return cls(targets, RankedLabels(targets[0], classes, top))
            case Eats.PROBABILITY:  # any number will do: only the order counts
                return cls(targets, Numbers(targets, flat=True))
            case Eats.CLASS_PROBABILITIES:
                flat = problem.one_column
                return cls(targets, Numbers(targets, 0.0, 1.0, flat=flat, shares=not flat))
            case Eats.VALUE:
                return cls(targets, Numbers(targets, metric.scale.least))

    def render(self, answers: Answers, sample: Sample) -> str:
        """Return the CSV text of a submission, with LF line ends and quotes only where needed.

        It is also the canonical form of a submission's content: two files that answer the same have
        the same text here, whatever their line ends, quotes, order of rows or further digits.

        Args:
            answers: In the order of the sample's ids.
            sample: Gives header and ids.

        Raises:
            PodiumError: there are not as many answers as ids, or they cannot be sent.
        """
        if len(answers) != len(sample.ids):
            raise PodiumError(
                f"There are {len(answers):,} answers and {len(sample.ids):,} ids in the sample "
                "submission. Download the data and blend again."
            )
        written = dict(zip(self.targets, self.cells.write(answers), strict=True))
        columns = [sample.fields, *(written[name] for name in sample.targets)]
        rows = [",".join(map(quoted, sample.header))]
        rows += map(",".join, zip(*columns, strict=True))
        rows.append("")
        return "\n".join(rows)

    def parse(self, data: bytes, sample: Sample) -> Parsed:
        """Read a submission's bytes, and collect all that Kaggle would refuse or read wrongly.

        Args:
            data: The file's bytes, whatever they are.
            sample: Gives header and ids.
        """
        table = read_table(data, sample)
        places = table.places(sample)
        written = dict(zip(sample.targets, table.columns, strict=True))
        found, wrong = self.cells.read([written[name] for name in self.targets])
        for row, message, sure in wrong:
            table.fault(self.cells.kind, table.numbers[row], message, certain=sure)
        faults = tuple(sorted(table.faults, key=lambda fault: fault.line or 0))
        warnings = tuple(table.warnings)
        known = tuple(place for place in places if place is not None)
        if not all(fault.certain for fault in faults) or len(known) < len(places):
            return Parsed(None, faults, table.rows, warnings)
        answers = np.empty_like(found)
        answers[np.array(known, dtype=np.int64)] = found
        return Parsed(answers, faults, table.rows, warnings, known)


def fingerprint_of(text: str) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of a submission's canonical text."""
    return hashlib.sha256(text.encode()).hexdigest()[:_FINGERPRINT_LENGTH]
