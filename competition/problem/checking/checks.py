"""Is this CSV a valid submission? Every fault with its line, before a byte is uploaded."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from competition.errors import PodiumError
from competition.problem.checking.mix_ups import mix_ups
from competition.problem.checking.oddities import warnings_of
from competition.problem.form import Form, fingerprint_of
from competition.problem.sample import Sample
from competition.problem.targets import Answers, Truth
from competition.problem.text.faults import Fault
from competition.problem.text.formats import other_format
from competition.spec import Competition

_SIZE_FACTOR = 2  # how many times its sensible size a file may have
_SIZE_FLOOR = 1 << 20
_OF_A_KIND = 5  # faults that are told one by one


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
        fixed: What a faulty or oddly written file surely means, as `Form.render` writes it; empty
            where there is nothing to fix, or more than one way to do so.
        size: Its bytes; 0 where they were not read.
    """

    path: Path
    rows: int
    sha256: str
    faults: tuple[Fault, ...]
    warnings: tuple[str, ...] = ()
    answers: Answers | None = None
    text: str = ""
    fingerprint: str = ""
    fixed: str = ""
    size: int = 0

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

    def fault_lines(self) -> list[str]:
        """Return the faults as text, at most five of one kind and then how many more."""
        lines: list[str] = []
        for kind in dict.fromkeys(fault.kind for fault in self.faults):
            alike = [fault for fault in self.faults if fault.kind == kind]
            lines += map(str, alike[:_OF_A_KIND])
            if len(alike) > _OF_A_KIND:
                lines.append(f"… and {len(alike) - _OF_A_KIND:,} more of this kind ({kind})")
        return lines


def check(
    path: Path,
    competition: Competition,
    sample: Sample,
    *,
    truth: Truth | None = None,
    previous: Answers | None = None,
    blend: Answers | None = None,
    out_of_fold: Answers | None = None,
) -> CheckReport:
    """Check a submission file against the competition's rules.

    Valid are: UTF-8 without a byte order mark; LF or CRLF line ends, the last one optional;
    the sample's header, in other capitals perhaps; each id of the sample once, in any order; cells
    that the competition's form takes, labels in their own spelling; fields in double quotes or
    without.

    Args:
        path: The file; it may be missing or anything else.
        competition: Gives the form.
        sample: Gives header and ids.
        truth: Of the training data, for a warning where the answers are far from it.
        previous: Answers of an earlier submission in the sample's order, for a warning where few
            rows agree.
        blend: Answers of the blend that stands, in the same order, for a warning where no more
            rows agree than by chance.
        out_of_fold: Its answers to the training rows, for a warning where the classes' shares are
            far from theirs.
    """
    form = Form.of(competition)
    data, fault = _read(path, form, sample)
    if fault is not None:
        return CheckReport(path, 0, "", (fault,))
    sha256 = hashlib.sha256(data).hexdigest()
    parsed = form.parse(data, sample)
    fixed = ""
    if parsed.meant is not None and (parsed.faults or parsed.warnings):
        fixed = form.render(parsed.meant, sample)
    if parsed.answers is None:
        return CheckReport(path, parsed.rows, sha256, parsed.faults, parsed.warnings, fixed=fixed)
    warnings = [
        *parsed.warnings,
        *warnings_of(parsed.answers, competition.problem, truth, previous, out_of_fold),
        *mix_ups(parsed.answers, competition.problem, previous, blend, parsed.places, sample.ids),
    ]
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
        fixed,
        len(data),
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
    if other := other_format(path):
        return other
    if size > most:
        return f"it has {size:,} bytes; the sample submission has {usual:,}"
    return None
