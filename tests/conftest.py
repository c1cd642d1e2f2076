import os
import sys
import threading
from collections.abc import Generator, Iterable

import pytest

pytest_plugins = ["tests.storage_fixtures"]

UNTRACED = ("tests/bench/", "tests/infra/", "tests/local/", "tests/repository/")
"""Folders about code whose coverage is not measured. Tracing would make them take twice as long."""


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than cores: some tests wait for programs that they have started."""
    return (os.process_cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(UNTRACED):
            item.add_marker(pytest.mark.untraced)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Measure no coverage in tests that are marked so; pytest-cov's own mark does nothing in a worker of xdist."""
    if not item.get_closest_marker("untraced"):
        return (yield)
    tracer, of_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)
        threading.settrace(of_threads)
