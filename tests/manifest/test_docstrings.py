"""The examples in docstrings are true."""

import doctest
from types import ModuleType

import pytest

from shared.manifest import InMemory, field_names, inspection, target_ids


@pytest.mark.parametrize("module", [inspection, field_names, target_ids], ids=lambda module: module.__name__)
def test_examples_show_what_comes_out(module: ModuleType) -> None:
    results = doctest.testmod(module, extraglobs={"InMemory": InMemory})
    assert results.attempted > 0
    assert results.failed == 0
