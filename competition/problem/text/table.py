"""The lines of a submission file, split into ids and cells; every fault is collected."""

import itertools
from dataclasses import dataclass, field

from competition.problem.sample import Sample
from competition.problem.text.lines import shown, split_line, without_line_ends

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Fault:
    """One reason why Kaggle would refuse a file, or score it wrongly.

    Attributes:
        kind: Groups faults of one sort: `file`, `encoding`, `line end`, `header`, `columns`,
            `quotes`, `id`, `label`, `number`, `rows`.
        line: The line as an editor counts it (the header is line 1); None for the whole file.
        message: What is wrong and, where it helps, how to fix it.
    """

    kind: str
    line: int | None
    message: str

    def __str__(self) -> str:
        return self.message if self.line is None else f"line {self.line}: {self.message}"


@dataclass
class Table:
    """The lines that have as many fields as the header.

    Attributes:
        rows: Data lines in the file, those with faults among them.
        numbers: The line number of each row that was kept.
        ids: The id of each.
        columns: The texts of each target column, in the order of the sample.
        faults: What is wrong with the file, but for its cells.
    """

    rows: int = 0
    numbers: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    columns: list[list[str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, kind: str, line: int | None, message: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, line, message))

    def places(self, sample: Sample) -> list[int | None]:
        """Return the place of each row's id in the sample, None where it has none.

        Notes ids that are unknown, doubled or missing.
        """
        positions = sample.positions
        places = list(map(positions.get, self.ids))
        known = set(places)
        if len(known) < len(places) or None in known:
            self._wrong_ids(places, sample)
        wanted = len(sample.ids)
        if self.rows != wanted:
            self.fault("rows", None, f"{self.rows:,} rows instead of {wanted:,}")
        if len(known - {None}) < wanted:
            missing = [name for row, name in enumerate(sample.ids) if row not in known]
            names = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
            self.fault("rows", None, f"{len(missing):,} of the sample's ids are missing: {names}")
        return places

    def _wrong_ids(self, places: list[int | None], sample: Sample) -> None:
        first: dict[int, int] = {}
        spellings: dict[str, str] | None = None
        for number, name, place in zip(self.numbers, self.ids, places, strict=True):
            if place is None:
                if spellings is None:
                    spellings = {_as_whole(each) or each: each for each in sample.ids}
                self.fault("id", number, _id_message(name, sample.positions, spellings))
            elif place in first:
                self.fault("id", number, f"id {shown(name)} came already on line {first[place]}")
            else:
                first[place] = number


def read_table(data: bytes, sample: Sample) -> Table:
    """Read the bytes of a submission, whatever they are, as far as they can be read.

    Args:
        data: The file's bytes.
        sample: Gives the header that it must have.
    """
    table = Table()
    lines = _lines_of(data, table)
    header, body = (lines[0] if lines else ""), lines[1:]
    _check_header(header, sample, table)
    table.rows, width = len(body), len(sample.header)
    # All at once where each line has its number of commas and nothing is in quotes.
    if b'"' in data or any(line.count(",") != width - 1 for line in body):
        kept = _fields_of(body, width, table)
    else:
        table.numbers = list(range(2, len(body) + 2))
        kept = ",".join(body).split(",") if body else []
    table.ids = kept[::width]
    table.columns = [kept[column::width] for column in range(1, width)]
    return table


def _lines_of(data: bytes, table: Table) -> list[str]:
    if data.startswith(_BOM):
        table.fault(
            "encoding", 1, "it starts with a byte order mark; save it as plain UTF-8 without"
        )
        data = data[len(_BOM) :]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        table.fault("encoding", line, f"byte 0x{data[error.start]:02x} is not UTF-8")
        text = data.decode("utf-8", errors="replace")
    lines = without_line_ends(text)
    if "\r" in text:
        for number, line_text in enumerate(lines, 1):
            if "\r" in line_text:
                table.fault(
                    "line end", number, "a carriage return without a line feed; use LF or CRLF"
                )
    return lines


def _fields_of(body: list[str], width: int, table: Table) -> list[str]:
    """Return the fields of the lines that have `width` of them, one after the other."""
    kept: list[list[str]] = []
    for number, line in enumerate(body, 2):
        fields = split_line(line)
        if fields is None:
            table.fault("quotes", number, f"the quotes are broken: {shown(line)}")
        elif line.strip() == "":
            table.fault("columns", number, "the line is blank")
        elif len(fields) != width:
            count = f"{len(fields)} column{'s' if len(fields) > 1 else ''} instead of {width}"
            table.fault("columns", number, f"{count}: {shown(line)}")
        else:
            table.numbers.append(number)
            kept.append(fields)
    return list(itertools.chain.from_iterable(kept))


def _check_header(line: str, sample: Sample, table: Table) -> None:
    fields, expected = split_line(line), list(sample.header)
    if fields == expected:
        return
    hint = ""
    if fields is None:
        hint = "; its quotes are broken"
    elif fields[1:] == expected:
        hint = "; pandas' index is in it: write with index=False"
    elif sorted(fields) == sorted(expected):
        order = "swapped" if len(expected) == 2 else "in another order"
        hint = f"; the columns are {order}"
    elif [name.strip().lower() for name in fields] == [name.lower() for name in expected]:
        hint = "; capitals and blanks count"
    elif fields[0] in sample.positions:
        hint = "; the header is missing"
    elif any(mark.join(expected) == line for mark in ";\t|"):
        hint = "; the columns must be separated by commas"
    table.fault("header", 1, f"the header is {shown(line)}, not {','.join(expected)!r}{hint}")


def _id_message(name: str, positions: dict[str, int], spellings: dict[str, str]) -> str:
    if name.strip() == "":
        return "the id is blank"
    hint = ""
    if name.strip() in positions:
        hint = "; it has blanks around it"
    elif (whole := _as_whole(name)) in spellings:
        hint = f"; it must be written as {spellings[str(whole)]}"
    return f"id {shown(name)} is not in the sample submission{hint}"


def _as_whole(text: str) -> str | None:
    """Return '3' for '3.0', '03' or '3e0'; None for what is not a whole number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return str(int(value)) if value.is_integer() else None
