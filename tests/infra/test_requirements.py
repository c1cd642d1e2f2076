"""What is installed, here and by the build in Azure: pinned, and known by the hashes of its files."""

import re
from pathlib import Path

import pytest

from tests.infra.templates import ROOT

DEPLOYED = ROOT / "requirements.txt"
DEVELOPED = ROOT / "requirements-dev.txt"

both = pytest.mark.parametrize("path", [DEPLOYED, DEVELOPED], ids=lambda path: path.name)


def pins(path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Give each package with its version and the hashes of its files."""
    found = {}
    for requirement in re.sub(r"(?m)^#.*\n", "", path.read_text()).replace(" \\\n", " ").splitlines():
        [(name, version)] = re.findall(r"^([\w.-]+)==([^\s;]+)", requirement)
        hashes = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})(?=\s|$)", requirement))
        found[normal(name)] = (version, hashes)
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(path: Path) -> dict[str, str]:
    return {normal(name): version for name, version in re.findall(r"(?m)^([\w.-]+)==(\S+)$", path.read_text())}


@both
def test_every_package_is_pinned_with_its_hashes(path: Path) -> None:
    assert len(pins(path)) > 20
    assert [name for name, (_, hashes) in pins(path).items() if not hashes] == []


@both
def test_the_files_are_made_from_what_is_wanted(path: Path) -> None:
    source = path.with_suffix(".in")
    assert f"--generate-hashes --no-annotate {source.name} -o {path.name}\n" in path.read_text()
    made = {name: version for name, (version, _) in pins(path).items()}
    assert wanted(source).items() <= made.items()


@both
def test_nothing_in_them_is_of_one_machine(path: Path) -> None:
    assert not re.search(
        r"://|--index|--extra-index|--find-links|--trusted-host|(?m:^ *#.*/(home|tmp|opt|root)/)", path.read_text()
    )


def test_what_is_tested_is_what_is_deployed() -> None:
    assert pins(DEPLOYED).items() <= pins(DEVELOPED).items()


def test_the_worker_runtime_of_the_tests_is_the_one_in_azure() -> None:
    assert "azure-functions-runtime" in wanted(ROOT / "requirements.in")
