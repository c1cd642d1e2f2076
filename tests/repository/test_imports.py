"""Who may import whom: a wing uses only those below it in this list, and each library is known to few."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "shared"

WINGS = (
    "__main__",
    "commands",
    "bootstrap",
    "storage",
    "workflow",
    "sign_in",
    "event_log",
    "partner_center",
    "job",
    "config",
    "manifest",
    "http_session",
)
"""From the top; imports run down this list only."""

LIBRARIES = {
    "azurefunctions": "storage.blob_binding",
    "azure.storage": "storage",
    "azure.keyvault": "sign_in.vault",
    "azure.identity": "sign_in",
    "azure.core": "storage bootstrap sign_in commands",
    "cryptography": "sign_in.certificate",
    "msal": "sign_in.entra",
    "requests": "http_session partner_center.client sign_in.entra",
    "urllib3": "http_session partner_center.client storage",
    "os": "bootstrap commands",
    "random": "bootstrap",
    "time": "bootstrap sign_in",
}
"""Libraries that only these modules, or all modules of these wings, may import; ``msgspec`` is free to all."""

PURE = (
    "manifest job config partner_center.access_errors partner_center.batch_list partner_center.device_errors "
    "partner_center.matching partner_center.redaction partner_center.responses partner_center.upload_details"
)
"""Modules without clock, network, environment and randomness, which tests can prove with values alone."""

IMPURE = {"os", "random", "secrets", "socket", "subprocess", "threading", "time", "logging", "requests", "urllib3"}
DOORS = {"open", "input", "print", "now", "today", "utcnow"}

MODULES = {".".join(file.relative_to(SHARED).with_suffix("").parts): file for file in sorted(SHARED.rglob("*.py"))}


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


@cache
def imports(file: Path) -> tuple[str, ...]:
    """Return the full name of everything that a file imports."""
    return tuple(_imports(file))


def _imports(file: Path) -> Iterator[str]:
    for node in nodes(file):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports by place"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def wings(file: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(file) if name.startswith("shared.")}


def within(module: str, places: str) -> bool:
    return any(f"{module}.".startswith(f"{place}.") for place in places.split())


def test_every_wing_is_in_the_list() -> None:
    entries = {path.stem for path in SHARED.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert entries - {"__init__"} == set(WINGS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_down_the_list(module: str) -> None:
    own = module.split(".", maxsplit=1)[0]
    below = WINGS[WINGS.index(own) :] if own in WINGS else ()
    assert wings(MODULES[module]) <= set(below)


@pytest.mark.parametrize("module", MODULES)
def test_a_library_is_known_to_few(module: str) -> None:
    for name in imports(MODULES[module]):
        root = name.split(".")[0]
        users = [LIBRARIES[library] for library in LIBRARIES if f"{name}.".startswith(f"{library}.")]
        assert users or root in {*sys.stdlib_module_names, "shared", "msgspec"}, f"{name} is in no row"
        assert all(within(module, places) for places in users), name


@pytest.mark.parametrize("module", [module for module in MODULES if within(module, PURE)])
def test_a_pure_module_reaches_nothing_outside(module: str) -> None:
    assert not {name.split(".")[0] for name in imports(MODULES[module])} & IMPURE
    calls = [node.func for node in nodes(MODULES[module]) if isinstance(node, ast.Call)]
    called = {ast.unparse(call).removeprefix("datetime.").removeprefix("date.") for call in calls}
    assert not called & DOORS


def test_no_module_imports_itself_in_a_circle() -> None:
    used = {
        module: {other for other in MODULES for name in imports(file) if f"{name}.".startswith(f"shared.{other}.")}
        for module, file in MODULES.items()
    }
    while free := [module for module, others in used.items() if not others & used.keys()]:
        for module in free:
            del used[module]
    assert used == {}


@pytest.mark.parametrize("folder", ["local", "tests", "bench", "function_app"])
def test_the_app_knows_nothing_of_what_surrounds_it(folder: str) -> None:
    files = [*MODULES.values(), ROOT / "function_app.py"]
    assert [file for file in files for name in imports(file) if name.split(".")[0] == folder] == []


@pytest.mark.parametrize("part", ["host", "stand_ins"])
def test_the_host_and_the_stand_ins_know_nothing_of_the_app(part: str) -> None:
    files = (ROOT / "local" / part).rglob("*.py")
    assert [
        file for file in files for name in imports(file) if name.split(".")[0] in ("shared", "tests", "bench")
    ] == []
