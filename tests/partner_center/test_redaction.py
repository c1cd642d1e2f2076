import time
import tracemalloc
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.partner_center.redaction import MARK, redact

TOKEN = "eyJ0eXAi.Oi-JK_V1Q.iLCJhbGci"


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


SPELLINGS = [
    TOKEN,
    escaped(TOKEN),
    escaped(TOKEN).upper().replace("U", "u"),
    TOKEN.replace("-", "\\u002d"),
    TOKEN.replace("-", "\\\\u002D"),
    TOKEN.replace(".", "%2E").replace("_", "%5f"),
    quote(quote(TOKEN.replace("-", "%2d"))),
    "".join(f"%{ord(character):02x}" for character in TOKEN),
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_token_is_found_in_every_spelling(spelling: str) -> None:
    text = f'{{"description": "no: Bearer {spelling}; 100% \\"sure\\""}}'
    assert redact(text.encode(), TOKEN).decode() == text.replace(spelling, "(token)")


@given(st.binary(max_size=5), st.binary(max_size=5), st.sampled_from([b64encode, urlsafe_b64encode]))
def test_a_token_is_found_within_base64(before: bytes, after: bytes, encode: object) -> None:
    assert callable(encode)
    assert MARK in redact(encode(before + TOKEN.encode() + after), TOKEN)


def test_an_opaque_token_with_slashes_and_quotes_is_found() -> None:
    assert redact(b'"a\\/b\\u002bc"', "a/b+c") == b'"(token)"'
    assert redact(b'"a\\u0022b"', 'a"c') == b'"a\\u0022b"'


@given(st.binary())
def test_what_has_no_token_stays_as_it_is(text: bytes) -> None:
    assert redact(text, TOKEN) == text


@pytest.mark.parametrize("piece", [b"\\u0065", b"%65", b"%25", b"\\", b"eyJ0eXAi.O"])
def test_time_and_memory_grow_with_the_size_alone(piece: bytes) -> None:
    text = piece * (2**19 // len(piece))
    began = time.process_time()
    redact(text, TOKEN)
    assert time.process_time() - began < 2  # a tenth of that where nothing else runs
    tracemalloc.start()
    redact(text, TOKEN)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 6 * len(text)
