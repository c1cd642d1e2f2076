import os

pytest_plugins = ["tests.storage_fixtures"]


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than cores: some tests wait for programs that they have started."""
    return (os.process_cpu_count() or 1) + 1
