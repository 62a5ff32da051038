"""Is this CSV a valid submission? Every fault with its line, before a byte is uploaded."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from competition.errors import PodiumError
from competition.problem.form import Form, fingerprint_of
from competition.problem.oddities import warnings_of
from competition.problem.sample import Sample
from competition.problem.targets import Answers, Truth
from competition.problem.text.table import Fault
from competition.spec import Competition

_SIZE_FACTOR = 2  # how many times its sensible size a file may have
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
        faults: Every fault, in the order of the lines; empty for a valid file.
        warnings: What is valid and odd, one sentence each.
        answers: In the form and order of the sample; None for a faulty file.
        text: The content as `Form.render` writes it; empty for a faulty file.
        fingerprint: 12 hexadecimal digits of that text, the same for two files that answer the
            same in another order or with other line ends; empty for a faulty file.
    """

    path: Path
    rows: int
    sha256: str
    faults: tuple[Fault, ...]
    warnings: tuple[str, ...] = ()
    answers: Answers | None = None
    text: str = ""
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
                f"{self.path} was not {doing}, it is not a valid submission:\n"
                + "\n".join(f"  {line}" for line in self.fault_lines())
            )

    def fault_lines(self, each: int = 5) -> list[str]:
        """Return the faults as text, at most `each` of one kind and then how many more."""
        lines: list[str] = []
        for kind in dict.fromkeys(fault.kind for fault in self.faults):
            alike = [fault for fault in self.faults if fault.kind == kind]
            lines += map(str, alike[:each])
            if len(alike) > each:
                lines.append(f"… and {len(alike) - each:,} more of this kind ({kind})")
        return lines


def check(
    path: Path,
    competition: Competition,
    sample: Sample,
    *,
    truth: Truth | None = None,
    previous: Answers | None = None,
) -> CheckReport:
    """Check a submission file against the competition's rules.

    Valid are: UTF-8 without a byte order mark; LF or CRLF line ends, the last one optional;
    exactly the sample's header; each id of the sample once, in any order; cells that the
    competition's form takes, labels in their own spelling; fields in double quotes or without.

    Args:
        path: The file; it may be missing or anything else.
        competition: Gives the form.
        sample: Gives header and ids.
        truth: Of the training data, for a warning where the answers are far from it.
        previous: Answers of an earlier submission in the sample's order, for a warning where few
            rows agree.
    """
    form = Form.of(competition)
    data, fault = _read(path, form, sample)
    if fault is not None:
        return CheckReport(path, 0, "", (fault,))
    sha256 = hashlib.sha256(data).hexdigest()
    parsed = form.parse(data, sample)
    if parsed.answers is None:
        return CheckReport(path, parsed.rows, sha256, parsed.faults)
    warnings = warnings_of(parsed.answers, competition.problem, truth, previous)
    if not data.endswith(b"\n"):
        warnings.append("The last line has no line end: make sure that the file was written whole.")
    text = form.render(parsed.answers, sample)
    return CheckReport(
        path,
        parsed.rows,
        sha256,
        (),
        tuple(warnings),
        parsed.answers,
        text,
        fingerprint_of(text),
    )


def _read(path: Path, form: Form, sample: Sample) -> tuple[bytes, Fault | None]:
    """Return a file's bytes, or why they need no reading."""
    most = _SIZE_FACTOR * (sample.size + form.cells.widest * len(sample.ids)) + _SIZE_FLOOR
    try:
        fault = _unfit(path, sample.size, most)
        return (path.read_bytes(), None) if fault is None else (b"", Fault("file", None, fault))
    except OSError as error:
        return b"", Fault("file", None, f"it cannot be read ({error})")


def _unfit(path: Path, usual: int, most: int) -> str | None:
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
    if size > most:
        return f"it has {size:,} bytes; the sample submission has {usual:,}"
    return None
