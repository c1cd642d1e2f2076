"""The tables of the pages say what the code does, and all of it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from local import pages
from shared.job import faults
from shared.job.status_document import FINAL, Fault, State
from shared.job.transitions import MOVES

ROOT = Path(__file__).parents[2]
DOCS = {page.stem: page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md")}


@pytest.mark.parametrize(
    ("page", "name", "table"),
    [
        ("codes", "codes", pages.codes_table),
        ("codes", "device errors", pages.device_errors_table),
        ("manifests", "names", pages.names_table),
    ],
)
def test_tables_that_are_made_are_up_to_date(page: str, name: str, table: Callable[[], str]) -> None:
    assert pages.section(DOCS[page], name) == table(), "run: python -m local.pages"


def test_every_sample_is_described() -> None:
    table = DOCS["manifests"].partition("\n## The samples\n")[2].partition("\n## ")[0]
    files = {path.name for path in (ROOT / "samples").iterdir() if path.is_file()}
    assert set(re.findall(r"`([\w-]+\.(?:csv|json|xlsx))`", table)) == files


def test_every_fault_of_the_app_is_documented_and_no_other() -> None:
    codes = {fault.code for fault in vars(faults).values() if isinstance(fault, Fault)}
    documented = DOCS["codes"].partition("## Of `error`")[2].partition("## Of devices")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", documented, re.MULTILINE)) == codes


def test_the_faults_of_the_app_have_one_home() -> None:
    files = [path for folder in ("workflow", "job") for path in (ROOT / "shared" / folder).glob("*.py")]
    made = {path.name for path in files if re.search(r'\bcode="', path.read_text(encoding="utf-8"))}
    assert made == {"faults.py"}


def test_every_setting_is_documented() -> None:
    read = set()
    for file in (*(ROOT / "shared" / "config").glob("*.py"), ROOT / "function_app.py"):
        read |= set(re.findall(r'"((?:[A-Z]+_)+[A-Z]+)"', file.read_text(encoding="utf-8")))
        read |= set(re.findall(r"%([A-Z_]+)%", file.read_text(encoding="utf-8")))
    assert set(re.findall(r"`((?:[A-Z]+_)+[A-Z]+)`", pages.section(DOCS["settings"], "settings"))) == read


@pytest.mark.parametrize("state", State)
def test_every_state_is_documented(state: State) -> None:
    assert f"| `{state}` | {'yes' if state in FINAL else 'no'} |" in DOCS["states"]


def test_the_moves_that_are_drawn_are_those_that_are_made() -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+)", DOCS["states"], re.MULTILINE))
    assert drawn == {(state, following) for state, all_following in MOVES.items() for following in all_following}


def test_every_make_target_is_documented() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    assert targets == set(re.findall(r"^\| `make ([a-z]+)`", DOCS["commands"], re.MULTILINE))


def test_every_command_is_documented() -> None:
    commands = (ROOT / "shared" / "commands" / "cli.py").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `python -m shared (\w+)", DOCS["commands"], re.MULTILINE))
    assert named == set(re.findall(r'"(\w+)": _\1\b', commands))
