"""Turns rows of cells into devices: many at once where they are plain, else one by one."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, repeat, zip_longest
from string import ascii_letters, digits, punctuation

from shared.manifest.csv_reader.header import Layout
from shared.manifest.csv_reader.id_columns import IdColumns
from shared.manifest.csv_reader.odd_lines import ENDS, WORDS, OddLines
from shared.manifest.csv_reader.records import Rows
from shared.manifest.device import FIELDS, NO_DEVICE, Device, Entry
from shared.manifest.device_rules import is_identified
from shared.manifest.field_names import DELIMITERS
from shared.manifest.findings import Place, Report

_MANY_COLUMNS = 256
_REPEATED = 4  # times that a value must be in a column on average to be worth remembering
_MOST_PLAIN = 1_000
_LONG = 500  # characters; what is shorter is no hash
_HASH, _KEY = FIELDS.index("hardwareHash"), FIELDS.index("productKey")
# Such lines need a closer look: unusual blanks, comments, rules.
_SIGNS = ("\n\xa0", "\n\t", "#", "//", "sep=", "--", "==", "__", "**", "~~", "\u2500\u2500", "\u2501\u2501")
_PLAIN = f"{ascii_letters}{digits}-\n".encode()
_NO_PUNCTUATION = {ord(sign): None for sign in punctuation}
_BLANKS = {ord(sign): None for sign in " \t"}

type Column = Sequence[str]


class DeviceRows:
    """Makes devices of the rows below a header; ``delimiter`` is empty for the rows of a workbook."""

    def __init__(self, columns: Layout, delimiter: str, report: Report) -> None:
        self._columns = columns
        self._odd_lines = OddLines(columns, delimiter, report)
        self._ids = IdColumns(columns, report) if columns.ids and report.may_have_issues else None
        self._signs = list(_SIGNS)
        self._own = delimiter
        self._delimiters = set(DELIMITERS) - {delimiter or ","}
        if columns.width == 1:
            # With more columns, a line in which only the first cell is filled needs a closer look anyway.
            self._signs += [" ", "\u00a9"]
        self._plain = {""}
        self.count = 0
        """Devices so far; the place of the last one."""

    def entries(self, rows: Rows) -> Iterable[Entry]:
        """Return an entry for each row that is a device; one that cannot be read is reported, and not ``sound``.

        A list is of plain rows only; otherwise devices are made, and findings reported, as they are taken.
        """
        found = self._entries(rows)
        return self._ids.checked(found, rows) if self._ids else found

    def _entries(self, rows: Rows) -> Iterable[Entry]:
        devices, is_plain = self._devices(rows.cells)
        if is_plain:
            place, self.count = self.count + 1, self.count + len(devices)
            return list(map(Entry, devices, count(place), rows.lines))
        return self._unidentified(rows, devices) if devices else self._one_by_one(rows)

    def _one_by_one(self, rows: Rows) -> Iterator[Entry]:
        for line, cells in zip(rows.lines, rows.cells, strict=True):
            if not self._odd_lines.is_skipped(cells, line):
                self.count += 1
                is_sound = not self._odd_lines.has_issue(cells, Place(self.count, line))
                yield Entry(self._device(cells) if is_sound else NO_DEVICE, self.count, line, is_sound)

    def _unidentified(self, rows: Rows, devices: list[Device]) -> Iterator[Entry]:
        """Yield plain devices, without those of rows that identify nothing and come from a tool."""
        for device, line, cells in zip(devices, rows.lines, rows.cells, strict=True):
            if is_identified(device) or not self._odd_lines.is_skipped(cells, line):
                self.count += 1
                yield Entry(device, self.count, line)

    def _device(self, cells: Sequence[str]) -> Device:
        found = (cells[at] if at is not None and at < len(cells) else None for at in self._columns.indices)
        return Device(*[cell or None for cell in found])

    def _devices(self, cells: list[list[str]]) -> tuple[list[Device], bool]:
        """Return devices, none if a row needs a closer look, and whether something identifies each of them."""
        self._odd_lines.expect(words=True, delimiters=True)
        widest = max(map(len, cells), default=0)
        if widest > self._columns.width or not 0 < widest <= _MANY_COLUMNS:
            return [], False
        is_short = min(map(len, cells)) < self._columns.width
        if is_short and any(map(self._odd_lines.is_rest_of_hash, cells)):
            return [], False
        columns = list(zip_longest(*cells, fillvalue=""))
        if self._has_oddities(columns):
            return [], False
        found = [columns[at] if at is not None and at < widest else None for at in self._columns.indices]
        devices = list(map(Device, *(_present(column) if column else repeat(None, len(cells)) for column in found)))
        return devices, _are_identified(found)

    def _has_oddities(self, columns: Sequence[Column]) -> bool:
        at_hash = self._columns.indices[_HASH]
        looked_at: list[Column] = [[""]]
        for at, column in enumerate(columns):
            if at == at_hash:
                # Hashes are long and are checked one by one later; what is short in their column may be a name.
                looked_at.append([cell for cell in column if len(cell) < _LONG])
            elif not self._plain.issuperset(column):
                looked_at.append(column)
        text = "\n".join(chain.from_iterable(looked_at))
        # Most cells are letters, digits and hyphens, which a few quick searches over all of them show.
        is_plain = text.isascii() and "--" not in text and not text.encode().translate(None, _PLAIN)
        folded = text.replace("-", "").lower() if is_plain else _folded(text)
        has_words = not WORDS.isdisjoint(folded.translate(_BLANKS).split("\n"))
        has_delimiters = not is_plain and (
            any(sign in text for sign in self._delimiters) or self._may_be_quoted(text, columns)
        )
        self._odd_lines.expect(words=has_words, delimiters=has_delimiters)
        if has_words or has_delimiters or (not is_plain and self._has_signs(text, folded)):
            return True
        if not is_plain and (("\n " in text and self._has_odd_blanks(folded, columns)) or self._has_odd_keys(columns)):
            return True
        if any(max(map(len, columns[at])) >= _LONG for at in self._columns.others if at < len(columns)):
            return True
        # A line of blanks alone must not become plain by its cells.
        if "\n " not in text:
            self._remember(looked_at)
        return False

    def _has_signs(self, text: str, folded: str) -> bool:
        # REM begins a comment in letters of any case.
        return "rem " in folded or any(sign in text for sign in self._signs)

    def _has_odd_blanks(self, folded: str, columns: Sequence[Column]) -> bool:
        """Return whether a line may be blank, or a cell be what is after the comma in a company's name."""
        return "" in map(str.strip, columns[0]) or (not self._columns.spaced and not ENDS.isdisjoint(folded.split()))

    def _has_odd_keys(self, columns: Sequence[Column]) -> bool:
        """Return whether a product key has a blank inside, as lines have that a tool adds."""
        at = self._columns.indices[_KEY]
        return at is not None and at < len(columns) and " " in "".join(map(str.strip, columns[at]))

    def _remember(self, columns: Sequence[Column]) -> None:
        """Remember the values of columns that have few, such as models, as plain."""
        for column in columns:
            values = {*column}
            is_worth_it = len(values) * _REPEATED <= len(column) and len(self._plain) < _MOST_PLAIN
            # Any number of long ones would fill the memory.
            if is_worth_it and max(map(len, values), default=0) < _LONG:
                self._plain |= values

    def _may_be_quoted(self, text: str, columns: Sequence[Column]) -> bool:
        """Return whether quotes may be around several cells of a line, which is then shorter than the others."""
        is_short = len(columns) < self._columns.width or "" in columns[-1]
        return is_short and bool(self._own) and self._own in text


def _folded(text: str) -> str:
    """Return cells as names are compared; blanks and line ends stay."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return text.lower().translate(_NO_PUNCTUATION)


def _present(column: Column) -> Sequence[str | None]:
    return [cell or None for cell in column] if "" in column else column


def _are_identified(found: Sequence[Column | None]) -> bool:
    """Return whether every row identifies a device; one that does not may be no device."""
    serials, keys, hashes, makers, models = found
    if (hashes and "" not in hashes) or (keys and "" not in keys):
        return True
    nothing = repeat("")
    columns = (column or nothing for column in (hashes, keys, serials, makers, models))
    rows = zip(*columns, strict=False)
    return all(value or key or (serial and maker and model) for value, key, serial, maker, model in rows)
