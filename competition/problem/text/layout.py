"""How a submission's bytes are laid out: encoding, line ends, header, separators, row names.

What is wrong in every line for one reason is one fault; the lines are read as they were meant.
"""

from dataclasses import dataclass, field

from competition.problem.text.faults import Fault
from competition.problem.text.lines import shown, split_line, without_line_ends

_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_MARKS = ";\t| "
_CSV_ON_WINDOWS = "as Python's csv module writes on Windows: open the file with newline=''"


@dataclass
class Layout:
    """The lines of a file, as they were meant.

    Attributes:
        header: The columns that the sample asks for.
        lines: The data lines, without line ends.
        first: The number of the first one, as an editor counts it.
        step: How many lines further the next one is.
        extra: Columns before the id that the sample does not have: 0, or 1 for row names.
        order: The column of the file for each of the sample's.
        quoted: Whether there is a quote in the file.
        faults: What is wrong with the layout.
        warnings: What is odd about it.
    """

    header: list[str]
    lines: list[str] = field(default_factory=list)
    first: int = 2
    step: int = 1
    extra: int = 0
    order: list[int] = field(default_factory=list)
    quoted: bool = False
    faults: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        """How many fields a data line must have."""
        return len(self.header) + self.extra

    def fault(self, kind: str, line: int | None, message: str, *, certain: bool = False) -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, line, message, certain))


def laid_out(data: bytes, header: tuple[str, ...], known: dict[str, int]) -> Layout:
    """Return the lines of a submission, whatever its bytes are, as far as they can be read.

    Args:
        data: The file's bytes.
        header: The sample's.
        known: The sample's ids.
    """
    layout = Layout(list(header), order=list(range(len(header))))
    text = _text_of(data, layout)
    layout.quoted = '"' in text
    lines = _lines_of(text, layout)
    line, layout.lines = (lines[0] if lines else ""), lines[1:]
    layout.first = 1 + layout.step
    _read_header(line, known, layout)
    return layout


def _text_of(data: bytes, layout: Layout) -> str:
    if data.startswith(_WIDE):
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError:
            pass
        else:
            layout.fault("encoding", None, "it is UTF-16: save it as UTF-8", certain=True)
            return text
    if data.startswith(_BOM):
        layout.fault(
            "encoding",
            1,
            "it starts with a byte order mark; save it as plain UTF-8 without",
            certain=True,
        )
        data = data[len(_BOM) :]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        layout.fault("encoding", line, f"byte 0x{data[error.start]:02x} is not UTF-8")
        return data.decode("utf-8", errors="replace")


def _lines_of(text: str, layout: Layout) -> list[str]:
    if "\r\r\n" in text:
        number = text.count("\r\r\n")
        which = "the lines end" if number == text.count("\n") else f"{number:,} lines end"
        said = rf"{which} in \r\r\n, {_CSV_ON_WINDOWS}"
        layout.fault("line end", None, said, certain=True)
        text = text.replace("\r\r\n", "\n")
    elif "\r" in text and "\n" not in text:
        said = r"the lines end in \r alone, as on old Macs: save the file with LF or CRLF"
        layout.fault("line end", None, said, certain=True)
        text = text.replace("\r", "\n")
    lines = without_line_ends(text)
    if "\r" in text:
        for number, line in enumerate(lines, 1):
            if "\r" in line:
                said = "a carriage return without a line feed; use LF or CRLF"
                layout.fault("line end", number, said)
    blank = [line.strip() == "" for line in lines[:4]]
    if blank == [False, True, False, True] and not any(map(str.strip, lines[1::2])):
        said = f"every second line is blank, {_CSV_ON_WINDOWS}"
        layout.fault("columns", None, said, certain=True)
        layout.step = 2
        lines = lines[::2]
    return lines


def _read_header(line: str, known: dict[str, int], layout: Layout) -> None:
    """Compare the header with the sample's, and note how the lines below it are to be read."""
    expected, fields = layout.header, split_line(line)
    if fields == expected:
        _drop_row_names(known, layout)
        return
    hint, certain = "", False
    if mark := _mark_of(line, layout):
        # There is no comma in the file yet, so that nothing else becomes a separator.
        layout.lines = [each.replace(mark, ",") for each in layout.lines]
        hint, certain = "the columns must be separated by commas", True
    elif fields is None:
        hint = "its quotes are broken"
    elif _alike(fields, expected):
        if [name.casefold() for name in fields] == [name.casefold() for name in expected]:
            layout.warnings.append(
                f"The header is {line}, not {','.join(expected)}: Kaggle has taken other capitals "
                "before, but does not promise it."
            )
            return
        hint, certain = "capitals and blanks count", True
    elif _alike(fields[1:], expected):
        hint = "pandas' index is in it: write with index=False"
        if line.startswith('""'):
            hint = "R's row names are in it: write with row.names = FALSE"
        if all(_count(each) == len(expected) + 1 for each in layout.lines):
            layout.extra, certain = 1, True
    elif sorted(_plain(fields)) == sorted(_plain(expected)):
        order = "swapped" if len(expected) == 2 else "in another order"
        hint, certain = f"the columns are {order}", _reordered(fields, known, layout)
    elif fields[0] in known:
        hint, certain = "the header is missing", len(fields) == len(expected) == 2
        layout.lines.insert(0, line)
        layout.first = 1
    elif any(mark.join(expected) == line for mark in _MARKS):
        hint = "the columns must be separated by commas"
    hint = hint and f"; {hint}"
    said = f"the header is {shown(line)}, not {','.join(expected)!r}{hint}"
    layout.fault("header", 1, said, certain=certain)
    if certain and not layout.extra:
        _drop_row_names(known, layout)


def _plain(names: list[str]) -> list[str]:
    return [name.strip().casefold() for name in names]


def _alike(fields: list[str], expected: list[str]) -> bool:
    """Tell whether a header differs in capitals and blanks alone, and no two names do."""
    return _plain(fields) == _plain(expected) and len(set(_plain(expected))) == len(expected)


def _count(line: str) -> int:
    return len(split_line(line) or ())


def _mark_of(line: str, layout: Layout) -> str | None:
    """Return what separates the columns in place of commas, of which there are none."""
    if any("," in each for each in (line, *layout.lines)):
        return None
    for mark in _MARKS:
        fields = split_line(line.replace(mark, ","))
        if mark in line and fields is not None and _alike(fields, layout.header):
            return mark
    return None


def _drop_row_names(known: dict[str, int], layout: Layout) -> None:
    """Read over a first field that every line has and the header has not, as R writes row names."""
    wanted = len(layout.header) + 1
    if not layout.lines or _count(layout.lines[0]) != wanted:
        return
    rows = [split_line(line) or [] for line in layout.lines]
    ids = {row[1] for row in rows if len(row) == wanted}
    if len(ids) < len(rows) or not known.keys() >= ids:
        return
    layout.extra = 1
    said = "every line has a field before the id, as R writes row names: use row.names = FALSE"
    layout.fault("columns", None, said, certain=True)


def _reordered(fields: list[str], known: dict[str, int], layout: Layout) -> bool:
    """Read the columns by the file's own header where its ids bear it out; tell whether."""
    names = _plain(fields)
    if len(set(names)) < len(names):
        return False
    order = [names.index(name) for name in _plain(layout.header)]
    rows = [split_line(line) or [] for line in layout.lines]
    ids = {row[order[0]] for row in rows if len(row) == len(names)}
    if len(ids) < len(rows) or not known.keys() >= ids:
        return False
    layout.order = order
    return True
