"""The identity-based connection of the data account: Azurite asks for a bearer token, over TLS, and gets the app's."""

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite
from local.stand_ins.certificates import PrivateAuthority
from local.stand_ins.partner_center import PartnerCenter
from local.stand_ins.web import Server
from shared import sign_in
from shared.bootstrap import App
from shared.config.clouds import CLOUDS
from shared.job.status_document import State, encode
from shared.workflow.ports import Stored
from shared.workflow.queue_messages import WakeUp
from tests.sign_in.premises import IDENTITY, Premises, now

CUSTOMER = "c7f3c849-129f-4b85-a96d-4f8e88b315a3"
NAME = f"{CUSTOMER}/Test/laptops.json"


def test_one_identity_reads_the_manifest_and_proves_the_app(
    premises: Premises, private_authority: PrivateAuthority
) -> None:
    partner_center = PartnerCenter(customers={CUSTOMER: ["Test"]}, sign_in=premises.access, clock=now)
    with Azurite(certificate=private_authority.files()) as azurite, Server(partner_center) as server:
        with sign_in.managed_identity(IDENTITY) as credential:
            with BlobServiceClient(azurite.blob_url, credential) as blobs:
                blobs.create_container("manifests").upload_blob(NAME, b'[{"hardwareHash": "DummyHash1234"}]')
            with QueueServiceClient(azurite.queue_url, credential) as queues:
                queues.create_queue("manifest-wake-ups")
        app = App(
            premises.settings(
                "federated_app",
                PARTNER_CENTER_URL=server.url,
                ManifestStorage="",
                ManifestStorage__blobServiceUri=azurite.blob_url,
                ManifestStorage__queueServiceUri=azurite.queue_url,
                ManifestStorage__credential="managedidentity",
                ManifestStorage__clientId=IDENTITY,
            )
        )
        app.workflow.advance(WakeUp(NAME))
        stored = app.storage.load(NAME)
        app.tokens.close()
    assert isinstance(stored, Stored)
    assert stored.job.state is State.ACCEPTED
    written = encode(stored.job).decode()
    assert not [secret for secret in premises.secrets() if secret in written]
    resources = {"https://storage.azure.com", CLOUDS["global"].exchange_audience}
    assert {fetch.query["resource"] for fetch in premises.endpoint.fetches} == resources
    assert {fetch.query["client_id"] for fetch in premises.endpoint.fetches} == {IDENTITY}
