"""The schema of the JSON manifest takes and refuses what the reader takes and refuses."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from shared.manifest.device import FIELDS
from tests.manifest.files import in_pascal_case, read

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "schemas" / "manifest.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

VALUES: st.SearchStrategy[object] = st.sampled_from(["x", "1.23E+11", "1E5", "", " \t", None, 5, 1.5, True, [], {}])
LIKELY = st.sampled_from(["x", "y", " z", None, ""])
DEVICES: st.SearchStrategy[object] = (
    st.dictionaries(st.sampled_from([*FIELDS, "policies", "other"]), LIKELY | VALUES, max_size=5)
    | st.fixed_dictionaries(dict.fromkeys(("serialNumber", "oemManufacturerName", "modelName"), LIKELY))
    | st.sampled_from([None, 1, "x", []])
)
LISTS = st.lists(DEVICES, max_size=3)
IDS: st.SearchStrategy[object] = st.sampled_from(["c", None, "", " ", 5, []])
DOCUMENTS = (
    LISTS
    | st.fixed_dictionaries({"devices": LISTS}, optional={"customerId": IDS, "batchId": IDS, "other": VALUES})
    | st.fixed_dictionaries({}, optional={"devices": st.none() | DEVICES, "batchId": IDS})
    | st.sampled_from([None, 5, "x", True])
)


def pascal(document: object) -> object:
    if isinstance(document, list):
        return [pascal(item) for item in document]
    return (
        in_pascal_case({name: pascal(value) for name, value in document.items()})
        if isinstance(document, dict)
        else document
    )


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@given(DOCUMENTS, st.booleans())
@settings(deadline=None, max_examples=400)
def test_the_schema_says_what_the_reader_says(document: object, in_pascal: bool) -> None:  # noqa: FBT001 - hypothesis passes it by position
    written = pascal(document) if in_pascal else document
    assert VALIDATOR.is_valid(written) == (read(json.dumps(written).encode()).issues.count == 0)


@pytest.mark.parametrize("fine", [[{"hardwareHash": "x"}], {"devices": [{"ProductKey": "x", "serialNumber": None}]}])
def test_the_schema_takes_what_is_fine(fine: object) -> None:
    VALIDATOR.validate(fine)


@pytest.mark.parametrize("sample", ["seed-example.json", "devices-array.json", "envelope.json"])
def test_the_samples_validate(sample: str) -> None:
    VALIDATOR.validate(json.loads((ROOT / "samples" / sample).read_text(encoding="utf-8")))


def test_the_broken_sample_does_not_validate() -> None:
    assert not VALIDATOR.is_valid(json.loads((ROOT / "samples" / "broken.json").read_text(encoding="utf-8")))
