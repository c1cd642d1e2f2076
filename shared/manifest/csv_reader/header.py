"""The header line of a CSV manifest: which column holds what."""

import re
from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple

from shared.manifest.device import FIELDS, Device, is_identified
from shared.manifest.findings import Report, UnreadableError, quoted

_DELIMITERS = (",", ";", "\t")
_MOST = 1000  # columns whose names are looked at
_NOT_COUNTED = re.compile(r"[\s_-]+")

# Partner Center's template, Get-WindowsAutopilotInfo and Intune, Managed Desktop, and the API's own names.
_COLUMNS = {
    "deviceserialnumber": "serialNumber",
    "serialnumber": "serialNumber",
    "windowsproductid": "productKey",
    "productkey": "productKey",
    "hardwarehash": "hardwareHash",
    "manufacturername": "oemManufacturerName",
    "manufacturer": "oemManufacturerName",
    "oemmanufacturername": "oemManufacturerName",
    "devicemodel": "modelName",
    "model": "modelName",
    "modelname": "modelName",
}
_WITHOUT_PLACE = {"grouptag", "assigneduser", "orderid", "purchaseorderid"}
_NO_HEADER = (
    "No column has a name that is known. The first line must be a header such as "
    "Device Serial Number,Windows Product ID,Hardware Hash,Manufacturer name,Device model"
)
_QUOTED = (
    "The header stands between quotes as a whole, as if it were one cell. Export the file anew, or remove the quotes "
    "around each line."
)
_PLACELESS = "The column {} is ignored: Partner Center has no place for it."
_UNKNOWN = "The column {} is not known and is ignored. If it matters, correct its name."


class Layout(NamedTuple):
    """The columns of a file: how many there are, where each field of a device stands, from 0, and what it is called."""

    width: int
    indices: Sequence[int | None]
    heading: Device

    def devices(self, rows: Sequence[Sequence[str]]) -> list[Device]:
        """Make a device of each row; what is not there, or blank, is absent."""
        return list(map(Device, *(repeat(None) if index is None else _column(rows, index) for index in self.indices)))


def delimiter_of(line: str) -> str:
    """Tell what separates the cells: whatever gives the most known columns."""
    return max(_DELIMITERS, key=lambda delimiter: _known(line, delimiter))


def known_columns(line: str) -> int:
    """Count the columns that a line would have as a header."""
    return _known(line, delimiter_of(line))


def _known(line: str, delimiter: str) -> int:
    cells = line.replace('"', "").rstrip("\r\n").split(delimiter, _MOST)
    return sum(_key(cell) in _COLUMNS for cell in cells)


def known_names(cells: Sequence[str]) -> int:
    """Count the columns that some cells would name as a header."""
    return sum(_key(cell) in _COLUMNS for cell in cells[:_MOST])


def layout(cells: Sequence[str], at: int, report: Report) -> Layout:
    """Read the header on line ``at``.

    Raises:
        UnreadableError: It is none, or devices cannot be identified by its columns.
    """
    width = max((index for index, cell in enumerate(cells, 1) if cell.strip()), default=0)
    looked_at = min(width, _MOST)
    indices: dict[str, int] = {}
    for index, cell in enumerate(cells[:looked_at]):
        field = _COLUMNS.get(_key(cell))
        if field is None:
            continue
        if field in indices:
            names = f"{quoted(cells[indices[field]])} and {quoted(cell)}"
            message = f"The columns {names} hold the same thing. Delete one of them."
            raise UnreadableError("repeated_column", message, f"line {at}", field)
        indices[field] = index
    _check(indices, cells, at)
    _tell_ignored(cells[:looked_at], at, report)
    heading = Device(*[cells[indices[field]] if field in indices else None for field in FIELDS])
    return Layout(width, [indices.get(field) for field in FIELDS], heading)


def _column(rows: Sequence[Sequence[str]], index: int) -> list[str | None]:
    cells = [row[index] if index < len(row) else "" for row in rows]
    return [cell if cell and not cell.isspace() else None for cell in cells]


def _key(name: str) -> str:
    return _NOT_COUNTED.sub("", name).lower()


def _check(indices: dict[str, int], cells: Sequence[str], at: int) -> None:
    if not indices:
        is_quoted = len(cells) == 1 and known_columns(cells[0]) > 1
        raise UnreadableError("missing_header", _QUOTED if is_quoted else _NO_HEADER, f"line {at}")
    if not is_identified(Device(*["x" if field in indices else None for field in FIELDS])):
        message = (
            "These columns cannot identify a device: add Hardware Hash, or Windows Product ID, or all of "
            "Device Serial Number, Manufacturer name and Device model."
        )
        raise UnreadableError("incomplete_header", message, f"line {at}")


def _tell_ignored(cells: Sequence[str], at: int, report: Report) -> None:
    for number, cell in enumerate(cells, 1):
        key = _key(cell)
        name = f"{quoted(cell.strip())}, number {number}," if key else f"number {number}, which has no name,"
        if key in _WITHOUT_PLACE:
            report.warning(at, None, "ignored_column", _PLACELESS, name)
        elif key not in _COLUMNS:
            report.warning(at, None, "unknown_column", _UNKNOWN, name)
