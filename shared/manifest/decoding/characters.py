"""Bytes into text: UTF-8 where nothing else is announced, Windows-1252 where that fails at once."""

import codecs
from collections.abc import Iterator

from shared.manifest.decoding.file_type import Encoding
from shared.manifest.findings import Report, UnreadableError
from shared.manifest.messages import WARNINGS

PIECE = 131_072
"""Bytes decoded at once: enough to be quick, few enough that no character width matters to the memory."""

_FALLBACK = "cp1252"
_SPOKEN = {
    "utf-8": "not UTF-8, unlike the text before it",
    "utf-16-le": "not UTF-16, unlike the text before it",
    "utf-16-be": "not UTF-16, unlike the text before it",
    _FALLBACK: "neither UTF-8 nor Windows-1252",
}


def decoded(chunks: Iterator[bytes], encoding: Encoding, report: Report) -> Iterator[str]:
    """Decode a text in pieces, its byte-order mark left out.

    Raises:
        UnreadableError: Some bytes are none of the encoding; what stands before them has been given.
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

    def decode(self, data: bytes | memoryview, *, final: bool = False) -> Iterator[str]:
        try:
            yield self._noted(self._decoder.decode(data, final))
        except UnicodeDecodeError as fault:
            yield self._noted(fault.object[: fault.start].decode(self._encoding))
            # Fall back, but only while all was ASCII: otherwise something that once was right would change.
            if not self._may_guess:
                raise self._broken() from fault
            self._may_guess = False
            self._begin(_FALLBACK)
            self._report.warning(None, None, "guessed_encoding", WARNINGS["guessed_encoding"])
            yield from self.decode(fault.object[fault.start :], final=final)

    def _noted(self, text: str) -> str:
        self._may_guess = self._may_guess and text.isascii()
        self._report.characters += len(text)
        return text

    def _broken(self) -> UnreadableError:
        message = f"Some text here is {_SPOKEN[self._encoding]}. Save the file as UTF-8 from where it was made."
        return UnreadableError("broken_encoding", message)
