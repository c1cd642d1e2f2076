"""The examples in docstrings are true."""

import doctest
from types import ModuleType

import pytest

from shared.manifest import InMemory, customer_and_batch, field_names, inspection


@pytest.mark.parametrize("module", [inspection, field_names, customer_and_batch], ids=lambda module: module.__name__)
def test_examples_show_what_comes_out(module: ModuleType) -> None:
    results = doctest.testmod(module, extraglobs={"InMemory": InMemory})
    assert results.attempted > 0
    assert results.failed == 0
