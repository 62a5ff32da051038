"""From a submission's bytes to its lines: encoding and line ends, right or wrong."""

from competition.encodings import wide_encoding
from competition.problem.text.faults import Fault
from competition.problem.text.lines import without_line_ends

_BOM = b"\xef\xbb\xbf"
_CSV_ON_WINDOWS = "as Python's csv module writes on Windows: open the file with newline=''"


def text_of(data: bytes, faults: list[Fault]) -> str:
    """Return the text of a file's bytes.

    Args:
        data: The bytes.
        faults: Gets what is wrong with the encoding.
    """
    if encoding := wide_encoding(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            pass
        else:
            name = encoding[:6].upper()
            _note(faults, "encoding", None, f"it is {name}: save it as UTF-8", certain=True)
            return text
    if data.startswith(_BOM):
        _note(
            faults,
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
        _note(faults, "encoding", line, f"byte 0x{data[error.start]:02x} is not UTF-8")
        return data.decode("utf-8", errors="replace")


def lines_of(text: str, faults: list[Fault]) -> tuple[list[str], int]:
    """Return the lines that were meant, and how many lines further in the file the next one is.

    Args:
        text: The whole of it.
        faults: Gets what is wrong with the line ends.
    """
    step = 1
    if text.endswith(("\0", "\x1a")):
        whole = text.rstrip("\0\x1a")
        said = (
            f"it ends in bytes that are no text (0x{ord(text[-1]):02x}, {len(text) - len(whole):,} "
            "in all): make sure that it was written whole, and cut them off"
        )
        _note(faults, "encoding", None, said, certain=True)
        text = whole
    if "\r\r\n" in text:
        number = text.count("\r\r\n")
        which = "the lines end" if number == text.count("\n") else f"{number:,} lines end"
        said = rf"{which} in \r\r\n, {_CSV_ON_WINDOWS}"
        _note(faults, "line end", None, said, certain=True)
        text = text.replace("\r\r\n", "\n")
    elif "\r" in text and "\n" not in text:
        said = r"the lines end in \r alone, as on old Macs: save the file with LF or CRLF"
        _note(faults, "line end", None, said, certain=True)
        text = text.replace("\r", "\n")
    elif "\n\r" in text and "\r\n" not in text:
        said = r"the lines end in \n\r, the wrong way round: use LF or CRLF"
        _note(faults, "line end", None, said, certain=True)
        text = text.replace("\n\r", "\n")
    lines = without_line_ends(text)
    if "\r" in text:
        for number, line in enumerate(lines, 1):
            if "\r" in line:
                said = "a carriage return without a line feed; use LF or CRLF"
                _note(faults, "line end", number, said)
    blank = [line.strip() == "" for line in lines[:4]]
    if blank == [False, True, False, True] and not any(map(str.strip, lines[1::2])):
        said = f"every second line is blank, {_CSV_ON_WINDOWS}"
        _note(faults, "columns", None, said, certain=True)
        step = 2
        lines = lines[::2]
    return lines, step


def _note(
    faults: list[Fault], kind: str, line: int | None, message: str, *, certain: bool = False
) -> None:
    faults.append(Fault(kind, line, message, certain))
