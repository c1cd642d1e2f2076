"""The PowerShell sample, compared as text with its Python twin, as there may be no PowerShell to run it."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = (ROOT / "samples" / "script" / "drop_and_wait.py").read_text()
POWERSHELL = (ROOT / "samples" / "script" / "Invoke-ManifestUpload.ps1").read_bytes()
TWIN = POWERSHELL.decode()
CODE = re.sub(r"(?m)(?<!\S)#.*$", "", re.sub(r"(?s)<#.*?#>", "", TWIN))
LATER_SYNTAX = {
    "null coalescing": r"\?\?",
    "null conditional": r"\?\.",
    "pipeline chain": r"&&|\|\|",
    "ternary": r"\s\?\s",
    "parallel": r"-Parallel\b",
    "status without an exception": r"-SkipHttpErrorCheck\b",
}


@pytest.mark.parametrize("pattern", LATER_SYNTAX.values(), ids=LATER_SYNTAX.keys())
def test_windows_powershell_knows_its_syntax(pattern: str) -> None:
    assert not re.search(pattern, CODE)


def test_windows_powershell_reads_its_characters_without_a_mark() -> None:
    assert POWERSHELL.isascii()
    assert re.search(r"(?m)^#Requires -Version 5\.1$", TWIN)


def test_no_page_is_parsed_and_no_error_of_az_is_redirected() -> None:
    assert CODE.count("Invoke-WebRequest -") == CODE.count("-UseBasicParsing") == 1
    assert "2>" not in CODE


def test_both_say_and_exit_with_the_same() -> None:
    kinds = (
        "has it expired, and does it allow to read, create and write[?]|"
        "you need the role Storage Blob Data Contributor on the container|Is the URL of the container right[?]|"
        "No connection to|is no URL of a container|Signing in has failed: run az login, or use a URL with a SAS|"
        "Somebody has dropped another file as|What was dropped stays dropped|The name is empty|"
        "is never a manifest: the app's own blobs end so|Signing in needs https[.] Without it, use a URL with a SAS|"
        "No status yet[.] Is the app running, and signed in[?] docs/troubleshooting.md says where to look"
    )
    ours, twin = (set(re.findall(kinds, text)) for text in (PYTHON, TWIN))
    assert twin == ours
    assert len(ours) == kinds.count("|") + 1
    meaning = r"(?m)^ *([0-3])  +(.*)$"
    statuses = dict(re.findall(meaning, PYTHON))
    assert {code: text.replace(" its arguments,", "") for code, text in statuses.items()} == dict(
        re.findall(meaning, TWIN)
    )
    assert {int(code) for code in re.findall(r"\bexit (\d)", CODE)} == {int(code) for code in statuses} == {0, 1, 2, 3}


def test_the_members_that_it_reads_are_those_of_the_status() -> None:
    members = json.loads((ROOT / "schemas" / "status.schema.json").read_text())["properties"].keys()
    read = set(re.findall(r"\$(?:status|end)\.(\w+)", CODE))
    assert {"etag", "state", "final", "results", "previous", "message"} <= read <= members


def test_a_token_goes_into_a_header_and_nowhere_else() -> None:
    assert re.findall(r".*Get-Token.*", CODE) == [
        "function Get-Token {",
        "    if (-not $Container.Query) { $all['Authorization'] = \"Bearer $(Get-Token)\" }",
    ]
