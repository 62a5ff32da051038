"""The lines of a submission file, read in one pass that collects every fault."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from competition.problem.sample import SampleSubmission, split_line
from competition.spec import Competition

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Fault:
    """One reason why Kaggle would refuse a file, or score it wrongly.

    Attributes:
        kind: Groups faults of one sort: `file`, `encoding`, `line end`, `header`, `columns`,
            `quotes`, `id`, `label`, `rows`.
        line: The line as an editor counts it (the header is line 1); None for the whole file.
        message: What is wrong and, where it helps, how to mend it.
    """

    kind: str
    line: int | None
    message: str

    def __str__(self) -> str:
        return self.message if self.line is None else f"line {self.line}: {self.message}"


class Parser:
    """One pass over the lines, which collects every fault instead of stopping at the first."""

    def __init__(self, competition: Competition, sample: SampleSubmission) -> None:
        self.sample = sample
        self.classes = {name: index for index, name in enumerate(competition.classes)}
        self.target = competition.target_column
        self.faults: list[Fault] = []

    def lines_of(self, data: bytes) -> list[str]:
        """Decode and split into lines, without their line ends."""
        if data.startswith(_BOM):
            self._fault(
                "encoding", 1, "it starts with a byte order mark; save it as plain UTF-8 without"
            )
            data = data[len(_BOM) :]
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self._fault("encoding", line, f"byte 0x{data[error.start]:02x} is not UTF-8")
            text = data.decode("utf-8", errors="replace")
        lines = text.replace("\r\n", "\n").split("\n")
        if lines[-1] == "":
            del lines[-1]
        if "\r" in text:
            for number, line_text in enumerate(lines, 1):
                if "\r" in line_text:
                    self._fault(
                        "line end", number, "a carriage return without a line feed; use LF or CRLF"
                    )
        return lines

    def parse(self, lines: list[str]) -> NDArray[np.intp]:
        """Return `(n,)` class indices in the sample's order, -1 where the file gives none."""
        positions, classes = self.sample.positions, self.classes
        labels = [-1] * len(self.sample.ids)
        first_line = [0] * len(self.sample.ids)
        if lines:
            self._header(lines[0])
        for number, line in enumerate(lines[1:], 2):
            fields = split_line(line)
            if fields is None or len(fields) != 2:
                self._columns(number, line, fields)
                continue
            row = positions.get(fields[0])
            label = classes.get(fields[1])
            if row is None:
                self._fault("id", number, _id_message(fields[0], positions))
            elif first_line[row]:
                earlier = first_line[row]
                self._fault("id", number, f"id {_shown(fields[0])} came already on line {earlier}")
            else:
                first_line[row] = number
                if label is not None:
                    labels[row] = label
            if label is None:
                self._fault("label", number, self._label_message(fields[1]))
        self._missing(lines, first_line)
        return np.array(labels, dtype=np.intp)

    def _fault(self, kind: str, line: int | None, message: str) -> None:
        self.faults.append(Fault(kind, line, message))

    def _header(self, line: str) -> None:
        fields, expected = split_line(line), list(self.sample.header)
        if fields == expected:
            return
        hint = ""
        if fields is None:
            hint = "; its quotes are broken"
        elif fields[1:] == expected:
            hint = "; pandas' index is in it: write with index=False"
        elif fields == expected[::-1]:
            hint = "; the columns are swapped"
        elif [name.strip().lower() for name in fields] == [name.lower() for name in expected]:
            hint = "; capitals and blanks count"
        elif fields[0] in self.sample.positions:
            hint = "; the header is missing"
        elif any(mark.join(expected) == line for mark in ";\t|"):
            hint = "; the columns must be separated by commas"
        shown = _shown(line)
        self._fault("header", 1, f"the header is {shown}, not {','.join(expected)!r}{hint}")

    def _columns(self, number: int, line: str, fields: list[str] | None) -> None:
        if fields is None:
            self._fault("quotes", number, f"the quotes are broken: {_shown(line)}")
        elif line.strip() == "":
            self._fault("columns", number, "the line is blank")
        else:
            count = f"{len(fields)} column{'s' if len(fields) > 1 else ''} instead of 2"
            self._fault("columns", number, f"{count}: {_shown(line)}")

    def _missing(self, lines: list[str], first_line: list[int]) -> None:
        wanted, rows = len(first_line), max(len(lines) - 1, 0)
        if rows != wanted:
            self._fault("rows", None, f"{rows:,} rows instead of {wanted:,}")
        missing = [name for name, line in zip(self.sample.ids, first_line, strict=True) if not line]
        if missing:
            names = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
            self._fault("rows", None, f"{len(missing):,} of the sample's ids are missing: {names}")

    def _label_message(self, label: str) -> str:
        if label.strip() == "" or label.strip().lower() in {"nan", "null", "none", "na", "<na>"}:
            return f"{self.target} is blank ({_shown(label)})"
        if label.strip() in self.classes:
            return f"{self.target} {_shown(label)} has blanks around it"
        whole = _as_whole(label)
        if whole in self.classes:
            return f"{self.target} {_shown(label)} must be written as {whole} (astype(int))"
        return f"{self.target} {_shown(label)} is none of the {len(self.classes)} classes"


def _id_message(name: str, positions: dict[str, int]) -> str:
    if name.strip() == "":
        return "the id is blank"
    hint = ""
    if name.strip() in positions:
        hint = "; it has blanks around it"
    elif (whole := _as_whole(name)) in positions:
        hint = f"; it must be written as {whole}"
    return f"id {_shown(name)} is not in the sample submission{hint}"


def _as_whole(text: str) -> str | None:
    """Return '3' for '3.0', '03' or '3e0'; None for what is no whole number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return str(int(value)) if value.is_integer() else None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
