"""The main job over each way to sign in, and what is told when one is refused: in the status and in the log."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from copy import replace

import pytest

from local.sign_in import SECRET, WAYS, SignInServices, sign_in_services
from local.stage import CLIENT_ID
from local.stand_ins.partner_center import Operation, faults
from shared.job.status_document import State
from tests.manifests import array, serials
from tests.stories.stage import Stage

TWO = array(serials(2))


class Desk:
    """Opens the services of one way to sign in, and lets the app know of them."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch, parts: ExitStack) -> None:
        self._stage, self._monkeypatch, self._parts = stage, monkeypatch, parts

    def open(self, way: str) -> SignInServices:
        self._stage.identity.client_ids = [CLIENT_ID]
        services = self._parts.enter_context(sign_in_services(way, self._stage.identity))
        self._stage.partner_center.sign_in = services.sign_in
        for name, value in services.environment.items():
            self._monkeypatch.setenv(name, value)
        self._parts.callback(self._hide, services)
        return services

    def _hide(self, services: SignInServices) -> None:
        """Take everything that was given out for secret."""
        given = services.authority.ledger.given if services.authority else []
        kept = services.vault.secrets.get(SECRET, []) if services.vault else []
        self._stage.witness.secrets |= {*given, *(version.value for version in kept)}


@pytest.fixture
def desk(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with ExitStack() as parts:
        yield Desk(stage, monkeypatch, parts)


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, str]]:
    """Give the fields of every event of a kind that was logged."""
    messages = [record.getMessage() for record in caplog.records if record.name == "manifests"]
    return [json.loads(message.removeprefix(event)) for message in messages if message.startswith(f"{event} ")]


@pytest.mark.parametrize("way", WAYS)
def test_the_main_job_goes_over_each_way(stage: Stage, desk: Desk, way: str) -> None:
    services = desk.open(way)
    stage.drop(TWO)
    assert stage.finish().state is State.COMPLETED
    assert set(stage.accepted().values()) == {1}
    (upload,) = stage.uploads()
    token = upload.headers["Authorization"].removeprefix("Bearer ")
    assert services.sign_in(token)
    assert (token in stage.mint.tokens) == (way == "managed_identity")
    assert (len(services.vault.secrets[SECRET]) if services.vault else 1) == (2 if way == "app_user" else 1)


@pytest.mark.parametrize("way", ["federated_app", "app_user"])
def test_a_missing_federated_credential_is_told_until_it_is_there(
    stage: Stage, desk: Desk, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    authority = desk.open(way).authority
    assert authority
    (registration,) = authority.registrations
    authority.registrations = (replace(registration, trusts=()),)
    stage.drop(TWO)
    stage.work()
    document = stage.document()
    assert (document["state"], document["error"]["code"]) == ("waiting", "AADSTS700211")
    assert "App registrations > PARTNER_CENTER_APP_ID" in document["error"]["description"]
    assert told(caplog, "sign_in_failed") == [
        {"code": "AADSTS700211", "reason": document["error"]["description"]},
    ]
    authority.registrations = (registration,)
    assert stage.finish().state is State.COMPLETED


@pytest.mark.parametrize(
    ("status", "code", "state", "words"),
    [
        (401, "900420", State.WAITING, "PARTNER_CENTER_CLOUD has to name the cloud"),
        (401, "10001", State.WAITING, "python -m shared consent again"),
        (403, "20002", State.REJECTED, "request the relationship (Partner Center > Customers)"),
    ],
)
def test_a_refusal_of_partner_center_says_what_to_mend(
    stage: Stage, caplog: pytest.LogCaptureFixture, status: int, code: str, state: State, words: str
) -> None:
    stage.partner_center.script.next_call(Operation.UPLOAD, *[faults.error(status, code, "No.")] * 2)
    stage.drop(TWO)
    stage.work()
    error = stage.document()["error"]
    assert stage.job().state is state
    assert (error["httpStatus"], error["code"]) == (status, code)
    assert words in error["description"]
    (fields,) = told(caplog, "upload_postponed" if state is State.WAITING else "sending_stopped")
    assert words in fields["advice"]
