"""Training rows that are worth a look: as pictures, or as the rows of a small table."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.report.drawing.cells import shortened, shown_cell
from app.report.drawing.pictures import Picture, png_uri
from app.report.findings import Findings

_COLUMNS = 8  # of a table that are shown beside what is said of a row


@dataclass(frozen=True)
class Noted:
    """A training row, and what is said of it.

    Attributes:
        row: Its number in the training file, from 0.
        cells: What is said, one text for each head of the table.
        caption: The same in short, below a picture.
        words: The same in full, for who cannot see the picture.
    """

    row: int
    cells: tuple[str, ...]
    caption: str
    words: str


@dataclass(frozen=True)
class ShownRows:
    """Rows as the page shows them.

    Attributes:
        pictures: Of images; empty for a table.
        heads: Names of the columns of a table, and whether what stands below is a number.
        rows: The texts of a table's rows.
    """

    pictures: list[Picture] = field(default_factory=list)
    heads: list[tuple[str, bool]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def __len__(self) -> int:
        """How many rows are shown."""
        return len(self.pictures) + len(self.rows)


def show_rows(findings: Findings, heads: Sequence[str], noted: Sequence[Noted]) -> ShownRows:
    """Show training rows as what they are.

    Args:
        findings: Has the rows.
        heads: Names of what is said of each row.
        noted: The rows, in the order in which they are shown.
    """
    data, schema = findings.data, findings.data.schema
    if schema is None:
        return ShownRows(
            [
                Picture(
                    png_uri(data.train[each.row]),
                    f"Training image in row {each.row}: {each.words}",
                    f"{each.caption}\nrow {each.row}",
                    marked=True,
                )
                for each in noted
            ]
        )
    places = range(min(_COLUMNS, len(schema.columns)))
    columns = [
        (shortened(schema.columns[place].name), not schema.columns[place].levels)
        for place in places
    ]
    rows = [
        [
            str(each.row),
            *each.cells,
            *(shown_cell(schema, place, data.train[each.row, place]) for place in places),
        ]
        for each in noted
    ]
    return ShownRows([], [("row", True), *((head, False) for head in heads), *columns], rows)
