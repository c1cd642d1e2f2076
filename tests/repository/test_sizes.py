"""Functions have at most 30 lines, files at most 250; and the walk through the code names what is there."""

import ast
import re
from itertools import groupby
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("shared", "local", "bench")
FILES = [
    file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py")) if "node_modules" not in file.parts
] + [ROOT / "function_app.py"]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

LONGEST_FILE, LONGEST_FUNCTION = 250, 30
"""Lines; of a function, those of its body without the docstring."""


def body_lines(function: ast.FunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_and_functions_are_short(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    assert text.count("\n") <= LONGEST_FILE
    assert [function.name for function in functions if body_lines(function) > LONGEST_FUNCTION] == []


def test_the_walk_through_the_code_names_what_is_there() -> None:
    steps = re.findall(r"^\d+\. (.+)$", GUIDE, re.MULTILINE)
    assert len(steps) > 10
    for step in steps:
        code = "".join((ROOT / page).read_text(encoding="utf-8") for page in re.findall(r"\]\((\S+\.py)\)", step))
        names = {part for name in re.findall(r"`([\w.]+)`", step) for part in name.split(".")}
        assert {name for name in names if not re.search(rf"\b(?:def|class) {name}\b", code)} <= {"resume_manifest"}, (
            step
        )


def test_each_walk_passes_each_wing_once() -> None:
    walks = GUIDE.partition("## Finding your way")[2].partition("Where numbers are")[0].split("\n\nFrom ")[1:]
    assert len(walks) == 2
    for walk in walks:
        wings = [wing for wing, _ in groupby(re.findall(r"\]\((shared/\w+)", walk))]
        assert len(wings) == len(set(wings)) >= 4, wings
