"""Writes the JSON Schema of the status document, made from the record that the app stores.

Plain on purpose: no references and no unions but a type or null, so that Logic Apps' "Parse JSON" takes it.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from shared.job.status_document import Job

FILE = Path(__file__).parent.parent / "schemas" / "status.schema.json"


def status_schema() -> dict[str, Any]:
    """Make the schema (draft 2020-12); members added later are allowed, as readers must accept them."""
    (schema,), definitions = msgspec.json.schema_components([Job], ref_template="{name}")
    document: dict[str, Any] = _plain(schema, definitions)
    document["properties"]["internal"] = {"type": "object", "description": "The app's own bookkeeping."}
    heading = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Status of a device manifest"}
    return heading | {name: document[name] for name in ("description", "type", "properties", "required")}


def _plain(schema: Any, definitions: dict[str, Any]) -> Any:  # noqa: ANN401 - any part of a schema
    if not isinstance(schema, dict):
        return [_plain(part, definitions) for part in schema] if isinstance(schema, list) else schema
    if "$ref" in schema:
        return _plain(definitions[schema["$ref"]], definitions)
    if "prefixItems" in schema:
        return {"type": "array", "description": "The app's own shorthand."}
    if "anyOf" in schema:
        return _or_null(_plain(schema["anyOf"], definitions))
    dropped = ("title", "default") if isinstance(schema.get("type", schema.get("enum")), str | list) else ()
    plain = {name: _plain(part, definitions) for name, part in schema.items() if name not in dropped}
    if plain.get("type") == "object":
        plain["required"] = sorted(plain["properties"])
    if "enum" in plain:
        return {"type": "integer" if isinstance(plain["enum"][0], int) else "string", **plain}
    return plain


def _or_null(choices: list[dict[str, Any]]) -> dict[str, Any]:
    (told,) = [choice for choice in choices if choice != {"type": "null"}]
    nullable = {**told, "type": [told["type"], "null"]}
    if "enum" in nullable:
        nullable["enum"] = [*nullable["enum"], None]
    return nullable


if __name__ == "__main__":
    FILE.write_text(json.dumps(status_schema(), indent=2) + "\n", encoding="utf-8")
