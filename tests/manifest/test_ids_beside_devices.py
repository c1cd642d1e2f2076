"""What is meant for another customer or batch, by an id beside the device, is never sent."""

import json
from collections.abc import Callable

import pytest

from shared.manifest import InMemory, Manifest, inspect
from shared.manifest.customer_and_batch import Ids
from tests.manifest.files import MOST
from tests.manifest.workbook_reader.workbooks import table as sheet
from tests.manifest.workbook_reader.workbooks import workbook

OWN = "c7f3c849-129f-4b85-a96d-4f8e88b315a3"
OTHER = "11111111-2222-3333-4444-555555555555"
NAMED = Ids(OWN, "Test")
CUSTOMERS = ["Customer ID", "CustomerTenantId", "Tenant ID", "MicrosoftId", "azureTenantId", "Customer"]
BATCHES = ["Batch ID", "batchId", "deviceBatchId"]


def read(data: str | bytes, named: Ids | None = NAMED) -> Manifest:
    return inspect(InMemory(data.encode() if isinstance(data, str) else data), max_bytes=MOST, named=named)


def table(name: str, *ids: str) -> str:
    rows = "".join(f"K{number},{each}\n" for number, each in enumerate(ids))
    return f"Windows Product ID,{name}\n{rows}"


def objects(name: str, *ids: str) -> str:
    return json.dumps([{"productKey": f"K{number}", name: each} for number, each in enumerate(ids)])


def issues(manifest: Manifest) -> list[tuple[int | None, str | None, str]]:
    return [(issue.device, issue.field, issue.code) for issue in manifest.issues.kept]


@pytest.mark.parametrize("form", [table, objects])
@pytest.mark.parametrize("name", CUSTOMERS)
def test_a_device_of_another_customer_is_an_issue(form: Callable[..., str], name: str) -> None:
    manifest = read(form(name, OWN, OTHER, "", OTHER.upper()))
    assert issues(manifest) == [(2, "customerId", "other_customer"), (4, "customerId", "other_customer")]
    assert OTHER in manifest.issues.kept[0].message
    assert OWN in manifest.issues.kept[0].message


@pytest.mark.parametrize("form", [table, objects])
@pytest.mark.parametrize("name", BATCHES)
def test_a_device_of_another_batch_is_an_issue(form: Callable[..., str], name: str) -> None:
    manifest = read(form(name, " TEST ", "Spare", "n/a", "Test"))
    assert issues(manifest) == [(2, "batchId", "other_batch")]
    assert "'Spare'" in manifest.issues.kept[0].message
    assert "'Test'" in manifest.issues.kept[0].message


@pytest.mark.parametrize("form", [table, objects])
@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("Customer ID", [OWN, OWN.upper(), f"{{{OWN}}}", f" {OWN}", OWN.replace("-", ""), ""]),
        ("Batch ID", ["Test", "tESt ", "", "NULL"]),
        ("Tenant ID", [""]),
    ],
)
def test_the_manifests_own_id_is_not_even_a_warning(form: Callable[..., str], name: str, ids: list[str]) -> None:
    manifest = read(form(name, *ids))
    assert (manifest.device_count, manifest.issues.count, manifest.warnings.count) == (len(ids), 0, 0)


@pytest.mark.parametrize("form", [table, objects])
def test_devices_of_two_tenants_by_their_domains_are_an_issue(form: Callable[..., str]) -> None:
    own, other = "contoso.onmicrosoft.com", "fabrikam.com"
    manifest = read(form("Tenant", own, "", own.upper(), other, OWN))
    assert issues(manifest) == [(4, "customerId", "other_customer")]
    assert [(warning.code, warning.device) for warning in manifest.warnings.kept] == [("id_not_compared", 1)]


def test_a_null_is_no_id() -> None:
    assert read(json.dumps([{"productKey": "K", "customerId": None, "batchId": None}])).warnings.count == 0


@pytest.mark.parametrize(
    "data", [table("Customer", "Contoso", "Fabrikam"), objects("Customer", "Contoso", "Fabrikam"),
             json.dumps([{"productKey": "K", "batchId": 5}])],
)  # fmt: skip
def test_what_is_no_id_is_not_compared_which_is_said_once(data: str) -> None:
    manifest = read(data)
    assert manifest.issues.count == 0
    assert [(warning.code, warning.device) for warning in manifest.warnings.kept] == [("id_not_compared", 1)]


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (table("Customer ID", OWN, "", OTHER), "line 4"),
        (objects("Customer ID", OWN, OWN, OTHER), "device 3"),
        (f'{{"devices": {objects("tenantId", OTHER)}, "customerId": "{OWN}"}}', "manifest"),
        (f'{{"customerId": "{OWN}", "devices": {objects("tenantId", OTHER)}}}', "device 1"),
        (f'{{"tenantId": "{OTHER}", "devices": {objects("tenantId", OWN)}}}', "device 1"),
    ],
)
def test_two_customers_in_one_file_are_an_issue_whoever_it_is_for(data: str, where: str) -> None:
    manifest = read(data, None)
    assert [(issue.where, issue.code) for issue in manifest.issues.kept] == [(where, "other_customer")]


def test_an_envelope_may_repeat_its_ids_beside_the_devices() -> None:
    for inside in (f'"customerId": "{OWN}", "devices": {objects("tenantId", OWN)}',
                   f'"devices": {objects("tenantId", OWN)}, "customerId": "{OWN}"'):  # fmt: skip
        assert read(f"{{{inside}}}", None).issues.count == 0


def test_a_workbook_is_looked_at_as_well() -> None:
    rows = sheet(("K1", OWN, "Test"), ("K2", OTHER, "Test"), header=("Windows Product ID", "Customer ID", "Batch ID"))
    assert issues(read(workbook(rows))) == [(2, "customerId", "other_customer")]


def test_every_row_of_a_long_file_is_looked_at() -> None:
    ids = [OWN] * 3_000
    assert read(table("Customer ID", *ids)).issues.count == 0
    ids[2_500] = OTHER
    assert issues(read(table("Customer ID", *ids))) == [(2_501, "customerId", "other_customer")]


def test_a_row_with_a_fault_of_its_own_has_no_second() -> None:
    assert issues(read(f"Windows Product ID,Customer ID\nK,{OTHER},x\n")) == [(1, None, "too_many_cells")]


def test_many_spellings_of_a_batch_cost_no_memory_and_are_all_fine() -> None:
    spellings = ["Test" + " " * number for number in range(300)]
    assert read(table("Batch ID", *spellings)).issues.count == 0


@pytest.mark.parametrize("secret", ["00329-00000-0003-AA606", "A" * 65])
def test_what_may_be_a_key_or_a_hash_is_not_shown(secret: str) -> None:
    envelope = f'{{"customerId": "{secret}", "devices": {objects("tenantId", OWN)}}}'
    for manifest in (read(table("Batch ID", secret)), read(envelope, None)):
        (issue,) = manifest.issues.kept
        assert secret not in issue.message
        assert "(not shown)" in issue.message
