"""The part of a workbook that holds the shared strings."""

import re
from collections.abc import Iterator
from functools import cache

from shared.manifest.workbook_reader.cell_values import unescaped
from shared.manifest.workbook_reader.markup import MAIN, parse
from shared.manifest.workbook_reader.plain_text import TEXT, compiled, decoded
from shared.manifest.workbook_reader.runs import OPENING, TEXT_OR_RUNS, joined
from shared.manifest.workbook_reader.skimming import skimmed
from shared.manifest.workbook_reader.strings import Strings
from shared.manifest.workbook_reader.unreadable import LONGEST, too_long

_ITEM, _TEXT, _PHONETIC = f"{MAIN}si", f"{MAIN}t", f"{MAIN}rPh"
# East Asian versions of Excel write after a text how parts of it are pronounced.
_NUMBERS = r'(?: [A-Za-z]{1,30}="\w{0,30}"){0,9}'
_PRONUNCIATION = rf"(?:<rPh{_NUMBERS}>{OPENING}>{TEXT}</t></rPh>)*+(?><phoneticPr{_NUMBERS} ?/>|)"
_PLAIN = rf"<si>{TEXT_OR_RUNS}{_PRONUNCIATION}</si>"
_INDENTED = re.compile(r"\s<(?:\w+:)?si>", re.ASCII)


def read_strings(pieces: Iterator[bytes], strings: Strings) -> None:
    """Read the part that holds the shared strings."""
    for _ in parse(skimmed(pieces, _PlainItems(strings)), _Items(strings)):
        pass


class _PlainItems:
    """Takes items out of the part, as it takes the parser five calls for each of them."""

    name = "si"

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self._is_indented = False
        self.taken = 0

    def begins(self, text: str, at: int, prefix: str) -> bool:
        """Return whether an item that can be taken is at ``at``."""
        return self._pattern(prefix).match(text, at) is not None

    def take(self, text: str, prefix: str) -> int:
        """Take the items with which ``text`` begins, and return where they end."""
        items = self._pattern(prefix, "++").match(text)
        if items is None:
            return 0
        try:
            texts = joined(decoded(items[0], self._pattern(prefix).findall(items[0])))
        except ValueError:
            # The parser says what is wrong.
            return 0
        self._strings.add([*map(unescaped, texts)] if "_" in items[0] else texts)
        self.taken += len(texts)
        return items.end()

    def learn(self, markup: str, _: str) -> None:
        """See whether items are indented."""
        self._is_indented = self._is_indented or _INDENTED.search(markup) is not None

    def _pattern(self, prefix: str, times: str = "") -> re.Pattern[str]:
        return _pattern(prefix, times, is_indented=self._is_indented)


@cache
def _pattern(prefix: str, times: str, *, is_indented: bool) -> re.Pattern[str]:
    return compiled(f"(?:{_PLAIN}){times}", prefix, is_indented=is_indented)


class _Items:
    """Takes the texts of the items, plain or in runs; phonetic runs, which say how to read them, are left out."""

    def __init__(self, strings: Strings) -> None:
        self.depth = 0
        self._strings = strings
        self._text = ""
        self._takes = False
        self._phonetic = 0

    def start(self, name: str, _: dict[str, str]) -> None:
        self.depth += 1
        if name == _TEXT:
            self._takes = not self._phonetic
        elif name == _ITEM:
            self._text = ""
        elif name == _PHONETIC:
            self._phonetic += 1

    def end(self, name: str) -> None:
        self.depth -= 1
        if name == _TEXT:
            self._takes = False
        elif name == _ITEM:
            self._strings.add([unescaped(self._text)])
        elif name == _PHONETIC:
            self._phonetic -= 1

    def text(self, text: str) -> None:
        if self._takes:
            self._text += text
            if len(self._text) > LONGEST:
                raise too_long()
