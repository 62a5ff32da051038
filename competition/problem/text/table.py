"""The lines of a submission file, split into ids and cells; every fault is collected."""

import itertools
from dataclasses import dataclass, field

from competition.problem.sample import Sample
from competition.problem.text.faults import Fault
from competition.problem.text.ids import as_whole, shifted
from competition.problem.text.layout import Layout, laid_out
from competition.problem.text.lines import shown, split_line


@dataclass
class Table:
    """The lines that have as many fields as the header.

    Attributes:
        rows: Data lines in the file, those with faults among them, blank ones not.
        numbers: The line number of each row that was kept.
        ids: The id of each.
        columns: The texts of each target column, in the order of the sample.
        faults: What is wrong with the file, but for its cells.
        warnings: What is odd about how it is written.
    """

    rows: int = 0
    numbers: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    columns: list[list[str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def fault(self, kind: str, line: int | None, message: str, *, certain: bool = False) -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, line, message, certain))

    def places(self, sample: Sample) -> list[int | None]:
        """Return the place of each row's id in the sample, None where it has none.

        Notes ids that are unknown, doubled or missing; all that are shifted by one number, as
        where an index was written, are one fault, and get the places that they mean.
        """
        positions = sample.positions
        places = list(map(positions.get, self.ids))
        known, wanted = set(places), len(sample.ids)
        missing_told = False
        if len(known) < len(places) or None in known:
            shift = shifted(self.ids, sample.ids)
            if shift is not None:
                self.fault("id", self.numbers[0], shift.message, certain=shift.whole)
                missing_told = True
                if shift.whole:
                    return [positions[name] for name in shift.meant]
            else:
                self._wrong_ids(places, sample)
                known = set(places)
        if self.rows != wanted:
            self.fault(
                "rows", None, f"{self.rows:,} row{'s' * (self.rows != 1)} instead of {wanted:,}"
            )
        if len(known - {None}) < wanted and not missing_told:
            missing = [name for row, name in enumerate(sample.ids) if row not in known]
            names = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
            self.fault("rows", None, f"{len(missing):,} of the sample's ids are missing: {names}")
        return places

    def _wrong_ids(self, places: list[int | None], sample: Sample) -> None:
        """Note unknown and doubled ids; one in another spelling gets the place that it means."""
        first: dict[int, int] = {}
        spellings: dict[str, str] | None = None
        for row, (number, name) in enumerate(zip(self.numbers, self.ids, strict=True)):
            if places[row] is None:
                if spellings is None:
                    spellings = {as_whole(each) or each: each for each in sample.ids}
                meant, message = _meant(name, sample.positions, spellings)
                self.fault("id", number, message, certain=meant is not None)
                places[row] = None if meant is None else sample.positions[meant]
            place = places[row]
            if place is not None and place in first:
                self.fault("id", number, f"id {shown(name)} came already on line {first[place]}")
            elif place is not None:
                first[place] = number


def read_table(data: bytes, sample: Sample) -> Table:
    """Read the bytes of a submission, whatever they are, as far as they can be read.

    Args:
        data: The file's bytes.
        sample: Gives the header that it must have.
    """
    layout = laid_out(data, sample.header, sample.positions)
    table = Table(faults=layout.faults, warnings=layout.warnings)
    body, width = layout.lines, layout.width
    table.rows = len(body)
    # All at once where each line has its number of commas and nothing is in quotes.
    if layout.quoted or any(line.count(",") != width - 1 for line in body):
        kept = _fields_of(layout, table)
    else:
        table.numbers = list(
            range(layout.first, layout.first + layout.step * len(body), layout.step)
        )
        kept = ",".join(body).split(",") if body else []
    table.ids, *table.columns = (kept[layout.extra + place :: width] for place in layout.order)
    return table


def _fields_of(layout: Layout, table: Table) -> list[str]:
    """Return the fields of the lines that have as many as they should, one after the other."""
    kept: list[list[str]] = []
    wanted = len(layout.header)
    for number, line in zip(itertools.count(layout.first, layout.step), layout.lines, strict=False):
        fields = split_line(line)
        if fields is None:
            table.fault("quotes", number, f"the quotes are broken: {shown(line)}")
        elif line.strip() == "":
            table.rows -= 1
            table.fault("columns", number, "the line is blank", certain=True)
        elif len(fields) != layout.width:
            found = len(fields) - layout.extra
            count = f"{found} column{'s' if found > 1 else ''} instead of {wanted}"
            table.fault("columns", number, f"{count}: {shown(line)}")
        else:
            table.numbers.append(number)
            kept.append(fields)
    return list(itertools.chain.from_iterable(kept))


def _meant(
    name: str, positions: dict[str, int], spellings: dict[str, str]
) -> tuple[str | None, str]:
    """Return the id that a text means, if any, and what is wrong with the text."""
    if name.strip() == "":
        return None, "the id is blank"
    meant, hint = None, ""
    if name.strip() in positions:
        meant, hint = name.strip(), "; it has blanks around it"
    elif (whole := as_whole(name)) in spellings:
        meant = spellings[str(whole)]
        hint = f"; it must be written as {meant}"
    return meant, f"id {shown(name)} is not in the sample submission{hint}"
