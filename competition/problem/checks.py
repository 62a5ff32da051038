"""Is this CSV a lawful submission? Every fault with its line, before a byte is uploaded."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from competition.errors import PodiumError
from competition.problem.oddities import class_warnings
from competition.problem.parsing import Fault, Parser
from competition.problem.sample import SampleSubmission
from competition.spec import Competition
from submissions.writer import fingerprint_of, submission_text

# How many times the sample's size a lawful file can reach: quotes and long class names, no more.
_SIZE_FACTOR = 10
_SIZE_FLOOR = 1 << 20
_NO_CSV = {
    b"PK\x03\x04": "it is a zip: unpack it first",
    b"\x1f\x8b": "it is a gzip: unpack it first",
    b"7z\xbc\xaf": "it is a 7z archive: unpack it first",
    b"\xff\xfe": "it is UTF-16: save it as UTF-8",
    b"\xfe\xff": "it is UTF-16: save it as UTF-8",
}


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Attributes:
        path: The file.
        rows: Its data rows.
        sha256: Of its bytes, in hexadecimal; empty where they were not read.
        faults: Every fault, in the order of the lines; empty for a lawful file.
        warnings: What is lawful and odd, one sentence each.
        labels: `(n,)` class indices in the order of the sample's ids; None for a faulty file.
        fingerprint: 12 hexadecimal digits of the content, the same for two files that answer the
            same in another order or with other line ends; empty for a faulty file.
    """

    path: Path
    rows: int
    sha256: str
    faults: tuple[Fault, ...]
    warnings: tuple[str, ...] = ()
    labels: NDArray[np.intp] | None = None
    fingerprint: str = ""

    @property
    def valid(self) -> bool:
        """Whether Kaggle would take the file."""
        return not self.faults

    def require_valid(self, doing: str = "uploaded") -> None:
        """Raise the faults as one error.

        Args:
            doing: What is not done with a faulty file.

        Raises:
            PodiumError: there is a fault.
        """
        if any(fault.kind == "file" for fault in self.faults):
            raise PodiumError(f"{self.path} was not {doing}: {self.faults[0].message}.")
        if self.faults:
            raise PodiumError(
                f"{self.path} was not {doing}, it is no lawful submission:\n"
                + "\n".join(f"  {line}" for line in self.fault_lines())
            )

    def fault_lines(self, each: int = 5) -> list[str]:
        """Return the faults as text, at most `each` of one kind and then how many more."""
        shown: list[str] = []
        for kind in dict.fromkeys(fault.kind for fault in self.faults):
            alike = [fault for fault in self.faults if fault.kind == kind]
            shown += map(str, alike[:each])
            if len(alike) > each:
                shown.append(f"… and {len(alike) - each:,} more of this kind ({kind})")
        return shown


def check(
    path: Path,
    competition: Competition,
    sample: SampleSubmission,
    *,
    training_counts: Sequence[int] | None = None,
    previous: NDArray[np.integer] | None = None,
) -> CheckReport:
    """Check a submission file against the competition's rules.

    Lawful are: UTF-8 without a byte order mark; LF or CRLF line ends, the last one optional;
    exactly the sample's header; each id of the sample once, in any order; a class name for each,
    as the competition writes it; fields in double quotes or without.

    Args:
        path: The file; it may be missing or anything else.
        competition: Gives the class names.
        sample: Gives header and ids.
        training_counts: Rows of each class in the training data, for a warning where the shares
            are far from these.
        previous: `(n,)` class indices of an earlier submission in the sample's order, for a
            warning where few rows agree.
    """
    data, fault = _read(path, sample)
    if fault is not None:
        return CheckReport(path, 0, "", (fault,))
    sha256 = hashlib.sha256(data).hexdigest()
    labels, rows = _plainly_lawful(data, competition, sample), len(sample.ids)
    if labels is None:
        parser = Parser(competition, sample)
        lines = parser.lines_of(data)
        labels = parser.parse(lines)
        rows = max(len(lines) - 1, 0)
        faults = tuple(sorted(parser.faults, key=lambda fault: fault.line or 0))
        if faults:
            return CheckReport(path, rows, sha256, faults)
    warnings = class_warnings(labels, competition.classes, training_counts, previous)
    if not data.endswith(b"\n"):
        warnings.append("The last line has no line end: make sure that the file was written whole.")
    fingerprint = fingerprint_of(submission_text(labels, competition, sample))
    return CheckReport(path, rows, sha256, (), tuple(warnings), labels, fingerprint)


def _plainly_lawful(
    data: bytes, competition: Competition, sample: SampleSubmission
) -> NDArray[np.intp] | None:
    """Return the labels of a file that is written as `submission_text` writes them.

    Most files are, and reading them so takes less than half the time. The labels are taken by
    counting commas; whatever came of it, only a file that equals the text of its labels is lawful.

    Returns:
        None for any other file: the parser finds what is wrong with it, if anything.
    """
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None
    text = text if text.endswith("\n") else f"{text}\n"
    indices = {name: index for index, name in enumerate(competition.classes)}
    names = text[:-1].replace("\n", ",").split(",")[3::2]
    try:
        labels = np.array([indices[name] for name in names], dtype=np.intp)
    except KeyError:
        return None
    if len(labels) != len(sample.ids) or text != submission_text(labels, competition, sample):
        return None
    return labels


def _read(path: Path, sample: SampleSubmission) -> tuple[bytes, Fault | None]:
    """Return a file's bytes, or why they need no reading."""
    try:
        fault = _unfit(path, sample)
        return (path.read_bytes(), None) if fault is None else (b"", Fault("file", None, fault))
    except OSError as error:
        return b"", Fault("file", None, f"it cannot be read ({error})")


def _unfit(path: Path, sample: SampleSubmission) -> str | None:
    """Return what can be told before a file is read as text: why it is no CSV at all."""
    if not path.exists():
        return "there is no such file"
    if not path.is_file():
        return "it is not a file"
    size = path.stat().st_size
    if size == 0:
        return "the file is empty"
    with path.open("rb") as file:
        start = file.read(max(map(len, _NO_CSV)))
    for magic, reason in _NO_CSV.items():
        if start.startswith(magic):
            return reason
    if size > _SIZE_FACTOR * sample.size + _SIZE_FLOOR:
        return f"it has {size:,} bytes; a submission here has about {sample.size:,}"
    return None
