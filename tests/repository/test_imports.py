"""Who may import whom. Imports point one way: a module may use only those that stand above it in the table."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

# Each module of shared/ (a package counts as one), and all of shared/ that it imports, for its types included.
SHARED = {
    # Values and rules. They take the time, and whatever else they need from outside, as arguments.
    "addresses": "",
    "advice": "",
    "clouds": "",
    "device": "",
    "names": "",
    "suggestions": "",
    "wake_up": "",
    "manifest": "device",
    "job": "manifest",
    "target": "manifest",
    "answers": "job",
    "device_errors": "job",
    "tally": "job",
    "values": "target",
    "settings": "addresses clouds values",
    "schedule": "settings",
    "judgement": "answers device device_errors job",
    "results": "device device_errors job manifest",
    "lifecycle": "job tally",
    "transitions": "job lifecycle manifest tally target",
    # What the work needs from outside, as protocols, and the work itself.
    "events": "advice job",
    "services": "answers job names settings wake_up",
    "tracking": "answers device events job judgement manifest results schedule services transitions",
    "sweep": "events job names services wake_up",
    # The outside.
    "blob_name": "",
    "session": "",
    "storage": "job names services",
    "wake_up_queue": "services wake_up",
    "partner_center": "advice answers job services",
    "sign_in": "answers events job services settings",
    # The one verb; an upload's lease depends on the longest call of the client.
    "claim": "events job partner_center schedule services transitions",
    "uploading": "answers claim device events job manifest schedule services suggestions target transitions",
    "workflow": "claim events job lifecycle names schedule services tracking transitions uploading",
    # All of it put together, and the commands.
    "bootstrap": "partner_center services session settings sign_in storage sweep wake_up_queue workflow",
    "check": "manifest settings target",
    "retry": "job names services",
    "consent": "services settings sign_in",
    "doctor": "answers bootstrap job services settings target",
    "commands": "bootstrap check consent doctor retry settings sign_in storage target",
    "__main__": "commands",
}

FUNCTION_APP = "blob_name bootstrap events names settings wake_up"

# What comes from elsewhere, and who alone knows it. msgspec, the standard library's better half, is for everybody.
LIBRARIES = {
    "azurefunctions": "blob_name",
    "azure.storage": "storage wake_up_queue bootstrap",
    "requests": "partner_center session sign_in",
    "urllib3": "partner_center session storage",
    "azure.core": "bootstrap storage wake_up_queue sign_in doctor commands",
    "azure.identity": "sign_in",
    "azure.keyvault": "sign_in",
    "cryptography": "sign_in",
    "msal": "sign_in",
    "os": "bootstrap commands",
    "random": "bootstrap",
    "time": "bootstrap sign_in",
}

STANDARD = {*sys.stdlib_module_names, "shared", "msgspec"}

# Modules that know no clock, no network, no environment and no dice, and so can be proven with values alone.
PURE = (
    "addresses advice answers clouds device device_errors job judgement lifecycle manifest names results schedule"
    " settings suggestions tally target transitions values wake_up"
)
HARMLESS = (
    "codecs collections csv dataclasses datetime difflib email.utils enum functools io itertools json math msgspec"
    " operator re struct types typing urllib.parse uuid.UUID uuid.uuid5 zlib"
)
CLOCKS = {"now", "today", "utcnow"}
DOORS = {"open", "input", "print", "__import__"}

# The commands on this machine know the app's documents; the host, the stand-ins and the emulator know nothing of it.
LOCAL = {
    "show": "job manifest",
    "stage": "job names",
    "drop": "manifest target",
    "run": "job names",
    "serve": "job names",
    "schemas": "job",
    "sign_in": "clouds",
}


class Module(NamedTuple):
    """A module of a folder, or all files of a package in it."""

    name: str
    files: tuple[Path, ...]

    def imports(self) -> Iterator[str]:
        """Full names; what an import takes from a package is named with it."""
        for node in self.nodes():
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name} imports by place"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def nodes(self) -> Iterator[ast.AST]:
        return chain.from_iterable(ast.walk(_tree(file)) for file in self.files)

    def uses(self, folder: str) -> set[str]:
        """The modules of a folder that it imports, itself left out."""
        parts = (name.split(".") for name in self.imports())
        return {part[1] for part in parts if part[0] == folder} - {self.name}


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def modules(folder: str) -> list[Module]:
    entries = [
        entry for entry in (ROOT / folder).iterdir() if entry.suffix == ".py" or (entry / "__init__.py").exists()
    ]
    named = ((entry.stem, (entry,) if entry.is_file() else tuple(entry.rglob("*.py"))) for entry in sorted(entries))
    return [Module(name, files) for name, files in named if name != "__init__"]


APP = modules("shared")
TRIGGERS = Module("function_app", (ROOT / "function_app.py",))
MACHINE = modules("local")


def named(module: Module) -> str:
    return module.name


@pytest.mark.parametrize("module", APP, ids=named)
def test_a_module_imports_what_its_row_says(module: Module) -> None:
    assert module.uses("shared") == set(SHARED[module.name].split())


def test_every_row_is_a_module() -> None:
    assert set(SHARED) == {module.name for module in APP}
    assert set(LOCAL) <= {module.name for module in MACHINE}


def test_a_row_names_only_rows_above_it() -> None:
    rows = list(SHARED)
    later = {name: [used for used in SHARED[name].split() if rows.index(used) >= rows.index(name)] for name in rows}
    assert {name: used for name, used in later.items() if used} == {}


def test_the_triggers_know_little() -> None:
    assert TRIGGERS.uses("shared") == set(FUNCTION_APP.split())


@pytest.mark.parametrize("folder", ["local", "tests", "bench", "function_app"])
def test_the_app_knows_nothing_of_what_surrounds_it(folder: str) -> None:
    users = [module.name for module in (*APP, TRIGGERS) for name in module.imports() if name.split(".")[0] == folder]
    assert users == []


@pytest.mark.parametrize("module", MACHINE, ids=named)
def test_what_runs_on_this_machine_knows_the_documents_at_most(module: Module) -> None:
    assert module.uses("shared") == set(LOCAL.get(module.name, "").split())
    assert not any(name.split(".")[0] in ("tests", "bench") for name in module.imports())


@pytest.mark.parametrize(("library", "users"), LIBRARIES.items())
def test_a_library_is_known_to_few(library: str, users: str) -> None:
    knowing = {module.name for module in APP for name in module.imports() if f"{name}.".startswith(f"{library}.")}
    assert knowing <= set(users.split())


def test_every_library_has_a_row() -> None:
    foreign = {name for module in APP for name in module.imports() if name.split(".")[0] not in STANDARD}
    unknown = {name for name in foreign if not any(f"{name}.".startswith(f"{known}.") for known in LIBRARIES)}
    assert unknown == set()


@pytest.mark.parametrize("module", [module for module in APP if module.name in PURE.split()], ids=named)
def test_a_pure_module_reaches_nothing_outside(module: Module) -> None:
    imports = [name for name in module.imports() if not name.startswith("shared.")]
    assert [name for name in imports if not any(f"{name}.".startswith(f"{ours}.") for ours in HARMLESS.split())] == []
    assert set(SHARED[module.name].split()) <= set(PURE.split())
    assert [*_clocks(module), *_doors(module)] == []


def _clocks(module: Module) -> Iterator[str]:
    for node in module.nodes():
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in ("datetime", "date")
        ):
            yield from {node.attr} & CLOCKS


def _doors(module: Module) -> Iterator[str]:
    for node in module.nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield from {node.func.id} & DOORS
