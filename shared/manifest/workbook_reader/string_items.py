"""The part of a workbook that holds the shared strings."""

import re
from collections.abc import Iterator
from functools import cache

from shared.manifest.workbook_reader.cell_values import unescaped
from shared.manifest.workbook_reader.markup import MAIN, parse
from shared.manifest.workbook_reader.plain_text import CHECKED_TEXT, Tags, compiled, decoded
from shared.manifest.workbook_reader.runs import OPENING, joined, text_or_runs
from shared.manifest.workbook_reader.skimming import skimmed
from shared.manifest.workbook_reader.strings import Strings
from shared.manifest.workbook_reader.unreadable import LONGEST, too_long

_ITEM, _TEXT, _PHONETIC = f"{MAIN}si", f"{MAIN}t", f"{MAIN}rPh"
# East Asian versions of Excel write after a text how parts of it are pronounced.
_NUMBERS = r'(?: [A-Za-z]{1,30}="\w{0,30}"){0,9}'
_PRONUNCIATION = rf"(?:<rPh{_NUMBERS}>{OPENING}>{CHECKED_TEXT}</t></rPh>)*+(?><phoneticPr{_NUMBERS} ?/>|)"
# Were references looked at later, one that is unknown would have all items before it looked at again.
_PLAIN = rf"<si>{text_or_runs(CHECKED_TEXT)}{_PRONUNCIATION}</si>"


def read_strings(pieces: Iterator[bytes], strings: Strings) -> None:
    """Read the part that holds the shared strings."""
    for _ in parse(skimmed(pieces, _PlainItems(strings)), _Items(strings)):
        pass


class _PlainItems:
    """Takes items out of the part, as it takes the parser five calls for each of them."""

    name = "si"

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self.taken = 0

    def pattern(self, tags: Tags) -> re.Pattern[str]:
        """Return the pattern of an item that can be taken."""
        return _pattern(tags)

    def take(self, text: str, tags: Tags) -> int:
        """Take the items with which ``text`` begins, and return where they end."""
        items = _pattern(tags, "++").match(text)
        if items is None:
            return 0
        try:
            texts = joined(decoded(items[0], _pattern(tags).findall(items[0])))
        except ValueError:
            # The parser says what is wrong.
            return 0
        self._strings.add(list(map(unescaped, texts)) if "_" in "".join(texts) else texts)
        self.taken += len(texts)
        return items.end()

    def learn(self, markup: str, tags: Tags) -> None:
        """Learn nothing: all items are alike."""


@cache
def _pattern(tags: Tags, times: str = "") -> re.Pattern[str]:
    return compiled(f"(?:{_PLAIN}){times}", tags)


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
