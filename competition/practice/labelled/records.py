"""The rows of a CSV file as the very text in which they were written, line ends and quotes too."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

_MARK = b"\xef\xbb\xbf"
_OTHER = "cp1252"  # what is not UTF-8


@dataclass(frozen=True)
class Records:
    """A CSV file taken apart, nothing lost.

    Attributes:
        encoding: How its text is encoded.
        separator: What parts its cells.
        end: How its header line ends.
        header: The header, with its line end.
        rows: The rows, each with its line end; a quoted cell may hold more of them.
    """

    encoding: str
    separator: str
    end: str
    header: str
    rows: list[str]

    @classmethod
    def of(cls, content: bytes, separator: str) -> "Records":
        """Take the bytes of a file apart that `read_typed` has read without complaint.

        A blank line is no row.
        """
        encoding = "utf-8-sig" if content.startswith(_MARK) else "utf-8"
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            encoding = _OTHER
            text = content.decode(encoding)
        lines = list(io.StringIO(text, newline=""))
        records = _joined(lines, separator) if '"' in text else lines
        records = [each for each in records if each.strip(" \t\r\n") or separator in each]
        header, *rows = records
        end = _end_of(header) or "\n"
        if rows and not _end_of(rows[-1]):
            rows[-1] += end
        return cls(encoding, separator, end, header, rows)

    def with_rows(self, numbers: Iterable[int]) -> bytes:
        """Return the file with these rows alone, as they were written."""
        return self.encoded([self.header, *(self.rows[row] for row in numbers)])

    def encoded(self, records: list[str]) -> bytes:
        """Return rows as the bytes of a file."""
        return "".join(records).encode(self.encoding)

    def cells(self, record: str) -> list[str]:
        """Return the cells of a row as they were written, in their quotes."""
        parts = record.rstrip("\r\n").split(self.separator)
        if '"' not in record:
            return parts
        cells: list[str] = []
        is_open = False
        for part in parts:
            if is_open:
                cells[-1] += self.separator + part
            else:
                cells.append(part)
            # Within quotes a quote is doubled, so a closed cell has an even number of them.
            is_open = cells[-1].startswith('"') and cells[-1].count('"') % 2 == 1
        return cells

    def line(self, cells: list[str]) -> str:
        """Return a row of cells in their quotes."""
        return self.separator.join(cells) + self.end

    def quoted(self, text: str) -> str:
        """Return a text as a cell, in quotes where it needs them."""
        if any(sign in text for sign in (self.separator, '"', "\r", "\n")):
            return '"' + text.replace('"', '""') + '"'
        return text


def _joined(lines: list[str], separator: str) -> list[str]:
    """Return the rows, those together whose quoted cells hold line ends."""
    rows = []
    reader = csv.reader(lines, delimiter=separator)
    begin = 0
    for _ in reader:
        rows.append("".join(lines[begin : reader.line_num]))
        begin = reader.line_num
    return rows


def _end_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :][:2]
