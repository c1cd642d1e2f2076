"""Text in blocks of whole lines, which end with LF, CRLF or CR."""

import re
from collections.abc import Iterator

from shared.manifest.decoding.characters import LARGEST
from shared.manifest.findings import UnreadableError

_TOO_LONG = f"The line has more than {LARGEST:,} characters. Are all line breaks there, and is this a CSV file?"
_END_OF_FILE = "\x1a"  # which Windows' copy command puts behind files that it joins
_LINE_END = re.compile(r"[\r\n]")


def blocks(pieces: Iterator[str]) -> Iterator[str]:
    """Cut the text at line ends, as often as a piece allows.

    Raises:
        UnreadableError: A line is too long.
    """
    carried = ""
    for piece in pieces:
        text = carried + piece
        # A CR at the very end may be half of a CRLF.
        cut = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1
        carried = text[cut:]
        if len(text) > LARGEST and not _LINE_END.search(text, 0, LARGEST):
            raise UnreadableError("value_too_large", _TOO_LONG)
        if cut:
            yield text[:cut]
    if carried.strip(_END_OF_FILE):
        yield carried
