"""Redacts the token: each header and body of an answer passes here before it is kept or logged."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator

MARK = b"(token)"

_ESCAPES = re.compile(rb"(?<!\\)\\{1,4}(?:u00([2-7][0-9a-fA-F])|/)|%(?:25){0,3}(?!25)([2-7][0-9a-fA-F])")
"""A character escaped as in JSON or percent-encoded as in a URL, also where that was done two or three times over."""


def redact(foreign: bytes, token: str) -> bytes:
    """Return a foreign text with ``MARK`` in place of the token: plain, in base64, or with escaped characters.

    >>> redact(b'{"description": "no: Bearer abc%2Ddef"}', "abc-def")
    b'{"description": "no: Bearer (token)"}'
    """
    secret = token.encode()
    for spelling in (secret, *_in_base64(secret)):
        foreign = foreign.replace(spelling, MARK)
    # Decoding is slow, and nearly no answer has an escape.
    if b"\\" not in foreign and b"%" not in foreign:
        return foreign
    # Only the token's own characters are decoded, and neither quotes nor backslashes, so that JSON stays valid JSON.
    characters = {f"{code:02x}".encode(): bytes([code]) for code in set(secret) - set(b'"\\')}
    plain = replaced(
        _ESCAPES, lambda escape: characters.get((escape[1] or escape[2] or b"2f").lower(), escape[0]), foreign
    )
    return plain.replace(secret, MARK) if secret in plain else foreign


def replaced(pattern: re.Pattern[bytes], by: Callable[[re.Match[bytes]], bytes], text: bytes) -> bytes:
    """Replace all matches as ``pattern.sub`` does, but without its list of pieces, which takes 40 times the memory."""
    whole, end = bytearray(), 0
    for match in pattern.finditer(text):
        whole += text[end : match.start()]
        whole += by(match)
        end = match.end()
    return bytes(whole + text[end:])


def _in_base64(secret: bytes) -> Iterator[bytes]:
    """Return how base64 of a longer text may contain a secret: at each of three offsets, without the ends that vary."""
    for place, shared in enumerate((0, 2, 3)):
        after = (place + len(secret)) % 3
        encoded = b64encode(bytes(place) + secret).rstrip(b"=")
        yield encoded[shared : len(encoded) - (after > 0)]
