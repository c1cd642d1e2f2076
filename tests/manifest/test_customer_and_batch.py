import pytest

from shared.manifest import TARGET_ISSUES
from shared.manifest.customer_and_batch import LONGEST_BATCH_ID, Ids, Target, ids_in, resolve

CUSTOMER = "c7f3c849-129f-4b85-a96d-4f8e88b315a3"
OTHER = "11111111-2222-3333-4444-555555555555"
ALL: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        (f"{CUSTOMER}/Test/laptops.json", Ids(CUSTOMER, "Test")),
        (f"{CUSTOMER.upper()}/Test batch/2026/11/laptops.json", Ids(CUSTOMER.upper(), "Test batch")),
        (f"{CUSTOMER}/Ünïcode #1 100%/a b.json", Ids(CUSTOMER, "Ünïcode #1 100%")),
        (f"{CUSTOMER}/ /laptops.json", Ids(CUSTOMER, None)),
        (f"{CUSTOMER}//laptops.json", Ids(CUSTOMER, None)),
        (f"{CUSTOMER}/laptops.json", Ids()),
        ("incoming/2026/laptops.json", Ids()),
        (f"{{{CUSTOMER}}}/Test/laptops.json", Ids()),
        ("laptops.json", Ids()),
    ],
)
def test_ids_are_read_off_the_name(name: str, ids: Ids) -> None:
    assert ids_in(name) == ids


@pytest.mark.parametrize(
    ("name", "envelope", "target"),
    [
        (f"{CUSTOMER}/Test/a.json", Ids(), Target(CUSTOMER, "Test")),
        ("a.json", Ids(CUSTOMER, "Test"), Target(CUSTOMER, "Test")),
        ("incoming/2026/a.json", Ids(CUSTOMER, "Test"), Target(CUSTOMER, "Test")),
        (f"{CUSTOMER}/Test/a.json", Ids(CUSTOMER.upper(), "Test"), Target(CUSTOMER.upper(), "Test")),
        (f"{CUSTOMER}/Test/a.json", Ids(None, "Test"), Target(CUSTOMER, "Test")),
        (f"{CUSTOMER}/Test/a.json", Ids(CUSTOMER, None), Target(CUSTOMER, "Test")),
        (f"{CUSTOMER}/.../a.json", Ids(), Target(CUSTOMER, "...")),
        ("a.json", Ids(CUSTOMER, "2026/11"), Target(CUSTOMER, "2026/11")),
        ("a.json", Ids(CUSTOMER, "b" * LONGEST_BATCH_ID), Target(CUSTOMER, "b" * LONGEST_BATCH_ID)),
    ],
)
def test_name_and_envelope_give_the_target(name: str, envelope: Ids, target: Target) -> None:
    assert resolve(name, envelope, ALL) == target


WRONG = [
    ("a.json", Ids(), ["missing_customer_id"]),
    (f"{CUSTOMER}/a.json", Ids(), ["missing_batch_id"]),
    (f"{CUSTOMER}/a.json", Ids(None, "Test"), ["missing_batch_id"]),
    ("Test/a.json", Ids(), ["missing_customer_id"]),
    ("contoso/Test/a.json", Ids(), ["invalid_customer_id"]),
    ("a.json", Ids("contoso", "Test"), ["invalid_customer_id"]),
    ("a.json", Ids(f"urn:uuid:{CUSTOMER}", "Test"), ["invalid_customer_id"]),
    (f"{CUSTOMER}//a.json", Ids(), ["missing_batch_id"]),
    ("a.json", Ids(CUSTOMER), ["missing_batch_id"]),
    (f"{CUSTOMER}/./a.json", Ids(), ["invalid_batch_id"]),
    (f"{CUSTOMER}/../a.json", Ids(), ["invalid_batch_id"]),
    ("a.json", Ids(CUSTOMER, ".."), ["invalid_batch_id"]),
    ("a.json", Ids(CUSTOMER, f"../../{OTHER}/deviceBatches/Prod"), ["invalid_batch_id"]),
    ("a.json", Ids(CUSTOMER, "a\\..\\b"), ["invalid_batch_id"]),
    ("a.json", Ids(CUSTOMER, "b" * (LONGEST_BATCH_ID + 1)), ["invalid_batch_id"]),
    (f"{CUSTOMER}/Test/a.json", Ids(OTHER, "Test"), ["conflicting_customer_id"]),
    (f"{CUSTOMER}/Test/a.json", Ids(CUSTOMER, "test"), ["conflicting_batch_id"]),
    (f"{CUSTOMER}/Test/a.json", Ids(OTHER, "Else"), ["conflicting_customer_id", "conflicting_batch_id"]),
]


@pytest.mark.parametrize(("name", "envelope", "codes"), WRONG)
def test_wrong_ids_are_named(name: str, envelope: Ids, codes: list[str]) -> None:
    issues = resolve(name, envelope, ALL)
    assert isinstance(issues, tuple)
    assert [issue.code for issue in issues] == codes
    assert all(issue.where == "manifest" and issue.message for issue in issues)


def test_only_allowed_customers_are_served() -> None:
    assert resolve(f"{CUSTOMER.upper()}/Test/a.json", Ids(), frozenset({CUSTOMER})) == Target(CUSTOMER.upper(), "Test")
    issues = resolve(f"{CUSTOMER}/Test/a.json", Ids(), frozenset({OTHER}))
    assert isinstance(issues, tuple)
    assert [issue.code for issue in issues] == ["customer_not_allowed"]


def test_every_code_is_met_here() -> None:
    assert {code for _, _, codes in WRONG for code in codes} | {"customer_not_allowed"} == set(TARGET_ISSUES)
