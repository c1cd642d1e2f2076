"""Each exemption from a check states its reason on its line."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("shared", "local", "bench", "tests")
EXEMPTION = re.compile(r"# (?:noqa(?:: [A-Z]+\d+(?:,\s?[A-Z]+\d+)*)?|type: ignore(?:\[[\w,-]+\])?|pragma: no \w+)")


def test_every_exemption_gives_its_reason() -> None:
    files = [ROOT / "function_app.py", *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))]
    lines = [line for file in files if "node_modules" not in file.parts for line in file.read_text().splitlines()]
    exempted = [(line, end.end()) for line in lines if (end := EXEMPTION.search(line))]
    assert exempted
    assert [line for line, end in exempted if not re.search(r"\w", line[end:])] == []
