"""Tables in Markdown."""

from itertools import dropwhile, takewhile


def table(text: str, heading: str) -> list[list[str]]:
    """Give the cells of the first table below a heading, without its head."""
    lines = text.partition(f"\n{heading}\n")[2].splitlines()
    rows = takewhile(lambda line: line.startswith("|"), dropwhile(lambda line: not line.startswith("|"), lines))
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows][2:]
