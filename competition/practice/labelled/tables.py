"""A labelled table taken apart: each row as it was written, whole and as the test file has it."""

import re
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from competition.data.tables.fold_rule import FoldRule, Units
from competition.data.tables.reading.cells import read_typed
from competition.data.tables.reading.csv_shape import open_content
from competition.data.tables.units import units_of
from competition.errors import PodiumError
from competition.practice.bundled.sources import find_source
from competition.practice.labelled.labels import Label, truth_of
from competition.practice.labelled.packed import unpacked, unpacked_beside
from competition.practice.labelled.parted import Numbers
from competition.practice.labelled.records import Records
from competition.problem.targets import Truth
from competition.spec import Competition

_NO_ID = re.compile(r"[\r\n\0]")  # signs that no id of a submission has


@dataclass(frozen=True)
class LabelledTable:
    """A labelled table; lists have one entry a row.

    Attributes:
        name: The file's name, for messages.
        records: The rows as they were written.
        labels: The text of the label column(s).
        truth: What the labels mean: (n,) class indices, or (n, t) values.
        units: The fold unit (n,) of each row; None where rows are on their own.
        own_ids: The cells of its id column; None where it has none.
        id_name: What the test file calls the ids; None where it has no such column.
        id_place: Which column holds the ids; None where none does.
        test_places: Which columns the test file has, the ids among them.
    """

    name: str
    records: Records
    labels: list[Label]
    truth: Truth
    units: Units | None
    own_ids: list[str] | None
    id_name: str | None
    id_place: int | None
    test_places: list[int]

    def ids(self, hidden: Numbers) -> tuple[str, ...]:
        """Return the cells of the id column where they can be ids, else numbers from 1."""
        if self.own_ids is not None:
            own = [self.own_ids[row] for row in hidden]
            if len({*own, ""}) == len(own) + 1 and not _NO_ID.search("".join(own)):
                return tuple(own)
        return tuple(map(str, range(1, len(hidden) + 1)))

    def train_file(self, kept: Numbers) -> bytes:
        """Return the labelled file with these rows alone, byte for byte as they were written."""
        return self.records.with_rows(kept)

    def test_file(self, hidden: Numbers) -> bytes:
        """Return the columns of the test file, and their ids first where there were none."""
        records = self.records
        names = records.cells(records.header)
        ids = self.ids(hidden)
        own = self.own_ids is not None and ids == tuple(self.own_ids[row] for row in hidden)
        places = [place for place in self.test_places if own or place != self.id_place]
        first: list[str] = []
        if self.id_name is not None:
            if own and self.id_place is not None:
                names[self.id_place] = records.quoted(self.id_name)
            elif not own:
                first = [records.quoted(self.id_name)]
        lines = [records.line(first + [names[place] for place in places])]
        for row, number in zip(hidden, ids, strict=True):
            cells = records.cells(records.rows[row])
            lines.append(records.line([number] * len(first) + [cells[place] for place in places]))
        return records.encoded(lines)


def read_labelled_table(competition: Competition, data: Path | None) -> LabelledTable:
    """Read a labelled table with the reader of all tables, and check every label.

    Args:
        competition: Whose columns and classes the data have.
        data: Its labelled CSV, also zipped, or its zip, whose test file says which columns the
            hidden rows are served with; None for the bundled data.

    Raises:
        PodiumError: the data break a promise; the sentence names the row.
    """
    if data is None:
        source = find_source(competition)
        return _taken_apart(source.csv(competition.label_columns[0]), None, competition)
    name = competition.train_file if zipfile.is_zipfile(data) else data.name
    content = unpacked(data, competition.train_file)
    return _taken_apart(content, unpacked_beside(data, competition.test_file), competition, name)


def _taken_apart(
    content: bytes, test_content: bytes | None, competition: Competition, name: str = "train.csv"
) -> LabelledTable:
    rule = competition.folds
    id_names = [competition.id_column, *filter(None, [competition.test_id])]
    as_text = (*id_names, *competition.label_columns, rule.column or "")
    train, separator = _cells(content, name, as_text)
    test = None
    if test_content is not None:
        test, _ = _cells(test_content, competition.test_file, as_text)
    for column in competition.label_columns:
        if column not in train:
            raise PodiumError(
                f"{name}: the label column {column!r} is nowhere in the header, which starts with "
                f"{', '.join(map(repr, train.columns[:5]))}. Give the labelled training file."
            )
    records = Records.of(content, separator)
    names = list(train.columns)
    if len(records.rows) != len(train) or len(records.cells(records.header)) != len(names):
        raise PodiumError(f"{name} is no CSV that can be taken apart. Save it again, as UTF-8.")
    columns = [_texts(train[column]) for column in competition.label_columns]
    labels = list(zip(*columns, strict=True))
    id_column = next((each for each in id_names if each in train), None)
    own_ids = None
    if id_column is not None and id_column not in competition.label_columns:
        own_ids = [text.strip() for text in _texts(train[id_column])]
    id_name = _id_name(competition, test)
    shared = set(names) if test is None else {*test, id_column if id_name else None}
    return LabelledTable(
        name=name,
        records=records,
        labels=labels,
        truth=truth_of(labels, competition, name, "row"),
        units=_units(rule, train, test, name),
        own_ids=own_ids,
        id_name=id_name,
        id_place=None if own_ids is None else names.index(str(id_column)),
        test_places=[
            place
            for place, column in enumerate(names)
            if column in shared and column not in competition.label_columns
        ],
    )


def _cells(content: bytes, name: str, as_text: tuple[str, ...]) -> tuple[pd.DataFrame, str]:
    """Return the cells of a CSV, and what parts them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name.removesuffix(".zip")
        path.write_bytes(content)
        with open_content(path) as opened:
            separator = opened.separator
        return read_typed(path, as_text), separator


def _id_name(competition: Competition, test: pd.DataFrame | None) -> str | None:
    """Return what the test file calls its ids; None where it is known to have no such column."""
    wanted = competition.test_id or competition.id_column
    return wanted if test is None or wanted in test else None


def _units(
    rule: FoldRule, train: pd.DataFrame, test: pd.DataFrame | None, name: str
) -> Units | None:
    if rule.column is None:
        return None
    if rule.column not in train:
        raise PodiumError(f"{name} has no column {rule.column!r}, which folds.column names.")
    answered = train.head(0) if test is None or rule.column not in test else test
    return units_of(rule, train[rule.column], answered[rule.column])


def _texts(cells: pd.Series) -> list[str]:
    texts: list[str] = cells.astype("str").fillna("").tolist()
    return texts
