"""The token out of everything foreign: each header and body of an answer passes here before it is kept or logged."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator

MARK = b"(token)"

_ESCAPES = re.compile(rb"(?<!\\)\\{1,4}(?:u00([2-7][0-9a-fA-F])|/)|%(?:25){0,3}(?!25)([2-7][0-9a-fA-F])")
"""A character as JSON or an address writes it, also where that was written once or twice more."""


def redact(foreign: bytes, token: str) -> bytes:
    """Replace every repetition of a token in a foreign text.

    It is found as it is, in base64, and with any of its characters as JSON escapes or percent-encoded.

    >>> redact(b'{"description": "no: Bearer abc%2Ddef"}', "abc-def")
    b'{"description": "no: Bearer (token)"}'
    """
    secret = token.encode()
    for spelling in (secret, *_in_base64(secret)):
        foreign = foreign.replace(spelling, MARK)
    # Nearly no answer has an escape, and then there is nothing more to look for.
    if b"\\" not in foreign and b"%" not in foreign:
        return foreign
    # Only characters of the token are decoded, and none that JSON is made of, so that JSON remains JSON.
    characters = {f"{code:02x}".encode(): bytes([code]) for code in set(secret) - set(b'"\\')}
    plain = replaced(
        _ESCAPES, lambda escape: characters.get((escape[1] or escape[2] or b"2f").lower(), escape[0]), foreign
    )
    return plain.replace(secret, MARK) if secret in plain else foreign


def replaced(pattern: re.Pattern[bytes], by: Callable[[re.Match[bytes]], bytes], text: bytes) -> bytes:
    """Replace all matches, as ``pattern.sub`` does, but without its list of pieces, which takes 40 times the text."""
    whole, end = bytearray(), 0
    for match in pattern.finditer(text):
        whole += text[end : match.start()]
        whole += by(match)
        end = match.end()
    return bytes(whole + text[end:])


def _in_base64(secret: bytes) -> Iterator[bytes]:
    """Encode a secret as a longer text in base64 has it: at three offsets, without the ends that others share."""
    for place, shared in enumerate((0, 2, 3)):
        after = (place + len(secret)) % 3
        encoded = b64encode(bytes(place) + secret).rstrip(b"=")
        yield encoded[shared : len(encoded) - (after > 0)]
