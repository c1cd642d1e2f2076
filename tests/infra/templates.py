"""The Bicep templates, parsed. No compiler is at hand: syntax and structure can be tested, types cannot."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pycep import BicepParser

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
LOGIC_APP = ROOT / "samples" / "logic-app"
TEMPLATES = sorted([*INFRA.rglob("*.bicep"), *LOGIC_APP.rglob("*.bicep")])

_parser = BicepParser()


@cache
def parsed(path: Path) -> Mapping[str, Any]:
    # The parser does not know the type of an object with any members; `object` is what that type was called before.
    return _parser.parse(text=path.read_text().replace("{ *: string }", "object"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def variables(path: Path) -> dict[str, Any]:
    return {name: variable["value"] for name, variable in parsed(path).get("variables", {}).items()}


def resources(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give symbol, type and body of each resource that a template makes, of a loop the body of one round."""
    for symbol, resource in parsed(path).get("resources", {}).items():
        if not resource["existing"]:
            body = resource["config"]
            yield symbol, resource["type"], body.get("config", body)


def only(path: Path, kind: str) -> dict[str, Any]:
    [body] = [body for _, type_, body in resources(path) if type_ == kind]
    return body


def named(path: Path, symbol: str) -> dict[str, Any]:
    [body] = [body for symbol_, _, body in resources(path) if symbol_ == symbol]
    return body


def symbol_in(expression: Any) -> str:  # noqa: ANN401 - whatever the parser makes of an expression
    """Name the resource that an expression such as ``queues[index]`` or ``topic.identity`` starts with."""
    while isinstance(expression, dict):
        expression = expression["operator"]["operands"]["operand_1"]
    return str(expression)
