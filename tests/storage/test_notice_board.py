"""The blob that processes share, in a real storage."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, override

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient

from local.azurite import Account
from shared.storage.notice_board import LARGEST, NoticeBoard
from shared.workflow.exchange import EVERY, BoardUnavailableError
from shared.workflow.notices import decode
from shared.workflow.pacing import Pacing
from shared.workflow.waiting_line import NEW, Call
from tests.fakes import Clock
from tests.world import DELAYS


@pytest.fixture
def container(storage_account: Account, container_name: str) -> Iterator[ContainerClient]:
    with ContainerClient.from_connection_string(storage_account.connection_string, container_name) as client:
        yield client


def pinned(board: NoticeBoard, data: bytes, over: str | None = None) -> str | None:
    """Write, though the container may have to be created first, and return the ETag."""
    assert board.write(data, over) or board.write(data, over)
    return board.read()[1]


def test_the_container_is_created_by_the_first_who_writes(container: ContainerClient) -> None:
    board = NoticeBoard(lambda: container, "manifests")
    assert board.read() == (None, None)
    assert not board.write(b"first", None), "it is read again before it is written"
    assert board.write(b"first", None)
    assert board.read()[0] == b"first"


def test_whoever_has_been_overtaken_does_not_write(container: ContainerClient) -> None:
    mine, theirs = NoticeBoard(lambda: container, "manifests"), NoticeBoard(lambda: container, "manifests")
    seen = pinned(mine, b"first")
    assert not theirs.write(b"as the first", None)
    assert theirs.write(b"second", seen)
    assert not mine.write(b"third", seen)
    assert mine.read()[0] == b"second"


def test_a_blob_that_was_deleted_is_written_anew(container: ContainerClient) -> None:
    board = NoticeBoard(lambda: container, "manifests")
    seen = pinned(board, b"first")
    container.delete_blob("manifests")
    assert not board.write(b"second", seen)
    assert board.write(b"second", board.read()[1])


class Overtaken(ContainerClient):
    """Another process creates the container just before."""

    @override
    def create_container(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        super().create_container()
        return super().create_container(*args, **kwargs)


def test_two_who_create_the_container_do_not_fail(storage_account: Account, container_name: str) -> None:
    with Overtaken.from_connection_string(storage_account.connection_string, container_name) as container:
        board = NoticeBoard(lambda: container, "manifests")
        assert not board.write(b"first", None)
        assert pinned(board, b"first")


def test_no_more_is_read_than_the_app_writes(container: ContainerClient) -> None:
    board = NoticeBoard(lambda: container, "manifests")
    seen = pinned(board, b"x" * (LARGEST + 1))
    assert board.read() == (None, seen)
    assert board.write(b"small again", seen)


def test_a_missing_right_is_reported_by_the_services_own_code(storage_account: Account, container_name: str) -> None:
    stranger = re.sub(r"AccountKey=[^;]+", "AccountKey=c3RyYW5nZXI=", storage_account.connection_string)
    with ContainerClient.from_connection_string(stranger, container_name) as container:
        board = NoticeBoard(lambda: container, "manifests")
        with pytest.raises(BoardUnavailableError, match=r"^AuthorizationFailure$"):
            board.read()
        with pytest.raises(BoardUnavailableError, match=r"^AuthorizationFailure$"):
            board.write(b"first", None)


def test_two_processes_hear_each_other_in_a_real_storage(container: ContainerClient) -> None:
    clock = Clock()
    first, second = (Pacing(clock, DELAYS.retries, NoticeBoard(lambda: container, "manifests")) for _ in range(2))
    for pacing in (first, second):
        assert pacing.turn(Call.UPLOAD, "a customer", NEW) is None
        assert pacing.turn(Call.UPLOAD, "another", NEW) is None
    second.throttled(Call.UPLOAD, "another", timedelta(seconds=1))
    first.throttled(Call.UPLOAD, "a customer", timedelta(minutes=1))
    clock.advance(EVERY)
    assert second.turn(Call.UPLOAD, "a customer", NEW)
    told = decode(NoticeBoard(lambda: container, "manifests").read()[0])
    assert told.quotas.keys() == {"a customer", "another"}
    assert len(told.reports) == 2


def test_an_answer_that_the_sdk_cannot_read_is_none() -> None:
    def unread() -> ContainerClient:
        raise ValueError("Required Content-Range response header is missing or malformed.")

    with pytest.raises(BoardUnavailableError, match=r"^ValueError$"):
        NoticeBoard(unread, "manifests").read()


def test_no_client_is_made_before_there_is_something_to_report() -> None:
    made = list[str]()

    def connected() -> ContainerClient:
        made.append("a client")
        raise ResourceNotFoundError

    clock = Clock()
    pacing = Pacing(clock, DELAYS.retries, NoticeBoard(connected, "manifests"))
    assert pacing.turn(Call.UPLOAD, "a customer", NEW) is None
    assert made == []
    pacing.throttled(Call.UPLOAD, "a customer", timedelta(minutes=1))
    assert made
