"""The README's tables say what the code does, and all of it."""

import re
from pathlib import Path

import pytest

from shared import manifest
from shared.job.lifecycle import MOVES
from shared.job.record import FINAL, State

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
CODES = {**manifest.ISSUES, **manifest.TARGET_ISSUES}


def section(name: str) -> str:
    begin, end = re.search(rf"<!-- {name}: begin.*?-->", README), README.find(f"<!-- {name}: end -->")
    assert begin
    return README[begin.end() : end]


def codes_table() -> str:
    rows = [f"| `{code}` | issue | {shown(told)} |" for code, told in sorted(CODES.items())]
    rows += [f"| `{code}` | warning | {shown(told)} |" for code, told in sorted(manifest.WARNINGS.items())]
    return "\n".join(["", "| code | kind | what to do |", "| --- | --- | --- |", *rows, ""])


def shown(template: str) -> str:
    """Show a template with an ellipsis for each fact; one at its end is left out."""
    text = re.sub(r"(?<!{){[^{}]*}(?!})", "…", template.removesuffix(".{}") + "." * template.endswith(".{}"))
    return text.removesuffix(" …").replace("{{", "{").replace("}}", "}").replace("|", "\\|")


def test_every_code_is_told() -> None:
    assert section("codes") == codes_table()


def test_every_setting_is_told() -> None:
    read = set()
    for file in (ROOT / "shared" / "config" / "settings.py", ROOT / "function_app.py"):
        read |= set(re.findall(r'"((?:[A-Z]+_)+[A-Z]+)"', file.read_text(encoding="utf-8")))
        read |= set(re.findall(r"%([A-Z_]+)%", file.read_text(encoding="utf-8")))
    told = set(re.findall(r"`((?:[A-Z]+_)+[A-Z]+)`", section("settings")))
    assert told == read


@pytest.mark.parametrize("state", State)
def test_every_state_is_told(state: State) -> None:
    assert f"| `{state}` | {'yes' if state in FINAL else 'no'} |" in README


def test_the_life_that_is_drawn_is_the_one_that_is_lived() -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+)", README, re.MULTILINE))
    assert drawn == {(state, following) for state, all_following in MOVES.items() for following in all_following}


def test_every_make_target_is_told() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    assert targets == set(re.findall(r"`make ([a-z]+)`", README))


def anchors(page: Path) -> set[str]:
    """The names by which the headings of a page are linked, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https://)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8"))
    for file, anchor in links:
        target = page.parent / file if file else page
        assert target.exists(), file
        assert not anchor or anchor in anchors(target), (file, anchor)
