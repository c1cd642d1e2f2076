"""Rows of cells into devices: many at once where they are plain, else one by one."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, repeat, zip_longest
from string import ascii_letters, digits, punctuation

from shared.manifest.csv_reader.header import DELIMITERS, Layout
from shared.manifest.csv_reader.odd_lines import WORDS, OddLines
from shared.manifest.csv_reader.records import Rows
from shared.manifest.device import FIELDS, NOBODY, Device, Entry
from shared.manifest.device_rules import is_identified
from shared.manifest.findings import Place, Report

_MANY_COLUMNS = 64
_REPEATED = 4  # times that a value must be in a column on average to be worth remembering
_MOST_PLAIN = 1_000
_LONG = 500  # characters; what is shorter is no hash
_HASH, _KEY = FIELDS.index("hardwareHash"), FIELDS.index("productKey")
_SIGNS = [
    "\n ",
    "\n\xa0",
    "\n\t",
    "#",
    "sep=",
    "--",
    "==",
    "__",
    "**",
    "~~",
    "──",
    "━━",
]  # of lines that are no devices
_PLAIN = f"{ascii_letters}{digits}-\n".encode()
_FOLDED = {ord(sign): None for sign in f" \t{punctuation}"}

type Column = Sequence[str]


class DeviceRows:
    """Makes devices of the rows below a header, and knows the place of the last one.

    ``delimiter`` is empty for the rows of a workbook.
    """

    def __init__(self, columns: Layout, delimiter: str, report: Report) -> None:
        self._columns = columns
        self._odd_lines = OddLines(columns, delimiter, report)
        self._signs = list(_SIGNS)
        self._own = delimiter
        self._delimiters = set(DELIMITERS) - {delimiter or ","}
        if columns.width == 1:
            # With more columns, a line that only has its first cell filled is looked at anyway.
            self._signs += [" ", "\u00a9"]
        self._plain = {""}
        self.count = 0
        """Devices so far; the place of the last one."""

    def entries(self, rows: Rows) -> Iterable[Entry]:
        """Return a device for each row that is one; one that cannot be read is not sound, and is reported.

        A list has plain rows only; else the devices are made, and findings reported, as they are taken.
        """
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
                yield Entry(self._device(cells) if is_sound else NOBODY, self.count, line, is_sound)

    def _unidentified(self, rows: Rows, devices: list[Device]) -> Iterator[Entry]:
        """Yield devices some of which may be no device, and are otherwise plain."""
        for device, line, cells in zip(devices, rows.lines, rows.cells, strict=True):
            if is_identified(device) or not self._odd_lines.is_skipped(cells, line):
                self.count += 1
                yield Entry(device, self.count, line)

    def _device(self, cells: Sequence[str]) -> Device:
        found = (cells[at] if at is not None and at < len(cells) else None for at in self._columns.indices)
        return Device(*[cell or None for cell in found])

    def _devices(self, cells: list[list[str]]) -> tuple[list[Device], bool]:
        """Make devices of rows, unless something about them needs a closer look; and say whether all are identified."""
        self._odd_lines.expect(words=True, delimiters=True)
        widest = max(map(len, cells), default=0)
        if widest > self._columns.width or not 0 < widest <= _MANY_COLUMNS:
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
                # Hashes are long and are looked at one by one; what is short in their column may be a name.
                looked_at.append([cell for cell in column if len(cell) < _LONG])
            elif not self._plain.issuperset(column):
                looked_at.append(column)
        text = "\n".join(chain.from_iterable(looked_at))
        # Most cells are letters, digits and hyphens, which a few quick looks over all of them show.
        is_plain = text.isascii() and "--" not in text and not text.encode().translate(None, _PLAIN)
        folded = text.replace("-", "").lower() if is_plain else _folded(text)
        has_words = not WORDS.isdisjoint(folded.split("\n"))
        has_delimiters = not is_plain and (
            any(sign in text for sign in self._delimiters) or self._may_be_quoted(text, columns)
        )
        self._odd_lines.expect(words=has_words, delimiters=has_delimiters)
        if has_words or has_delimiters or (not is_plain and any(sign in text for sign in self._signs)):
            return True
        # No product key has a blank, but lines that a tool adds do.
        at_key = self._columns.indices[_KEY]
        if not is_plain and at_key is not None and at_key < len(columns) and " " in "".join(columns[at_key]):
            return True
        if any(max(map(len, columns[at])) >= _LONG for at in self._columns.others if at < len(columns)):
            return True
        self._remember(looked_at)
        return False

    def _remember(self, columns: Sequence[Column]) -> None:
        """Remember what is in columns of few values, such as models, and had nothing odd."""
        for column in columns:
            values = {*column}
            if len(values) * _REPEATED <= len(column) and len(self._plain) < _MOST_PLAIN:
                self._plain |= values

    def _may_be_quoted(self, text: str, columns: Sequence[Column]) -> bool:
        """Return whether quotes may be around several cells of a line, which is then shorter than the others."""
        is_short = len(columns) < self._columns.width or "" in columns[-1]
        return is_short and bool(self._own) and self._own in text


def _folded(text: str) -> str:
    """Return cells as names are compared; line ends stay."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return text.lower().translate(_FOLDED)


def _present(column: Column) -> Sequence[str | None]:
    return [cell or None for cell in column] if "" in column else column


def _are_identified(found: Sequence[Column | None]) -> bool:
    """Return whether every row has what identifies a device; a row that has not may be none."""
    serials, keys, hashes, makers, models = found
    if (hashes and "" not in hashes) or (keys and "" not in keys):
        return True
    nothing = repeat("")
    columns = (column or nothing for column in (hashes, keys, serials, makers, models))
    rows = zip(*columns, strict=False)
    return all(value or key or (serial and maker and model) for value, key, serial, maker, model in rows)
