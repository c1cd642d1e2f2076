"""Bytes into text: UTF-8 where nothing else is announced, Windows-1252 where that fails at once."""

import codecs
import re
from collections.abc import Iterator

from shared.manifest.decoding.file_type import Encoding
from shared.manifest.findings import MANIFEST, Report, UnreadableError

PIECE = 131_072
"""Bytes decoded at once: enough to be quick, few enough that no character width matters to the memory."""

_FALLBACK = "cp1252"
_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", _FALLBACK: "Windows-1252"}

# What text of another encoding looks like: letters of UTF-16 have a zero beside each of them; UTF-8 in UTF-16 is a
# run of characters that are two of ASCII each, and the other byte order one of characters whose lower byte is zero; and
# what Windows-1252 makes of UTF-8 begins with a capital letter with an accent, and goes on with a sign.
_ASCII = "\t\n\r" + "".join(map(chr, range(0x20, 0x7F)))
_ZEROS = re.compile(r"(?:[\w+/=]\0){2}|(?:\0[\w+/=]){2}", re.ASCII)
_PAIRS = "".join(
    f"{chr(ord(high) << 8 | low_from)}-{chr(ord(high) << 8 | low_to)}"
    for high in _ASCII
    for low_from, low_to in ((0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x7E))
)
_SWAPPED = "".join(chr(ord(character) << 8) for character in _ASCII)
# A line end among the pairs is a sooner sign: \r\n, or one of them and a character of ASCII.
_LINE_ENDS = "\u0a0d\u0d0a\u0a20-\u0a7e\u0d20-\u0d7e"
_IN_UTF_16 = re.compile(f"[{_PAIRS}]{{12}}|[{_PAIRS}]{{3}}[{_LINE_ENDS}]|[{_SWAPPED}]{{8}}")
_CONTINUATIONS = bytes(set(range(0x80, 0xC0)) - {0x81, 0x8D, 0x8F, 0x90, 0x9D}).decode("cp1252")
_IN_CP1252 = re.compile(f"[\u00c2-\u00f4][{re.escape(_CONTINUATIONS)}]|{_ZEROS.pattern}", re.ASCII)
_FOREIGN = {"utf-8": _ZEROS, "utf-16-le": _IN_UTF_16, "utf-16-be": _IN_UTF_16, _FALLBACK: _IN_CP1252}
_LONGEST_FOREIGN = 12  # characters of the patterns
_SPOKEN = {
    "utf-8": "not UTF-8, unlike the text before it",
    "utf-16-le": "not UTF-16, unlike the text before it",
    "utf-16-be": "not UTF-16, unlike the text before it",
    _FALLBACK: "neither UTF-8 nor Windows-1252",
}


def decoded(chunks: Iterator[bytes], encoding: Encoding, report: Report) -> Iterator[str]:
    """Decode a text in pieces, its byte-order mark left out.

    Raises:
        UnreadableError: Some bytes are none of the encoding; what is before them has been yielded.
    """
    text = _Text(encoding, report)
    for data in _pieces(chunks, len(encoding.mark)):
        yield from text.decode(data)
    yield from text.decode(b"", final=True)


def _pieces(chunks: Iterator[bytes], skip: int) -> Iterator[memoryview]:
    for chunk in chunks:
        for start in range(skip, len(chunk), PIECE):
            yield memoryview(chunk)[start : start + PIECE]
        skip = 0


class _Text:
    """A text that is being decoded."""

    def __init__(self, encoding: Encoding, report: Report) -> None:
        self._may_guess = not encoding.mark
        self._report = report
        self._begin(encoding.name)

    def _begin(self, encoding: str) -> None:
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._foreign = _FOREIGN[encoding]
        self._before = ""

    def decode(self, data: bytes | memoryview, *, final: bool = False) -> Iterator[str]:
        try:
            yield from self._checked(self._decoder.decode(data, final))
        except UnicodeDecodeError as fault:
            yield from self._checked(fault.object[: fault.start].decode(self._encoding))
            # Fall back, but only while all was ASCII: otherwise something that once was right would change.
            if not self._may_guess:
                raise UnreadableError("broken_encoding", _SPOKEN[self._encoding]) from fault
            self._may_guess = False
            self._begin(_FALLBACK)
            self._report.warning(MANIFEST, None, "guessed_encoding")
            yield from self.decode(fault.object[fault.start :], final=final)

    def _checked(self, text: str) -> Iterator[str]:
        """Yield a text as far as it is of one encoding.

        Raises:
            UnreadableError: Text in another encoding has been appended, as PowerShell's >> does.
        """
        self._may_guess = self._may_guess and text.isascii()
        self._report.characters += len(text)
        # ASCII without zeros is the same in every encoding that can be appended to it: the search takes time.
        if text.isascii() and "\0" not in text and not self._before:
            yield text
            return
        seam = self._before + text
        if found := self._foreign.search(seam):
            yield seam[len(self._before) : found.end()]
            raise UnreadableError("broken_encoding", f"in another encoding than {_NAMES[self._encoding]}")
        self._before = seam[-_LONGEST_FOREIGN:] if not seam.isascii() or "\0" in seam else ""
        yield text
