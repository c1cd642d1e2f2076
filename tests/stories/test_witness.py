"""The witness of every story would notice."""

import logging
from datetime import UTC, datetime
from uuid import UUID

import pytest

from local.host.runtime import Result
from local.host.triggers import Run
from shared.job.status_document import Internal, Job, State
from tests.stories.witness import Witness

SECRET = "a hardware hash"
MANIFEST = b'{"Devices": [], "devices": [{"HardwareHash": "%s", "serialNumber": "S1"}]}' % SECRET.encode()
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUIET = Run("upload_manifest", "manifests/a", Result())


@pytest.fixture
def witness() -> Witness:
    witness = Witness()
    witness.hide(MANIFEST)
    return witness


def record(message: str, **fields: object) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, "levelno": logging.INFO, **fields})


def test_quiet_words_pass(witness: Witness) -> None:
    witness.check_words([record("part_accepted", serial="S1")], [QUIET])


@pytest.mark.parametrize(
    "said",
    [
        record(f"sent {SECRET}"),
        record("sent", fields={"device": SECRET}),
        record("sent %s", args=(SECRET,)),
        record("failed", exc_info=(ValueError, ValueError(SECRET), None)),
    ],
)
def test_a_secret_in_a_log_record_is_noticed(witness: Witness, said: logging.LogRecord) -> None:
    with pytest.raises(AssertionError):
        witness.check_words([said], [])


@pytest.mark.parametrize("result", [Result(error=f"ValueError: {SECRET}"), Result(error="x", stack=SECRET)])
def test_a_secret_in_an_exception_is_noticed(witness: Witness, result: Result) -> None:
    with pytest.raises(AssertionError):
        witness.check_words([], [QUIET, Run("upload_manifest", "manifests/a", result)])


def status(message: str) -> Job:
    return Job(
        manifest="a",
        etag="0x1",
        state=State.WAITING,
        message=message,
        created_at=NOON,
        updated_at=NOON,
        internal=Internal(run=UUID(int=7), part_size=1000),
    )


def test_a_secret_in_a_status_is_noticed(witness: Witness) -> None:
    witness.jobs = [status("all is well")]
    witness.check_statuses()
    witness.jobs.append(status(f"this is {SECRET}"))
    with pytest.raises(AssertionError):
        witness.check_statuses()
