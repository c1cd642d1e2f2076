"""Runs: the parts of a text that look different (ECMA-376, part 1, 18.4.4).

The markup before and after each is written as one character, which no text has, before texts are looked for. How a run
looks is lost with it, and nobody asks.
"""

import re
from collections.abc import Sequence
from functools import cache

from shared.manifest.workbook_reader.plain_text import BLANK, Tags, compiled

_BEFORE, _AFTER = "\x01", "\x02"
_MOST_ALIKE = 2

OPENING = r'<t(?> xml:space="preserve"|)'
"""The expression of the start tag of a text, up to its bracket."""


_LOOK = "b|charset|color|condense|extend|family|i|outline|rFont|scheme|shadow|strike|sz|u|vertAlign"
_ATTRIBUTES = r"""(?: [\w:]+="[ !#-%'-;=?-~\x80-\xee\xf0-\xf4]*+")*+"""
_LOOKS = rf"<rPr(?> ?/>|>{BLANK}(?:<(?>{_LOOK}){_ATTRIBUTES} ?/>{BLANK})*+</rPr>)"


def text_or_runs(text: str) -> str:
    """Return the expression of a text, whole or in runs, of which ``text`` is that of each; a group takes it."""
    # Where a repeated group begins, what all groups before it have found is copied: most texts do not get there.
    return (
        rf"(?>(?>{OPENING}>(?!{_BEFORE})|{BLANK}(?={_BEFORE}))({text}(?=</t>)|(?:{_BEFORE}{text}{_AFTER})++)"
        rf"(?>(?<={_AFTER})|</t>)|{OPENING} ?/>)"
    )


def are_in(markup: str, prefix: str) -> bool:
    """Return whether there are runs in markup."""
    return f"</{prefix}r>" in markup


def are_confused_by(markup: str) -> bool:
    """Return whether what is no XML has one of these characters."""
    return _BEFORE in markup or _AFTER in markup


def shortened(markup: str, prefix: str) -> str:
    """Write what is around runs as single characters."""
    before, after = _around(prefix)
    # What stands there is found faster than what fits an expression: one look or two is all that most texts have.
    for _ in range(_MOST_ALIKE):
        if not (found := before.search(markup)):
            break
        markup = _BEFORE.join(markup.split(found[0]))
    markup = _AFTER.join(before.sub(_BEFORE, markup).split(f"</{prefix}t></{prefix}r>"))
    return after.sub(_AFTER, markup) if are_in(markup, prefix) else markup


def restored(markup: str, prefix: str) -> str:
    """Write runs that mean the same for the parser."""
    before, after = f'<{prefix}r><{prefix}t xml:space="preserve">', f"</{prefix}t></{prefix}r>"
    return markup.replace(_BEFORE, before).replace(_AFTER, after)


def joined(texts: Sequence[str]) -> Sequence[str]:
    """Join the runs of each text."""
    # No text has the character between them.
    text = "\0".join(texts)
    return text.replace(_BEFORE, "").replace(_AFTER, "").split("\0") if _AFTER in text else texts


@cache
def _around(prefix: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    before = compiled(rf"<r>{BLANK}(?>{_LOOKS}{BLANK}|){OPENING}>", Tags(prefix))
    after = compiled(rf"</t>{BLANK}</r>{BLANK}", Tags(prefix))
    return before, after
