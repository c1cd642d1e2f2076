import pytest

from shared.job.blob_names import (
    has_room_for_status,
    is_manifest,
    manifest_of,
    marks_directory,
    may_name_another,
    names_another,
    results_of,
    status_of,
)


@pytest.mark.parametrize(
    ("name", "manifest"),
    [
        ("a/b/laptops.json", True),
        ("a/b/laptops.csv.gz", True),
        ("a/b/status.json", True),
        ("laptops.json.status.json", False),
        ("laptops.json.results.csv", False),
        (".status.json", False),
        ("laptops.STATUS.JSON", True),
    ],
)
def test_everything_but_the_apps_own_blobs_is_a_manifest(name: str, manifest: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_manifest(name) is manifest


def test_blobs_stand_beside_their_manifest() -> None:
    assert status_of("a/b/c.csv") == "a/b/c.csv.status.json"
    assert results_of("a/b/c.csv") == "a/b/c.csv.results.csv"
    assert manifest_of(status_of("a/b/c.csv")) == "a/b/c.csv"


def test_a_name_leaves_room_for_the_status() -> None:
    assert has_room_for_status("x" * 1012)
    assert not has_room_for_status("x" * 1013)


@pytest.mark.parametrize("name", ["../b", "a/../b", "./b", "a/./b", "a/..", "a/.", "..", "a\\..\\b", "a/..\\b", ""])
def test_an_address_with_a_dotted_segment_is_another_blobs(name: str) -> None:
    assert names_another(name)


@pytest.mark.parametrize("name", ["a/.hidden", "a/b..json", "a/...", "a./b", "a//b", "/a/", "a/..b/c.", "a/%2e%2e/b"])
def test_other_dots_are_part_of_a_name(name: str) -> None:
    assert not names_another(name)


@pytest.mark.parametrize(
    ("name", "maybe"),
    [("a\\b", True), ("a/b.", True), ("a./b", True), ("a/b...", True), ("a/.b", False), ("a.b/c", False)],
)
def test_a_backslash_or_a_dot_at_an_end_may_be_folded(name: str, *, maybe: bool) -> None:
    assert may_name_another(name) is maybe


@pytest.mark.parametrize(
    ("metadata", "marks"),
    [
        ({"hdi_isfolder": "true"}, True),
        ({"Hdi_isfolder": "true", "other": "x"}, True),
        ({"hdi_isfolder": "false"}, False),
        ({"other": "true"}, False),
        ({}, False),
    ],
)
def test_directory_markers_are_known_by_their_metadata(metadata: dict[str, str], marks: bool) -> None:  # noqa: FBT001 - a table's column
    assert marks_directory(metadata) is marks
