"""docs/api.md names every member of the status document and every column of the results."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import pages
from shared.job.device_results import Outcome
from shared.job.status_document import State
from shared.workflow.results_csv import COLUMNS, HASH_START
from tests.local.test_follow import Container
from tests.world import World

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "schemas" / "status.schema.json").read_text(encoding="utf-8"))

PLACES = {"uploads": "### `uploads`", "devices": "### `devices`", "issues": "### `issues` and `warnings`"}
PLACES |= {"warnings": PLACES["issues"], "error": "### `error`", "previous": "| `previous` |"}


def part(heading: str) -> str:
    """Return the text below a heading, up to the next one; for the start of a table row, that row."""
    end = "\n" if heading.startswith("|") else "\n#"
    return PAGE.partition(f"\n{heading}")[2].partition(end)[0]


def nested() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each nested object of the schema, with the name of its member."""
    for name, member in SCHEMA["properties"].items():
        found = member.get("items", member)
        if "required" in found:
            yield name, found


def test_every_member_that_is_required_has_a_row_with_its_type() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| ([a-z ]+) \|", part("## The status document"), re.MULTILINE)
    types = {name: kind for names, kind in rows for name in re.findall(r"\w+", names)}
    assert types.keys() == {*SCHEMA["required"], "internal"}
    for name, kind in types.items():
        of_schema = SCHEMA["properties"][name]["type"]
        assert kind == (" or ".join(of_schema) if isinstance(of_schema, list) else of_schema), name


@pytest.mark.parametrize(
    ("member", "schema"), list(nested()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_member_of_a_nested_object_that_is_required_is_named(member: str, schema: dict[str, Any]) -> None:
    assert set(schema["required"]) <= set(re.findall(r"`(\w+)`", part(PLACES[member]))), member


def test_every_nested_object_was_looked_at() -> None:
    assert {member for member, _ in nested()} == PLACES.keys()


def test_every_column_of_the_results_is_named() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", part("## The device results"), re.MULTILINE)
    assert {name for names in rows for name in re.findall(r"\w+", names)} == set(COLUMNS)
    assert f"the first {HASH_START} characters" in PAGE


@pytest.mark.parametrize("word", [*State, *Outcome])
def test_every_state_and_outcome_is_named(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_what_is_not_stable_is_named() -> None:
    assert "`internal` is **not** stable" in PAGE


def test_the_example_in_python_reads_what_the_app_writes(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    world.drop(pages.SAMPLE.read_bytes(), pages.EXAMPLE)
    world.settle()
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code
    signed_in = re.sub(r"(?s)ContainerClient\.from_container_url\(.*?\n\)", "container", code[1])
    example = signed_in.replace("{customer-id}/{batch-id}/laptops.csv", pages.EXAMPLE)
    exec(example, {"container": Container(world)})  # noqa: S102 - our own page
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [
        ["808-PF3XK1A9", "808"],
        ["802-PF3XK1AB", "802"],
    ]


def test_each_way_to_read_takes_the_byte_order_mark_away() -> None:
    assert "Import-Csv" in part("## In PowerShell")
    assert "utf-8-sig" in part("## In Python")
    assert "%EF%BB%BF" in part("## In Power Automate or a Logic App")
