"""Text as it stands in a part: expressions for what programs write, and what it means.

A part is looked through as Latin-1, byte by byte. Only bytes and references of characters count that XML can have, and
none from U+F000 on, where some are that it cannot.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

TEXT = r"[\t\n -;=?-~\x80-\xee\xf0-\xf4]*+"
"""The expression of a text. What its references say is looked at later."""

BLANK = r"[\t\n\r ]{0,99}+"
"""The expression of what is before each tag where a program indents them."""

_NUMBERS = r"9|1[03]|3[2-9]|[4-9]\d|[1-9]\d{2,3}|[1-4]\d{4}|x(?:[2-9A-Fa-f]|[1-9A-Ca-c][\dA-Fa-f]{1,2})[\dA-Fa-f]"
_REFERENCE = f"&(?:#(?:{_NUMBERS})|amp|lt|gt|quot|apos);"
_SIGN = TEXT.replace(" -;", " -%'-;")
CHECKED_TEXT = rf"{_SIGN}(?:{_REFERENCE}{_SIGN})*+"
"""The expression of a text all of whose references are known."""

_CHARACTER = re.compile(f"&(?:#({_NUMBERS})|(amp|lt|gt|quot|apos));", re.ASCII)
_NO_CHARACTER = re.compile(f"&(?!{_REFERENCE.removeprefix('&')})", re.ASCII)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}

# White space before the end of a text is a part of it.
_TAG = re.compile(r"(?<!\?)<(?!/[vtf])")
_NAME = re.compile(r"(</?)(?=\w|\(\?>)")


class Tags(NamedTuple):
    """How a part writes its tags: with which prefix, a colon included, and whether with white space before them."""

    prefix: str = ""
    are_indented: bool = False


def compiled(markup: str, tags: Tags) -> re.Pattern[str]:
    """Return the pattern of markup, given as if its tags had neither."""
    spaced = _TAG.sub(f"{BLANK}<".replace("\\", r"\\"), markup) if tags.are_indented else markup
    return re.compile(_NAME.sub(rf"\g<1>{tags.prefix}", spaced), re.ASCII)


def is_bare(text: str) -> bool:
    """Return whether a text means what it says, byte by byte."""
    return text.isascii() and "&" not in text


def decoded(markup: str, texts: Sequence[str]) -> Sequence[str]:
    """Return what the texts in ``markup`` mean.

    Raises:
        ValueError: Something in it is no text; the parser says what.
    """
    if is_bare(markup):
        return texts
    # Formulas are not kept, but the parser reads them as well.
    if _NO_CHARACTER.search(markup):
        raise ValueError
    str(markup.encode("latin-1"), "utf-8")
    # No text has the character between them.
    text = "\0".join(texts)
    if is_bare(text):
        return texts
    return _CHARACTER.sub(_character, str(text.encode("latin-1"), "utf-8")).split("\0")


def _character(reference: re.Match[str]) -> str:
    number, name = reference.groups()
    return _NAMED[name] if name else chr(int(f"0{number}", 16 if number.startswith("x") else 10))
