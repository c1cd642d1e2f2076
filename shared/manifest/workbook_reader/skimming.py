"""What a part has so much of that an XML parser takes long: it is taken out before, by how programs write it."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Protocol

from shared.manifest.workbook_reader import runs
from shared.manifest.workbook_reader.markup import URI
from shared.manifest.workbook_reader.plain_text import Tags
from shared.manifest.workbook_reader.unreadable import LONGEST

# Each prefix has expressions of its own, which stay in memory: only those that programs write will do.
_NAMESPACE = re.compile(rf'\sxmlns(?::(x|ns0))?="{URI}"', re.ASCII)
_OTHER_ENCODING = re.compile(r"""(?:\xef\xbb\xbf)?<\?xml\s[^>]*encoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
_INSTRUCTION = re.compile(r"<\?(?!xml )")
_INDENTED = re.compile(r"\s<(?:\w+:)?(?:row|c|si)[ >]", re.ASCII)
_FEWEST_BETWEEN, _GAPS_ALLOWED = 4, 100


class Plain(Protocol):
    """Takes elements of one name out of a part, as long as they have a form that programs write."""

    @property
    def name(self) -> str:
        """Return the name of the elements."""
        ...

    @property
    def taken(self) -> int:
        """Return how many have been taken."""
        ...

    def pattern(self, tags: Tags) -> re.Pattern[str]:
        """Return the pattern of an element that can be taken."""
        ...

    def take(self, text: str, tags: Tags) -> int:
        """Take the elements with which ``text`` begins, and return where they end."""
        ...

    def learn(self, markup: str, tags: Tags) -> None:
        """See what lies between those that are taken."""
        ...


def skimmed(pieces: Iterator[bytes], plain: Plain) -> Iterator[bytes]:
    """Yield a part without the elements that ``plain`` takes, each of them after what is before it has been parsed."""
    skimming = _Skimming(plain)
    for piece in pieces:
        text = str(piece, "latin-1")
        if not skimming.add(text):
            pieces = chain([piece], pieces)
            break
        yield from skimming.between()
        if skimming.is_over:
            break
        yield b""
    yield from chain([skimming.rest()], pieces)


class _Skimming:
    def __init__(self, plain: Plain) -> None:
        self._plain = plain
        self._tags = Tags()
        self._is_known = self._has_runs = False
        self._text = ""
        self._gaps = 0
        self.is_over = False

    def add(self, piece: str) -> bool:
        """Add a piece, unless all from it on is to be parsed."""
        text = self._text + piece
        if not self._is_known and (namespace := _NAMESPACE.search(text)):
            self._tags = Tags(f"{namespace[1]}:" if namespace[1] else "")
            root = text[text.rfind("<", 0, namespace.start()) :]
            self._is_known = not root.startswith(f"<{self._tags.prefix}{self._plain.name}")
        # Where more is held, a text in it might be longer than one may be. A single character is found at once.
        is_odd = len(text) > LONGEST or ("!" in text and "<!" in text) or runs.are_confused_by(piece)
        if is_odd or not self._is_known or _OTHER_ENCODING.match(text):
            return False
        self._text = runs.shortened(text, self._tags.prefix) if self._has_runs else text
        return True

    def between(self) -> Iterator[bytes]:
        """Take what can be taken, and yield what lies between, up to the last element's end."""
        prefix = self._tags.prefix
        while left := self._left():
            markup = runs.restored(left, prefix)
            self._gaps += 1
            # Few at a time take longer here.
            if _is_aside(markup, prefix) or self._plain.taken < _FEWEST_BETWEEN * (self._gaps - _GAPS_ALLOWED):
                self.is_over = True
                return
            yield markup.encode("latin-1")
            self._text = self._text[len(left) :]
            self._learn(markup)

    def rest(self) -> bytes:
        """Return what has been neither taken nor yielded."""
        return runs.restored(self._text, self._tags.prefix).encode("latin-1")

    def _learn(self, markup: str) -> None:
        self._plain.learn(markup, self._tags)
        if not self._tags.are_indented and _INDENTED.search(markup):
            self._tags = self._tags._replace(are_indented=True)
        if not self._has_runs and runs.are_in(markup, self._tags.prefix):
            self._has_runs = True
            self._text = runs.shortened(self._text, self._tags.prefix)

    def _left(self) -> str:
        """Take what can be taken, and return what is left before the next element that can, or to the last one's end.

        An element that begins within another one is none of ours.
        """
        # What comes first is the root, or should be.
        if self._gaps:
            self._text = self._text[self._plain.take(self._text, self._tags) :]
        match = self._plain.pattern(self._tags).match
        end_tag, end = f"</{self._tags.prefix}{self._plain.name}>", 0
        while (found := self._text.find(end_tag, end)) >= 0:
            end = found + len(end_tag)
            if match(self._text, end):
                break
        return self._text[:end]


def _is_aside(markup: str, prefix: str) -> bool:
    """Return whether an instruction to a program, or another kind of element, may have begun between elements."""
    return (
        _INSTRUCTION.search(markup) is not None
        or f"</{prefix}sheetData" in markup
        or ("xmlns" in markup and _other_namespace(prefix).search(markup) is not None)
    )


@cache
def _other_namespace(prefix: str) -> re.Pattern[str]:
    name = f"xmlns:{prefix.rstrip(':')}" if prefix else "xmlns"
    return re.compile(rf'\s{name}\s*=(?!"{URI}")')
