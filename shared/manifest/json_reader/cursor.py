"""A place in a JSON text of any length, of which only a window is in memory."""

import json
import re
from collections.abc import Iterator

from shared.manifest.device_rules import LARGEST
from shared.manifest.findings import Place, UnreadableError


class Doubled(dict[str, object]):
    """An object in which each of ``names`` occurs twice, with different values."""

    def __init__(self, members: dict[str, object], names: frozenset[str]) -> None:
        super().__init__(members)
        self.names = names


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    return Doubled(members, frozenset(name for name, value in pairs if members[name] != value))


# float: int() refuses numbers of more than 4,300 digits, and no number matters here.
DECODER = json.JSONDecoder(parse_int=float, object_pairs_hook=_members)

_NOT_SPACE = re.compile(r"[^ \t\n\r]")
_LONGEST_TOKEN = 16  # characters that a literal or an escape has at most, and a few

# The messages of the standard library in plain words.
_WORDS = {
    "Expecting value": "a value is missing, or is a text without double quotes",
    "Expecting property name enclosed in double quotes": "a name in double quotes must come here",
    "Expecting ':' delimiter": "a colon must come here",
    "Expecting ',' delimiter": "a comma or a closing bracket must come here",
    "Illegal trailing comma before end of object": "a comma too many before }",
    "Illegal trailing comma before end of array": "a comma too many before ]",
    "Unterminated string starting at": "a quote is opened and never closed",
    "Invalid control character at": "a line break, a tab or another control character is within quotes",
    "Invalid \\escape": "a backslash within quotes must be written twice",
    "Invalid \\uXXXX escape": "\\u must be followed by four hexadecimal digits",
}


class Cursor:
    """A place in a JSON text: ``text[at:]`` is what comes next, as far as it has been read."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self.text = ""
        self.at = 0
        self.ended = False
        self._pieces = pieces
        self._line, self._column = 1, 1  # of text[0]

    def more(self, least: int = 1) -> bool:
        """Read ``least`` characters or more and drop what is before ``at``; return ``False`` at the end of the text."""
        line, column = self._place(self.at)
        read = [self.text[self.at :]]
        try:
            for piece in self._pieces:
                read.append(piece)
                least -= len(piece)
                if least <= 0:
                    break
            else:
                self.ended = True
        except UnreadableError as error:
            raise error.on_line(line + "".join(read).count("\n")) from error
        if len(read) == 1:
            return False
        self._line, self._column = line, column
        self.text, self.at = "".join(read), 0
        return True

    def peek(self) -> str:
        """Go to the next character that is not white space, and return it; "" at the end of the text."""
        character = self.text[self.at : self.at + 1]
        if character > " ":
            return character
        while True:
            if found := _NOT_SPACE.search(self.text, self.at):
                self.at = found.start()
                return found.group()
            self.at = len(self.text)
            if not self.more():
                return ""

    def value(self) -> object:
        """Read a value of any type.

        Raises:
            UnreadableError: There is none, or it is too large.
        """
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as fault:
                if not self._is_cut_off(fault):
                    raise self.fault(fault.msg, fault.pos) from None
            except RecursionError:
                raise UnreadableError("nested_too_deeply", at=self.place()) from None
            else:
                is_whole = end < len(self.text) or self.ended  # a number at the very end may go on
                if is_whole and end - self.at <= LARGEST:
                    self.at = end
                    return value
            if len(self.text) - self.at > LARGEST:
                raise UnreadableError("value_too_large", "A device or a value", LARGEST, "characters", at=self.place())
            self._read_on()

    def _read_on(self) -> None:
        """Read until the text is twice as long, so that a long value is not decoded again after each piece."""
        self.more(len(self.text) - self.at)

    def _is_cut_off(self, fault: json.JSONDecodeError) -> bool:
        if self.ended:
            return False
        return fault.msg.startswith("Unterminated string") or fault.pos > len(self.text) - _LONGEST_TOKEN

    def skip(self, character: str) -> None:
        """Step over a character, which must come next."""
        if self.peek() != character:
            raise self.fault(f"{character} must come here")
        self.at += 1

    def opens(self, bracket: str, closing: str) -> bool:
        """Step over an opening bracket, and over the closing one if that is next; return whether it was."""
        self.skip(bracket)
        is_empty = self.peek() == closing
        self.at += is_empty
        return is_empty

    def go_to(self, at: int) -> None:
        """Go to a place of ``text``."""
        self.at = at

    def closes(self, bracket: str) -> bool:
        """Step over what must follow an item: a comma, or the closing bracket; return whether it was the bracket."""
        found = self.peek()
        if found not in (",", bracket):
            raise self.fault(f"a comma or {bracket} must come here")
        self.at += 1
        return found == bracket

    def place(self) -> Place:
        """Return the line of what comes next."""
        return Place(line=self._place(self.at)[0])

    def fault(self, what: str, at: int | None = None) -> UnreadableError:
        """Return the error for invalid syntax."""
        offset = self.at if at is None else at
        line, column = self._place(offset)
        if self.ended and not _NOT_SPACE.search(self.text, offset):
            what = "the text ends in the middle, as if the file was cut off"
        elif what == "Expecting value" and self.text.startswith("]", offset):
            what = "Illegal trailing comma before end of array"
        return UnreadableError("invalid_json", _WORDS.get(what.rstrip(": "), what), column, at=Place(line=line))

    def _place(self, offset: int) -> tuple[int, int]:
        """Return the line and the column, both from 1."""
        line, column, start = self._line, self._column, 0
        while (end := self.text.find("\n", start, offset)) >= 0:  # quicker than count(): devices have long lines
            line, column, start = line + 1, 1, end + 1
        return line, column + offset - start
