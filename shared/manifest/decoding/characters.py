"""Bytes into text: UTF-8 where no byte-order mark says otherwise, Windows-1252 where that fails."""

import codecs
import re
from collections.abc import Iterator

from shared.manifest.decoding.encoding import LETTERS_OF_UTF_16, Encoding
from shared.manifest.findings import MANIFEST, Report, UnreadableError

_PIECE = 262_144  # bytes decoded at once: enough to be quick, few enough for flat memory at any character width

_FALLBACK = "cp1252"
_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", _FALLBACK: "Windows-1252"}

# What text in another encoding looks like. UTF-8 read as UTF-16 is a run of characters that are two of ASCII each,
# UTF-16 in the other byte order one of characters whose lower byte is zero. UTF-8 read as Windows-1252 is an accented
# capital letter, then a sign.
_ASCII = "\t\n\r" + "".join(map(chr, range(0x20, 0x7F)))
_PAIRS = "".join(
    f"{chr(ord(high) << 8 | low_from)}-{chr(ord(high) << 8 | low_to)}"
    for high in _ASCII
    for low_from, low_to in ((0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x7E))
)
_SWAPPED = "".join(chr(ord(character) << 8) for character in _ASCII)
# With a line end among the pairs, fewer are proof: \r\n, or one of them and a character of ASCII.
_LINE_ENDS = "\u0a0d\u0d0a\u0a20-\u0a7e\u0d20-\u0d7e"
# One set of characters to begin with is searched for ten times as quickly as three forms are.
_IN_UTF_16 = re.compile(
    f"[{_PAIRS}{_SWAPPED}](?:(?<=[{_PAIRS}])(?:[{_PAIRS}]{{11}}|[{_PAIRS}]{{2}}[{_LINE_ENDS}])"
    f"|(?<=[{_SWAPPED}])[{_SWAPPED}]{{7}})"
)
_CONTINUATIONS = bytes(set(range(0x80, 0xC0)) - {0x81, 0x8D, 0x8F, 0x90, 0x9D}).decode("cp1252")
_PAIR_OF_UTF_8 = f"[\u00c2-\u00f4][{re.escape(_CONTINUATIONS)}]"
_IN_CP1252 = re.compile(f"{_PAIR_OF_UTF_8}|{LETTERS_OF_UTF_16}", re.ASCII)
_FOREIGN = {
    "utf-8": re.compile(LETTERS_OF_UTF_16, re.ASCII),
    "utf-16-le": _IN_UTF_16,
    "utf-16-be": _IN_UTF_16,
    _FALLBACK: _IN_CP1252,
}
# Where no letter of UTF-16 can be, as there is no zero: looking for one takes twenty times as long as all else.
_FOREIGN_WITHOUT_ZEROS = _FOREIGN | {"utf-8": None, _FALLBACK: re.compile(_PAIR_OF_UTF_8)}
_DECODERS = {"utf-8": codecs.utf_8_decode, "utf-16-le": codecs.utf_16_le_decode, "utf-16-be": codecs.utf_16_be_decode}
_LONGEST_FOREIGN = 12  # characters of the patterns


def decoded(chunks: Iterator[bytes], encoding: Encoding, report: Report) -> Iterator[str]:
    """Decode a text in pieces, without its byte-order mark.

    Raises:
        UnreadableError: Some bytes are not in the encoding; what is before them has been yielded.
    """
    text = _Text(encoding, report)
    for data in _pieces(chunks, len(encoding.mark)):
        yield from text.decode(data)
    yield from text.decode(b"", final=True)


def _pieces(chunks: Iterator[bytes], skip: int) -> Iterator[memoryview]:
    for chunk in chunks:
        for start in range(skip, len(chunk), _PIECE):
            yield memoryview(chunk)[start : start + _PIECE]
        skip = 0


class _Text:
    """A text that is being decoded."""

    def __init__(self, encoding: Encoding, report: Report) -> None:
        self._may_guess = not encoding.mark
        self._report = report
        self._begin(encoding.name)

    def _begin(self, encoding: str) -> None:
        self._encoding = encoding
        self._decode = _DECODERS.get(encoding)
        self._rest = b""
        self._before = ""

    def decode(self, data: bytes | memoryview, *, final: bool = False) -> Iterator[str]:
        try:
            yield from self._checked(self._decoded(data, final=final))
        except UnicodeDecodeError as fault:
            yield from self._checked(fault.object[: fault.start].decode(self._encoding))
            # Fall back only while all was ASCII, which both encodings read alike: what has been yielded stays right.
            if not self._may_guess:
                raise UnreadableError("broken_encoding", self._what_it_is_not()) from fault
            self._may_guess = False
            self._begin(_FALLBACK)
            self._report.warning(MANIFEST, None, "guessed_encoding")
            yield from self.decode(fault.object[fault.start :], final=final)

    def _decoded(self, data: bytes | memoryview, *, final: bool) -> str:
        """Decode what is complete. The incremental decoders of the standard library would copy each piece."""
        whole = self._rest + data if self._rest else data
        if self._decode is None:
            return str(whole, self._encoding)
        text, used = self._decode(whole, "strict", final)
        self._rest = bytes(whole[used:])
        return text

    def _what_it_is_not(self) -> str:
        if self._encoding == _FALLBACK:
            return "neither UTF-8 nor Windows-1252"
        return f"not {_NAMES[self._encoding]}, unlike the text before it"

    def _checked(self, text: str) -> Iterator[str]:
        """Yield a text as far as it is in one encoding.

        Raises:
            UnreadableError: Text in another encoding has been appended, as PowerShell's >> does.
        """
        self._may_guess = self._may_guess and text.isascii()
        self._report.add_characters(len(text))
        # ASCII without zeros is the same in every encoding that can be appended to it: the search takes time.
        if text.isascii() and "\0" not in text and not self._before:
            yield text
            return
        seam = self._before + text
        foreign = (_FOREIGN if "\0" in seam else _FOREIGN_WITHOUT_ZEROS)[self._encoding]
        if foreign and (found := foreign.search(seam)):
            yield seam[len(self._before) : found.end()]
            raise UnreadableError("broken_encoding", f"in another encoding than {_NAMES[self._encoding]}")
        self._before = seam[-_LONGEST_FOREIGN:] if not seam.isascii() or "\0" in seam else ""
        yield text
