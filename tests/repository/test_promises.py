"""Each promise of the README has tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")


def promises(page: str, pattern: str) -> list[str]:
    return [promise.rstrip(".") for promise in re.findall(pattern, page, re.MULTILINE)]


def test_the_readme_and_the_page_promise_the_same() -> None:
    short = README.partition("## What is promised")[2].partition("\n## ")[0]
    assert promises(short, r"^- \*\*(.+?)\*\*") == promises(PAGE, r"^## (.+)$")


def test_each_promise_names_tests_that_exist() -> None:
    sections = PAGE.split("\n## ")[1:-1]
    for section in sections:
        files = re.findall(r"^- `(\S+\.py)`:((?:\s+`\w+`,?)+)", section, re.MULTILINE)
        assert files, section
        for file, names in files:
            tests = set(re.findall(r"^def (test_\w+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE))
            assert set(re.findall(r"\w+", names)) <= tests, file
