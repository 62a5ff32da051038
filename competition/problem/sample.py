"""The sample submission: which ids a submission must answer, and in which words."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from competition.data.image_csv import open_csv
from competition.errors import PodiumError
from competition.settings import data_folder
from competition.spec import Competition

NEEDS_QUOTES = ',"\r\n'


@dataclass(frozen=True)
class SampleSubmission:
    """The ids of a competition's sample submission, in its own order.

    Attributes:
        header: The two column names, as the sample writes them.
        ids: One text per row, as the sample writes it (without CSV quotes), all different.
        size: The sample file's size in bytes.
    """

    header: tuple[str, str]
    ids: tuple[str, ...]
    size: int

    @cached_property
    def positions(self) -> dict[str, int]:
        """The row (from 0) of each id."""
        return {name: row for row, name in enumerate(self.ids)}

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The ids as CSV fields: in quotes where they need them."""
        everything = "".join(self.ids)
        if any(character in everything for character in NEEDS_QUOTES):
            return tuple(map(quoted, self.ids))
        return self.ids


def read_sample(competition: Competition, path: Path | None = None) -> SampleSubmission:
    """Read the sample submission that the download brought.

    Args:
        competition: Whose sample; gives the header and the number of rows that it must have.
        path: Another place than `DATA_DIR/<slug>/<sample_file>`.

    Raises:
        PodiumError: there is no such file, or it breaks the competition's promise.
    """
    path = _plain_or_packed(path or data_folder(competition) / competition.sample_file)
    if not path.exists():
        raise PodiumError(
            f"{path} is missing, and a submission takes its ids from it: run `make download` first."
        )
    try:
        with open_csv(path) as file:
            text = file.read()
    except OSError as error:
        raise PodiumError(
            f"{path} cannot be read ({error}): run `make download`, which heals it."
        ) from error
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        del lines[-1]
    header = (competition.id_column, competition.target_column)
    if not lines or split_line(lines[0]) != list(header):
        raise _broken(path, 1, f"the header should be {','.join(header)}")
    ids = _ids_of(lines[1:], path)
    if len(set(ids)) < len(ids) or "" in ids:
        raise _broken(path, None, "its ids should be all different and none of them blank")
    if not ids or competition.test_rows not in (None, len(ids)):
        raise _broken(path, None, f"it has {len(ids):,} ids, not {competition.test_rows or 'any'}")
    return SampleSubmission(header=header, ids=tuple(ids), size=len(text.encode()))


def _ids_of(lines: list[str], path: Path) -> list[str]:
    joined = "".join(lines)
    # As many commas as lines, and one in each: then it is one in each exactly.
    if '"' not in joined and joined.count(",") == len(lines) and all("," in line for line in lines):
        return [line.split(",", 1)[0] for line in lines]
    ids = []
    for number, line in enumerate(lines, 2):
        fields = split_line(line)
        if fields is None or len(fields) != 2:
            raise _broken(path, number, "it should have two columns")
        ids.append(fields[0])
    return ids


def _plain_or_packed(path: Path) -> Path:
    """Return the file itself, or its zip where Kaggle packed it alone."""
    packed = path.with_name(f"{path.name}.zip")
    return packed if packed.is_file() and not path.is_file() else path


def split_line(line: str) -> list[str] | None:
    """Split one CSV line into its fields, as RFC 4180 quotes them; None where quoting is broken.

    A field is either free of quotes, or quoted as a whole with inner quotes doubled. A line break
    inside a quoted field is not taken: no id or class name has one.
    """
    if '"' not in line:
        return line.split(",")
    fields: list[str] = []
    position = 0
    while True:
        if line.startswith('"', position):
            end = position + 1
            while (end := line.find('"', end)) >= 0 and line.startswith('""', end):
                end += 2
            if end < 0 or (end + 1 < len(line) and line[end + 1] != ","):
                return None
            fields.append(line[position + 1 : end].replace('""', '"'))
            end += 1
        else:
            comma = line.find(",", position)
            end = comma if comma >= 0 else len(line)
            fields.append(line[position:end])
            if '"' in fields[-1]:
                return None
        if end >= len(line):
            return fields
        position = end + 1


def quoted(text: str) -> str:
    """Return a CSV field, in quotes only where RFC 4180 needs them."""
    if any(character in text for character in NEEDS_QUOTES):
        return '"' + text.replace('"', '""') + '"'
    return text


def _broken(path: Path, line: int | None, what: str) -> PodiumError:
    where = f"{path}, line {line}" if line else str(path)
    return PodiumError(f"{where}: {what}. Run `make download`, which heals the file.")
