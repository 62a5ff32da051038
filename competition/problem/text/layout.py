"""How a submission's lines are laid out: header, separators, row names, columns.

What is wrong in every line for one reason is one fault; the lines are read as they were meant.
"""

from dataclasses import dataclass, field
from itertools import pairwise

from competition.problem.text.decoding import lines_of, text_of
from competition.problem.text.faults import Fault
from competition.problem.text.lines import shown, split_line

_MARKS = ";\t| "


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
    text = text_of(data, layout.faults)
    layout.quoted = '"' in text
    lines, layout.step = lines_of(text, layout.faults)
    top = _above_header(lines, layout)
    line, layout.lines = (lines[top] if len(lines) > top else ""), lines[top + 1 :]
    layout.first = 1 + (top + 1) * layout.step
    line = _without_last_commas(line, layout)
    _read_header(line, known, layout)
    return layout


def _above_header(lines: list[str], layout: Layout) -> int:
    """Return how many lines stand above the header that hold nothing for Kaggle; note each."""
    top = 0
    for line, below in pairwise(lines):
        bare = line.strip().strip('"').casefold()
        if bare == "":
            said = "the line is blank; the header must come first"
        elif len(bare) <= 5 and bare.startswith("sep="):
            said = f"{shown(line)} is for Excel alone; the header must come first"
        elif bare.startswith("#") and _alike(split_line(below) or [], layout.header):
            said = f"{shown(line)} is a comment; the header must come first"
        else:
            break
        layout.fault("header", 1 + top * layout.step, said, certain=True)
        top += 1
    return top


def _without_last_commas(line: str, layout: Layout) -> str:
    """Read over a comma at the end of every line; return the header."""
    wanted = len(layout.header) + 1
    if not layout.lines or not all(each.endswith(",") for each in layout.lines):
        return line
    if any(_count(each) != wanted for each in layout.lines):
        return line
    layout.lines = [each[:-1] for each in layout.lines]
    said = "every line ends in a comma, which is one too many"
    layout.fault("columns", None, said, certain=True)
    return line.removesuffix(",")


def _read_header(line: str, known: dict[str, int], layout: Layout) -> None:
    """Compare the header with the sample's, and note how the lines below it are to be read."""
    expected, fields = layout.header, split_line(line)
    if fields == expected:
        _drop_row_names(known, layout)
        return
    hint, certain, number = "", False, layout.first - layout.step
    if mark := _mark_of(line, layout):
        hint, certain = _separate(line, mark, layout)
    elif fields is None:
        hint = "its quotes are broken"
    elif _alike([fields[0].removeprefix("# "), *fields[1:]], expected) and fields[0][:1] == "#":
        hint, certain = "NumPy's comment mark is in it: write with comments=''", True
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
        certain = _has_row_names(layout)
    elif sorted(_plain(fields)) == sorted(_plain(expected)):
        order = "swapped" if len(expected) == 2 else "in another order"
        hint, certain = f"the columns are {order}", _reordered(fields, known, layout)
    elif fields[0] in known:
        hint, certain = "the header is missing", len(fields) == len(expected) == 2
        layout.lines.insert(0, line)
        layout.first -= layout.step
    elif any(mark.join(expected) == line for mark in _MARKS):
        hint = "the columns must be separated by commas"
    hint = hint and f"; {hint}"
    said = f"the header is {shown(line)}, not {','.join(expected)!r}{hint}"
    layout.fault("header", number, said, certain=certain)
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
        fields = split_line(line.replace(mark, ",")) or []
        if mark in line and any(_alike(each, layout.header) for each in (fields, fields[1:])):
            return mark
    return None


def _separate(line: str, mark: str, layout: Layout) -> tuple[str, bool]:
    """Put commas in place of what separates the columns; return what to do, and if that is sure."""
    # There is no comma in the file yet, so that nothing else becomes a separator.
    layout.lines = [each.replace(mark, ",") for each in layout.lines]
    cure = "the columns must be separated by commas"
    if _alike(split_line(line.replace(mark, ",")) or [], layout.header):
        return cure, True
    return f"{cure}, and without row names", _has_row_names(layout)


def _has_row_names(layout: Layout) -> bool:
    """Read over a first field that every line has as the header has it; tell whether it has."""
    if any(_count(each) != len(layout.header) + 1 for each in layout.lines):
        return False
    layout.extra = 1
    return True


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
