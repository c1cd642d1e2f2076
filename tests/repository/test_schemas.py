import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from local.schemas import FILE, status_schema
from local.stand_ins.partner_center import Outcome, faults
from shared.job.status_document import FINAL, State, encode
from tests.manifests import array, serials
from tests.world import World

SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

# What readers may rely on: these members, and each of them always.
UPLOAD = {
    "firstDevice": 1,
    "deviceCount": 2,
    "requestId": "3b0928d4-c060-59d8-bb44-8b6a61d8bb64",
    "correlationId": "dfb3244b-a431-454b-ad00-d326c970211c",
    "location": "/customers/c7f3c849-129f-4b85-a96d-4f8e88b315a3/batchJobStatus/16c00110-e79a-433d-aa28-f69dd60df671",
    "state": "processing",
    "acceptedAt": "2026-11-22T16:00:00Z",
}
PROMISED: dict[str, Any] = {
    "schemaVersion": 1,
    "manifest": "c7f3c849-129f-4b85-a96d-4f8e88b315a3/Test/laptops.json",
    "etag": "0x8DE2A6D0B5C4B70",
    "state": "accepted",
    "final": False,
    "message": "Partner Center accepted 2 devices and is registering them.",
    "customerId": "c7f3c849-129f-4b85-a96d-4f8e88b315a3",
    "batchId": "Test",
    "deviceCount": 2,
    "location": UPLOAD["location"],
    "uploads": [UPLOAD],
    "devices": {"registered": 0, "alreadyRegistered": 0, "failed": 0, "notReported": 0, "notUploaded": 0, "pending": 2},
    "results": None,
    "issues": [],
    "issueCount": 0,
    "warnings": [],
    "warningCount": 0,
    "error": None,
    "attempts": 1,
    "nextAttemptAt": "2026-11-22T16:00:30Z",
    "previous": None,
    "createdAt": "2026-11-22T16:00:00Z",
    "internal": {},
    "updatedAt": "2026-11-22T16:00:00Z",
}
FINDING = {
    "where": "device 3",
    "device": 3,
    "line": None,
    "field": "hardwareHash",
    "code": "missing_identity",
    "message": "x",
}
FULL = PROMISED | {
    "issues": [FINDING],
    "warnings": [FINDING | {"field": None}],
    "error": {
        "httpStatus": 404,
        "code": "60003",
        "description": "x",
        "requestId": "x",
        "correlationId": "x",
        "serverCorrelation": None,
    },
    "previous": {"etag": "x", "state": "failed", "uploads": [UPLOAD]},
}


def objects(document: Any, schema: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:  # noqa: ANN401 - any part of a document
    """Yield each object of a document with its part of the schema."""
    for part in document if isinstance(document, list) else ():
        yield from objects(part, schema["items"])
    if isinstance(document, dict):
        yield document, schema
        for name, part in document.items():
            yield from objects(part, schema["properties"][name])


def test_the_file_is_what_the_code_gives() -> None:
    assert status_schema() == SCHEMA, "run: python -m local.schemas"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert "$ref" not in json.dumps(SCHEMA)


@pytest.mark.parametrize("document", [PROMISED, FULL], ids=["example", "full"])
def test_what_is_promised_validates(document: dict[str, Any]) -> None:
    VALIDATOR.validate(document)


def test_exactly_what_is_promised_is_required() -> None:
    for document, part in objects(FULL, SCHEMA):
        assert set(part.get("required", ())) == part.get("properties", {}).keys() == document.keys()


def test_the_final_states_are_named() -> None:
    named = re.findall(r"\w+", SCHEMA["properties"]["state"]["description"])
    assert set(named) & set(State) == FINAL


def test_members_added_later_are_accepted() -> None:
    status = json.loads(json.dumps(FULL))
    for document, _ in [*objects(status, SCHEMA)]:
        document["addedLater"] = {"a": [1]}
    VALIDATOR.validate(status)


def test_every_status_of_an_eventful_life_validates() -> None:
    world = World(part_size=2)
    world.partner_center.script.next_upload(faults.throttled(5), lambda proceed: proceed(), faults.error(400, "1", "x"))
    world.partner_center.script.processing_for = timedelta(seconds=45)
    world.partner_center.script.device_ends("S000002", Outcome("808", "ZtdDeviceAssignedToOtherTenant"))
    for manifest in (array(serials(5)), b"[{}]", array(serials(1)), b"no json"):
        world.drop(manifest)
        world.settle()
    documents = [json.loads(encode(job)) for job in world.storage.written]
    assert len({document["state"] for document in documents}) >= 5
    for document in documents:
        VALIDATOR.validate(document)


def test_the_schema_refuses_what_is_no_status() -> None:
    world = World()
    world.drop(array(serials(1)))
    world.settle()
    document = json.loads(encode(world.job()))
    for name in PROMISED:
        assert not VALIDATOR.is_valid({other: value for other, value in document.items() if other != name})
    assert not VALIDATOR.is_valid(document | {"state": "lost"})
    assert not VALIDATOR.is_valid(document | {"deviceCount": "2"})
