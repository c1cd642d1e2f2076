import json
from datetime import timedelta

from jsonschema import Draft202012Validator

from local.partner_center import Outcome, faults
from local.schemas import FILE, status_schema
from shared.job import encode
from tests.manifests import array, serials
from tests.world import World

SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_file_is_what_the_code_gives() -> None:
    assert status_schema() == SCHEMA, "run: python -m local.schemas"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert "$ref" not in json.dumps(SCHEMA)


def test_every_member_is_required() -> None:
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"])


def test_every_status_of_an_eventful_life_validates() -> None:
    world = World(part_size=2)
    world.partner_center.script.next_upload(faults.throttled(5), lambda proceed: proceed(), faults.error(400, "1", "x"))
    world.partner_center.script.processing_for = timedelta(seconds=45)
    world.partner_center.script.device_ends("S000002", Outcome("808", "ZtdDeviceAssignedToOtherTenant"))
    for manifest in (array(serials(5)), b"[{}]", array(serials(1)), b"no json"):
        world.drop(manifest)
        world.settle()
    validator = Draft202012Validator(SCHEMA)
    documents = [json.loads(encode(job)) for job in world.storage.written]
    assert len({document["state"] for document in documents}) >= 5
    for document in documents:
        validator.validate(document)


def test_the_schema_refuses_what_is_no_status() -> None:
    world = World()
    world.drop(array(serials(1)))
    world.settle()
    document = json.loads(encode(world.job()))
    validator = Draft202012Validator(SCHEMA)
    assert not validator.is_valid({name: value for name, value in document.items() if name != "error"})
    assert not validator.is_valid(document | {"state": "lost"})
    assert not validator.is_valid(document | {"deviceCount": "2"})
