"""The errors that several parts of a workbook have in common."""

from shared.manifest.findings import Place, UnreadableError

LONGEST = 32_767
"""Characters that a cell may have: Excel's own limit."""


def damaged(reason: str, line: int | None = None) -> UnreadableError:
    """Return the error for an archive or a part that is damaged; ``reason`` is a clause."""
    return UnreadableError("workbook_damaged", reason, at=Place(line=line))


def too_long() -> UnreadableError:
    """Return the error for a cell of more than ``LONGEST`` characters."""
    return UnreadableError("value_too_large", "A cell", LONGEST, "characters, which is Excel's limit")
