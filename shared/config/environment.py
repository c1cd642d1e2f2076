"""Reads environment variables, and collects a fault for each that is missing or invalid."""

import re
from collections.abc import Callable, Mapping

_CREDENTIALS = re.compile(r"//[^/]*@")


class Reader:
    """An environment, and the faults found in it so far: a text for each invalid variable."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read from ``environment``, where a variable of blanks counts as missing."""
        self._environment = environment
        self.faults: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """Return a variable without blanks at its ends, or the default if it is missing."""
        return self._environment.get(name, "").strip() or default

    def optional(self, name: str) -> str | None:
        """Return a variable, or None if it is missing."""
        return self.text(name) or None

    def required(self, name: str, why: str) -> str:
        """Return a variable; if it is missing, add a fault that says ``why`` it is needed, and return an empty text."""
        value = self.text(name)
        if not value:
            self.faults.append(f"{name} is missing: {why}")
        return value

    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Return a variable that is one of the choices; for any other value, add a fault and return the default."""
        value = self.text(name, default)
        if value not in choices:
            self.faults.append(f"{name} is {value!r}, which is none of {', '.join(choices)}")
            return default
        return value

    def parsed[T](self, name: str, default: str, parse: Callable[[str], T], shape: str) -> T:
        """Return ``parse`` of a variable; if it raises ValueError, add a fault with the ``shape`` expected."""
        value = self.text(name, default)
        try:
            return parse(value)
        except ValueError:
            # Faults are logged, and a URL may have been set with a password in it.
            shown = _CREDENTIALS.sub("//…@", value)
            self.faults.append(f"{name} is {shown!r}, which is no {shape}")
            return parse(default)
