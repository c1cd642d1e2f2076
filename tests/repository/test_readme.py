"""README is short, and shows what the program shows."""

import re
from pathlib import Path

import pytest

from local import pages
from shared.job.blob_names import results_of, status_of
from shared.job.status_document import State, encode
from tests.world import World

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
MOST_WORDS = 1500


def test_it_can_be_read_in_minutes() -> None:
    assert len(README.split()) <= MOST_WORDS


def test_its_example_is_what_the_app_writes() -> None:
    world = World()
    world.drop(pages.SAMPLE.read_bytes(), pages.EXAMPLE)
    world.settle()
    status, results = encode(world.job(pages.EXAMPLE)), world.storage.blobs[results_of(pages.EXAMPLE)].data
    assert pages.section(README, "example") == pages.example(status, results), "run: python -m local.pages"
    assert f"`{status_of('laptops.csv')}`" in README
    assert f"`{results_of('laptops.csv')}`" in README


@pytest.mark.parametrize("state", State)
def test_every_state_has_its_meaning(state: State) -> None:
    table = README.partition("| state |")[2].partition("\n\n")[0]
    assert f"`{state}`" in table


def test_it_says_what_becomes_of_a_run_that_is_replaced() -> None:
    assert "`previous` then lists the earlier run's uploads, which are no longer watched" in README


def test_it_says_which_names_may_have_to_wait_for_the_sweep() -> None:
    assert "names with an outer `/` may wait for it" in " ".join(README.split())


def test_that_nothing_was_ever_deployed_is_said_once() -> None:
    assert len(re.findall("(?i)never.{0,10}deployed|never been deployed", README)) == 1


def anchors(page: Path) -> set[str]:
    """Return the names by which the headings of a page are linked, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https://)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8"))
    for file, anchor in links:
        target = page.parent / file if file else page
        assert target.exists(), file
        assert not anchor or anchor in anchors(target), (file, anchor)


def test_every_page_can_be_reached() -> None:
    links = [(page.parent, link) for page in PAGES for link in re.findall(r"\]\(([^):#]+)", page.read_text())]
    linked = {(folder / link).resolve() for folder, link in links}
    assert {page.resolve() for page in PAGES} <= linked | {ROOT / "README.md"}
