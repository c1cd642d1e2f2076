"""The PowerShell scripts are PowerShell: where no pwsh is at hand, a parser at least finds what could not be read."""

from pathlib import Path

import pytest
import tree_sitter_pwsh
from tree_sitter import Language, Parser

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(
    script
    for folder in ("infra", "local", "samples")
    for script in (ROOT / folder).rglob("*.ps1")
    if "node_modules" not in script.parts
)


def is_powershell(text: bytes) -> bool:
    return not Parser(Language(tree_sitter_pwsh.language())).parse(text).root_node.has_error


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_parses(script: Path) -> None:
    assert is_powershell(script.read_bytes())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_no_longer_parses_without_its_last_brace(script: Path) -> None:
    before, brace, after = script.read_bytes().rpartition(b"}")
    assert brace
    assert not is_powershell(before + after)
