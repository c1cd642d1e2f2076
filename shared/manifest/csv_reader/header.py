"""The header line of a CSV manifest: which column holds what."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from shared.manifest.device import FIELDS, Device
from shared.manifest.device_rules import is_identified
from shared.manifest.field_names import (
    DELIMITERS,
    FIELD_OF,
    HEADINGS,
    ID_OF,
    NOT_ACCEPTED,
    OF_RESULTS,
    field_of,
    key,
    mixed,
)
from shared.manifest.findings import Place, Report, UnreadableError, quoted
from shared.manifest.misspelt_names import meant_by

_MOST = 1000  # columns whose names are looked at
_MOST_LISTED = 10
_BRACKETS = "<[{"
_QUOTED = " The header as a whole is between quotes, as if it were one cell: remove the quotes around each line."


class IdColumn(NamedTuple):
    """A column that has ids of customers or batches: its index from 0, the ids' field, and how messages name it."""

    at: int
    field: str
    shown: str

    def cell(self, cells: Sequence[str]) -> str:
        """Return the cell of a row."""
        return cells[self.at] if self.at < len(cells) else ""


class Layout(NamedTuple):
    """The columns of a file, by their indices from 0.

    ``line`` is that of the header, ``cells`` the number of its cells, ``width`` the same without empty ones at the end.
    ``indices`` are those of the five fields; the ``others`` are not read, but for ``ids``; in ``captions``, a report
    repeats its names. ``spaced``: cells begin with a blank.
    """

    line: int
    cells: int
    width: int
    indices: tuple[int | None, ...]
    others: tuple[int, ...]
    captions: frozenset[int]
    spaced: bool
    ids: tuple[IdColumn, ...]

    def column_of(self, field: str) -> int | None:
        """Return the column of a field."""
        return self.indices[FIELDS.index(field)]

    def names(self, cells: Sequence[str]) -> dict[str, int]:
        """Return the fields that some cells would name as a header, and their columns."""
        found = {}
        for index, cell in enumerate(cells[:_MOST]):
            # A name in angle brackets is what a template's row has.
            if cell and cell[0] not in _BRACKETS and index not in self.captions and (field := field_of(cell)):
                found[field] = index
        return found

    def is_same(self, names: dict[str, int]) -> bool:
        """Return whether a later header names the same columns."""
        return names == {field: index for field, index in zip(FIELDS, self.indices, strict=True) if index is not None}


def delimiter_of(line: str) -> str:
    """Return the delimiter that makes the most known columns."""
    return max(DELIMITERS, key=lambda delimiter: _known(line, delimiter))


def known_columns(line: str) -> int:
    """Count the columns that a line would name as a header."""
    return max(_known(line, delimiter) for delimiter in DELIMITERS)


def _known(line: str, delimiter: str) -> int:
    return known_names(line.rstrip("\r\n").split(delimiter, _MOST))


def known_names(cells: Sequence[str]) -> int:
    """Count the columns that some cells would name as a header."""
    return sum(field_of(cell) is not None for cell in cells[:_MOST])


def layout(cells: Sequence[str], at: int, report: Report, delimiter: str) -> Layout:
    """Read the header on line ``at``; ``delimiter`` is empty for a workbook.

    Raises:
        UnreadableError: It is not a header, or its columns cannot identify a device.
    """
    width = max((index for index, cell in enumerate(cells, 1) if cell.strip()), default=0)
    looked_at = cells[: min(width, _MOST)]
    place = Place(line=at)
    indices: dict[str, int] = {}
    for index, cell in enumerate(looked_at):
        # As in Hardware Hash;Group Tag, which Excel writes into a file that has commas.
        if other := mixed(cell, delimiter):
            raise UnreadableError("mixed_delimiters", f"Column {index + 1}", DELIMITERS[other], at=place)
        field = field_of(cell)
        if field in indices:
            raise UnreadableError("repeated_column", quoted(cells[indices[field]]), quoted(cell), at=place, field=field)
        if field:
            indices[field] = index
    # Results have all five fields, but only the beginning of each hash.
    if OF_RESULTS in map(key, looked_at):
        raise UnreadableError("results_file", at=place)
    _check(indices, looked_at, place)
    ids = _report_others(looked_at, indices, place, report)
    others = tuple(index for index in range(len(looked_at)) if index not in indices.values())
    captions = frozenset(index for index in others if key(looked_at[index]).startswith("textbox"))
    spaced = sum(cell.startswith(" ") for cell in looked_at) > 1
    return Layout(at, len(cells), width, tuple(indices.get(field) for field in FIELDS), others, captions, spaced, ids)


def _check(indices: dict[str, int], cells: Sequence[str], at: Place) -> None:
    if not indices:
        is_quoted = len(cells) == 1 and known_columns(cells[0]) > 1
        raise UnreadableError("missing_header", _QUOTED if is_quoted else "", at=at)
    if not is_identified(Device(*["x" if field in indices else None for field in FIELDS])):
        understood = [quoted(cells[index].strip()) for index in indices.values()]
        unknown = [_unknown(cell.strip(), indices) for cell in cells if cell.strip() and field_of(cell) is None]
        raise UnreadableError("incomplete_header", _listed(understood), _listed(unknown), at=at)


def _unknown(name: str, fields: Collection[str]) -> str:
    meant = FIELD_OF.get(meant_by(name) or "")
    return f"{quoted(name)} (probably {HEADINGS[meant]})" if meant and meant not in fields else quoted(name)


def _listed(names: Sequence[str]) -> str:
    return (", ".join(names[:_MOST_LISTED]) + (", …" if len(names) > _MOST_LISTED else "")) or "none"


def _report_others(cells: Sequence[str], fields: Collection[str], at: Place, report: Report) -> tuple[IdColumn, ...]:
    """Report the columns that are not read, and return those with ids: whether these matter, their cells show."""
    ids = []
    for number, cell in enumerate(cells, 1):
        name = cell.strip()
        shown = f"{quoted(name)}, number {number}," if key(name) else f"number {number}, which has no name,"
        if key(name) in NOT_ACCEPTED:
            report.warning(at, None, "ignored_column", shown)
        elif field := ID_OF.get(key(name)):
            ids.append(IdColumn(number - 1, field, shown))
        elif field_of(name) is not None:
            continue
        elif (meant := meant_by(name)) and FIELD_OF[meant] not in fields:
            report.issue(at, FIELD_OF[meant], "misspelt_name", f"The column {shown}", HEADINGS[FIELD_OF[meant]])
        else:
            report.warning(at, None, "unknown_column", shown)
            if name:
                report.add_unknown_name(quoted(name))
    return tuple(ids)
