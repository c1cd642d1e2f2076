"""``make serve``, started while another one serves, and started again."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient

from local.drop import ADDRESS
from local.serve import EMULATOR
from local.stage import CONTAINER
from tests.local.test_serve import Terminal, read_until


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Terminal]:
    with ExitStack() as started:
        yield Terminal(tmp_path, started)


def test_a_second_start_names_the_first_and_a_later_one_starts_clean_at_the_same_address(folder: Terminal) -> None:
    first = folder.start("serve")
    address = read_until("AccountKey", first).splitlines()[-1]
    assert all((folder.folder / file).stat().st_mode & 0o077 == 0 for file in (ADDRESS, EMULATOR))
    second = folder.start("serve")
    said, _ = second.communicate()
    assert second.returncode == 2
    assert said.startswith(f"Process {first.pid} has been serving from this folder since ")
    with ContainerClient.from_connection_string(address, CONTAINER) as container:
        container.upload_blob("a", b"1")
    stop(first)
    again = folder.start("serve")
    assert read_until("AccountKey", again).splitlines()[-1] == address
    assert "It starts clean" in read_until("Ctrl-C ends it.", again)
    with ContainerClient.from_connection_string(address, CONTAINER) as container:
        assert list(container.list_blobs()) == []
    stop(again)


def test_a_port_that_another_program_has_taken_is_named_with_what_to_do(folder: Terminal) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (folder.folder / EMULATOR).parent.mkdir()
        (folder.folder / EMULATOR).write_text(json.dumps({"key": "a2V5", "ports": {"Blob": port}}))
        serving = folder.start("serve")
        said, _ = serving.communicate()
    assert serving.returncode == 2
    assert f"127.0.0.1:{port} is in use by another program: end that program, or delete {EMULATOR}" in said


def stop(serving: subprocess.Popen[str]) -> None:
    serving.send_signal(signal.SIGINT)
    read_until("Ended.", serving)
    assert serving.wait() == 0
