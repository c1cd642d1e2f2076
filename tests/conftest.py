import os
from collections.abc import Iterable

import pytest

pytest_plugins = ["tests.storage_fixtures"]

UNTRACED = ("tests/bench/", "tests/infra/", "tests/local/", "tests/repository/")
"""Folders about code whose coverage is not measured. Tracing would make them take twice as long."""


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than cores: some tests wait for programs that they have started."""
    return (os.process_cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Leave tests untraced that no measured branch needs."""
    for item in items:
        if item.nodeid.startswith(UNTRACED):
            item.add_marker(pytest.mark.no_cover)
