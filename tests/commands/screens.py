"""A stream for a person, or for a program, and what was written to it."""

import io
from collections.abc import Mapping

from shared.commands.terminal import Terminal


class Screen(io.StringIO):
    """Somebody looks on, if it is a terminal."""

    def __init__(self, *, is_terminal: bool = False, environment: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._is_terminal = is_terminal
        self.terminal = Terminal(self, environment or {})

    def isatty(self) -> bool:
        return self._is_terminal

    def lines(self) -> list[str]:
        return self.getvalue().splitlines()
