"""Runs: the parts of a text that look different (ECMA-376, part 1, 18.4.4).

What is before and after each is written as one character, which no text has, before texts are looked for. What is left
to the parser is written out again.
"""

from collections.abc import Sequence

from shared.manifest.workbook_reader.plain_text import TEXT, compiled

_AFTER = "\x01"
_BEFORE = "\x02\x03\x04\x05\x06\x07\x08\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
_ALL = f"{_AFTER}{_BEFORE}".encode()

_OPENING = r'<t(?> xml:space="preserve"|)'
# Where a repeated group begins, what all groups before it have found is copied: most texts do not get there.
TEXT_OR_RUNS = (
    rf"(?>(?>{_OPENING}>(?![{_BEFORE}])|(?=[{_BEFORE}]))({TEXT}(?=</t>)|(?:[{_BEFORE}]{TEXT}{_AFTER})++)"
    rf"(?>(?<={_AFTER})|</t>)|{_OPENING} ?/>)"
)
"""The expression of a text, whole or in runs; a group takes it."""

_LOOK = "<b|<charset|<color|<condense|<extend|<family|<i|<outline|<rFont|<scheme|<shadow|<strike|<sz|<u|<vertAlign"
_LOOKS = rf"<rPr(?> ?/>|>(?:(?:{_LOOK})[ -%'-.0-;=?-~\x80-\xee\xf0-\xf4]*+/>)*+</rPr>)"


_LONGEST = 500
"""Characters of markup that is remembered: what has been written in few of them is written out again at once."""


class Runs:
    """The markup around runs, as far as it has been seen."""

    def __init__(self) -> None:
        self._written: dict[str, str] = {}

    def learn(self, markup: str, prefix: str) -> None:
        """Remember how runs begin and end in markup that is well formed."""
        if f"</{prefix}r>" in markup:
            self._remember(rf"<r>(?>{_LOOKS}|){_OPENING}>", _BEFORE, markup, prefix)
            self._remember("</t></r>", _AFTER, markup, prefix)

    def _remember(self, form: str, characters: str, markup: str, prefix: str) -> None:
        """Give each piece of markup of a form one of the characters that are left."""
        found = compiled(form, prefix, is_indented=True).findall(markup)
        new = dict.fromkeys(each for each in found if each not in self._written and len(each) <= _LONGEST)
        free = [each for each in characters if each not in self._written.values()]
        self._written |= dict(zip(new, free, strict=False))
        # One may be the end of another.
        self._written = dict(sorted(self._written.items(), key=lambda each: -len(each[0])))

    def shortened(self, text: str) -> str:
        """Write markup as single characters."""
        for markup, character in self._written.items():
            # This looks through a text once, ``replace`` twice.
            text = character.join(text.split(markup))
        return text

    def restored(self, text: str) -> str:
        """Write markup out again."""
        for markup, character in self._written.items():
            text = text.replace(character, markup)
        return text


def is_confusing(text: str) -> bool:
    """Return whether what is no XML has characters that stand for markup here."""
    return any(each in text for each in _AFTER + _BEFORE)


def joined(texts: Sequence[str]) -> Sequence[str]:
    """Join the runs of each text."""
    # No text has the character between them.
    text = "\0".join(texts)
    if _AFTER not in text:
        return texts
    return str(text.encode().translate(None, _ALL), "utf-8").split("\0")
