"""The doctor against real parts: Azurite, the real credential, the stand-ins."""

import base64
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient

from local.azurite import Account
from local.stand_ins.identity import IdentityEndpoint, TokenMint, identity_not_found, server_error
from local.stand_ins.partner_center import PartnerCenter, SignIn, faults
from local.stand_ins.web import Fault, Request, Response, Server, instead
from shared.commands import doctor
from shared.commands.cli import main
from shared.config.clouds import CLOUDS
from tests.commands.screens import Screen
from tests.sign_in.premises import now
from tests.world import CUSTOMER

AUDIENCE = CLOUDS["global"].audience


class Patient:
    """An app's surroundings, all well to begin with."""

    def __init__(self, account: Account) -> None:
        self.identity = IdentityEndpoint(mint=TokenMint(now), roles=("Devices.Add",))
        self.center = PartnerCenter(
            customers={CUSTOMER: ["Test"]},
            sign_in=lambda token: SignIn.APP_ONLY if self.identity.mint.claims(token, AUDIENCE) else None,
            clock=now,
        )
        self.account = account
        self.environment: dict[str, str] = {}
        self.said: list[str] = []

    def examine(self, customer: str | None = CUSTOMER, **changed: str) -> int:
        screen = Screen()
        code = doctor.run({**self.environment, **changed}, customer, screen.terminal)
        self.said = screen.lines()
        return code

    def complaints(self) -> list[str]:
        return [line for line in self.said if line.startswith("FAIL")]


@pytest.fixture
def patient(storage_account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Patient]:
    patient = Patient(storage_account)
    with Server(patient.identity) as identity, Server(patient.center) as center:
        patient.environment = {
            "ManifestStorage": storage_account.connection_string,
            "MANIFEST_CONTAINER": "manifests",
            "WAKE_UP_QUEUE": "wake-ups",
            "PARTNER_CENTER_URL": center.url,
            **patient.identity.environment(identity.url),
        }
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
            monkeypatch.setenv(name, patient.environment[name])
        with ContainerClient.from_connection_string(storage_account.connection_string, "manifests") as container:
            container.create_container()
        with QueueClient.from_connection_string(storage_account.connection_string, "wake-ups") as queue:
            queue.create_queue()
        yield patient


def test_all_is_well(patient: Patient) -> None:
    assert patient.examine() == 0, patient.said
    assert patient.complaints() == []
    assert patient.said[-1] == "Nothing failed."
    words = "\n".join(patient.said)
    assert "roles Devices.Add" in words
    assert "batches: 1: Test" in words
    assert "upload_manifest" in words
    assert "eyJ" not in words  # as tokens begin


def test_a_customer_without_batches_is_no_fault(patient: Patient) -> None:
    patient.center = PartnerCenter(customers={CUSTOMER: []}, sign_in=lambda _: SignIn.APP_ONLY, clock=now)
    with Server(patient.center) as center:
        assert patient.examine(PARTNER_CENTER_URL=center.url) == 0
    assert patient.said[-2] == "ok    batches: the customer has none yet"


def test_it_says_that_writing_was_not_tried(patient: Patient) -> None:
    patient.examine()
    unproved = [line for line in patient.said if line.endswith("; writing was not tried")]
    assert [line.split(":")[0] for line in unproved] == ["ok    container", "ok    wake-up queue"]


def test_it_changes_nothing(patient: Patient) -> None:
    connection = patient.account.connection_string
    with (
        ContainerClient.from_connection_string(connection, "manifests") as container,
        QueueClient.from_connection_string(connection, "wake-ups") as queue,
    ):
        container.upload_blob("a/b/c.json", b"[]", metadata={"of": "somebody"})
        queue.send_message("a wake-up")

        def lies_there() -> list[object]:
            blobs = [(blob.name, blob.etag) for blob in container.list_blobs()]
            return [blobs, *((message.id, message.dequeue_count) for message in queue.peek_messages(9))]

        before = lies_there()
        patient.examine()
        assert "ok    wake-up queue: can be read; it holds about 1 wake-up; writing was not tried" in patient.said
        assert lies_there() == before
    assert [call.request.method for call in patient.center.calls] == ["GET"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"MANIFEST_CONTAINER": ""}, "settings: MANIFEST_CONTAINER is missing"),
        ({"MANIFEST_CONTAINER": "none"}, "container: it does not exist: create it, or correct MANIFEST_CONTAINER"),
        ({"WAKE_UP_QUEUE": "none"}, "wake-up queue: it does not exist: create it, or correct WAKE_UP_QUEUE"),
    ],
)
def test_what_is_wrong_is_reported_with_what_to_do(patient: Patient, changed: Mapping[str, str], words: str) -> None:
    assert patient.examine(**changed) == 1
    assert [line for line in patient.complaints() if words in line]


def test_each_wrong_setting_has_a_line(patient: Patient) -> None:
    assert patient.examine(MANIFEST_CONTAINER="", WAKE_UP_QUEUE="", MAX_DEVICES="many") == 1
    assert [line.split(":")[1].split()[0] for line in patient.complaints()] == [
        "MANIFEST_CONTAINER", "WAKE_UP_QUEUE", "MAX_DEVICES",
    ]  # fmt: skip
    assert patient.said[-1] == "1 check failed."


SKIPPED = "it needs the managed identity, which is only where the app runs"


def test_elsewhere_what_needs_the_identity_is_skipped(patient: Patient) -> None:
    assert patient.examine(IDENTITY_ENDPOINT="") == 0
    assert [line for line in patient.said if line.startswith("skip")] == [
        "skip  managed identity: there is none on this machine: run this where the app runs",
        f"skip  token: {SKIPPED}",
        f"skip  batches: {SKIPPED}",
    ]
    assert patient.said[-1] == "Nothing failed, 3 checks skipped."
    assert patient.examine(IDENTITY_ENDPOINT="", **NOWHERE) == 0
    assert f"skip  container: {SKIPPED}" in patient.said
    assert f"skip  wake-up queue: {SKIPPED}" in patient.said


def test_an_app_without_an_identity_has_failed(patient: Patient) -> None:
    assert patient.examine(IDENTITY_ENDPOINT="", WEBSITE_SITE_NAME="app") == 1
    (complaint,) = patient.complaints()
    assert complaint == "FAIL  managed identity: the app has none: turn it on (portal: Settings > Identity)"


@pytest.mark.parametrize(
    ("customer", "words"),
    [
        (None, "skip  batches: name a customer with --customer ID"),
        ("contoso", "FAIL  batches: the customer id is no GUID"),
    ],
)
def test_a_customer_is_asked_for_only_if_named(patient: Patient, customer: str | None, words: str) -> None:
    patient.examine(customer)
    assert [line for line in patient.said if line.startswith(words)]


def test_a_refused_listing_is_reported(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert patient.examine("11111111-2222-3333-4444-555555555555") == 1
    assert "HTTP 403" in patient.complaints()[0]
    patient.center.script.outage = faults.gateway_error(503)
    assert patient.examine() == 1
    assert "HTTP 503" in patient.complaints()[0]
    monkeypatch.setattr("shared.partner_center.client.PAUSES", ())
    assert patient.examine(PARTNER_CENTER_URL="http://127.0.0.1:9") == 1
    assert "could not be reached. Check PARTNER_CENTER_URL" in patient.complaints()[0]


def test_a_wrong_key_is_reported(patient: Patient) -> None:
    wrong = base64.b64encode(b"another key").decode()
    key = next(part for part in patient.account.connection_string.split(";") if part.startswith("AccountKey="))
    changed = patient.account.connection_string.replace(key, f"AccountKey={wrong}")
    assert patient.examine(ManifestStorage=changed) == 1
    assert "give the identity the role Storage Blob Data Owner" in patient.complaints()[0]


NOWHERE = {
    "ManifestStorage": "",
    "ManifestStorage__blobServiceUri": "https://127.0.0.1:9",
    "ManifestStorage__queueServiceUri": "https://127.0.0.1:9",
}


@pytest.fixture
def no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the storage SDKs give up at once: they would pause before they try again."""
    for service in ("blob", "queue"):
        retry = f"azure.storage.{service}._shared.policies.StorageRetryPolicy.increment"
        monkeypatch.setattr(retry, lambda *_, **__: False)


@pytest.mark.usefixtures("no_retries")
@pytest.mark.parametrize("trouble", [identity_not_found(), server_error()], ids=["not there", "in trouble"])
def test_a_missing_identity_differs_from_a_missing_role(patient: Patient, trouble: Fault) -> None:
    patient.identity.next_fetch(*[trouble] * 9)
    assert patient.examine(**NOWHERE) == 1
    words = "no token of the managed identity for it: correct that identity first, or ManifestStorage__clientId"
    assert [line for line in patient.complaints() if words in line] == [
        f"FAIL  container: {words}",
        f"FAIL  wake-up queue: {words}",
    ]


def test_a_storage_in_trouble_differs_from_one_that_refuses(patient: Patient) -> None:
    class InTrouble:
        def answer(self, _: Request) -> Response:
            return Response.of(409, {}, {"x-ms-error-code": "AccountBeingCreated"})

    with Server(InTrouble()) as server:
        ends = f"BlobEndpoint={server.url}/a;QueueEndpoint={server.url}/a"
        assert patient.examine(ManifestStorage=f"AccountName=a;AccountKey=a2V5;{ends}") == 1
    assert len(patient.complaints()) == 2
    assert all("the storage answered AccountBeingCreated" in line for line in patient.complaints())


@pytest.mark.usefixtures("no_retries")
def test_the_other_checks_are_made_whatever_one_meets(patient: Patient) -> None:
    patient.identity.next_fetch(*[instead(Response.of(200, []))] * 2)
    assert patient.examine(**NOWHERE) == 1
    assert len([line for line in patient.complaints() if "unexpected " in line]) == 2
    assert patient.said[-2].startswith("ok    batches: 1: Test")
    assert patient.said[-1] == "2 checks failed."


def test_a_fault_is_reported_once(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    patient.identity.system_assigned = None
    for name, value in patient.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    level = logging.getLogger().level
    try:
        assert main(["doctor"]) == 1
    finally:
        logging.getLogger().setLevel(level)
    words = capsys.readouterr()
    assert ("PARTNER_CENTER_CLIENT_ID" in words.out, words.err) == (True, "")


@pytest.mark.usefixtures("no_retries")
def test_storage_that_cannot_be_reached_is_reported(patient: Patient) -> None:
    nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
    nowhere += "BlobEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a"
    assert patient.examine(ManifestStorage=nowhere) == 1
    assert "cannot be reached" in patient.complaints()[0]


def jwt(claims: object) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}."


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (jwt({"aud": "https://graph.windows.net"}), "it is for https://graph.windows.net, not for"),
        ("opaque", "it is no JSON Web Token"),
        (jwt(["odd"]), "it is for unknown"),
    ],
)
def test_a_token_for_another_audience_is_reported(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, token: str, words: str
) -> None:
    monkeypatch.setattr("shared.sign_in.TokenSource.token", lambda _: token)
    assert patient.examine(None) == 1
    assert words in patient.complaints()[0]


def test_a_delegated_token_shows_its_scopes(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = {"aud": f"{AUDIENCE}/", "scp": "user_impersonation", "exp": 1_800_000_000}
    monkeypatch.setattr("shared.sign_in.TokenSource.token", lambda _: jwt(claims))
    patient.examine(None)
    assert [line for line in patient.said if "roles user_impersonation" in line]


def test_a_missing_token_is_reported_with_its_reason(patient: Patient) -> None:
    patient.identity.system_assigned = None
    assert patient.examine() == 1
    assert "PARTNER_CENTER_CLIENT_ID" in patient.complaints()[0]
    assert patient.complaints()[1:] == []
    assert patient.said[-2:] == ["skip  batches: there is no token", "1 check failed, 1 check skipped."]


def test_the_trigger_is_shown_with_its_name_and_source(patient: Patient) -> None:
    patient.examine(None)
    assert "Host.Functions.upload_manifest" in patient.said[1]
    patient.examine(None, MANIFEST_TRIGGER_SOURCE="LogsAndContainerScan")
    assert "polls the container" in patient.said[1]
    source = Path(doctor.__file__).parents[2] / "function_app.py"
    assert f'@app.function_name("{doctor.TRIGGER}")\n@app.blob_trigger(' in source.read_text(encoding="utf-8")
