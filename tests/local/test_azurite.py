import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import jwt
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local import azurite as emulator
from local.azurite import Account, Address, Azurite, AzuriteError, Certificate, PortInUseError
from tests.storage_fixtures import SecureAzurite

LOCAL = Path(emulator.__file__).parent
FAR_AWAY = 4102444800  # the year 2100, in epoch seconds


def test_blobs_and_queues_are_kept(storage_account: Account) -> None:
    with BlobServiceClient.from_connection_string(storage_account.connection_string) as blobs:
        blobs.create_container("manifests").upload_blob("a.json", b"[]")
        assert blobs.get_blob_client("manifests", "a.json").download_blob().readall() == b"[]"
        with pytest.raises(ResourceExistsError):
            blobs.get_blob_client("manifests", "a.json").upload_blob(b"again", overwrite=False)
    with QueueServiceClient.from_connection_string(storage_account.connection_string) as queues:
        queues.create_queue("wake-ups").send_message("hello")
        assert [message.content for message in queues.get_queue_client("wake-ups").receive_messages()] == ["hello"]


def test_each_account_is_empty_and_apart(azurite: Azurite) -> None:
    first, second = azurite.new_account(), azurite.new_account()
    with BlobServiceClient.from_connection_string(first.connection_string) as blobs:
        blobs.create_container("manifests")
    with BlobServiceClient.from_connection_string(second.connection_string) as blobs:
        assert list(blobs.list_containers()) == []


def test_two_run_side_by_side_on_loopback(azurite: Azurite) -> None:
    with Azurite() as other:
        urls = {azurite.blob_url, azurite.queue_url, other.blob_url, other.queue_url}
    assert len(urls) == 4
    assert all(url.startswith("http://127.0.0.1:") for url in urls)


def test_its_key_is_in_no_text_about_an_account(storage_account: Account) -> None:
    assert "AccountKey" not in repr(storage_account)


def test_an_earlier_address_is_found_again_with_nothing_of_what_was_there() -> None:
    with Azurite() as first, BlobServiceClient.from_connection_string(first.connection_string) as blobs:
        blobs.create_container("manifests")
    with Azurite(address=first.address) as second:
        assert second.connection_string == first.connection_string
        with BlobServiceClient.from_connection_string(second.connection_string) as blobs:
            assert list(blobs.list_containers()) == []


def test_a_port_of_another_program_is_named(azurite: Azurite) -> None:
    port = azurite.address.ports["Queue"]
    address = Address("a2V5", {"Queue": port})
    with pytest.raises(PortInUseError, match=rf"^127\.0\.0\.1:{port} is in use by another program$"):
        Azurite(address=address)
    assert "a2V5" not in repr(address)


class StorageToken:
    """A credential whose token Azurite accepts: it looks at the issuer, the audience and the times, at no signature."""

    def __init__(self, audience: str) -> None:
        claims = {"iss": "https://sts.windows.net/tenant/", "aud": audience, "nbf": 0, "iat": 0, "exp": FAR_AWAY}
        self._token = jwt.encode(claims, "k" * 32, algorithm="HS256")

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        assert scopes == ("https://storage.azure.com/.default",)
        return AccessToken(self._token, FAR_AWAY)


def test_bearer_tokens_for_storage_are_taken_over_tls(secure_azurite: SecureAzurite) -> None:
    url, trust = secure_azurite.azurite.new_account().blob_url, secure_azurite.trust
    assert url.startswith("https://127.0.0.1:")
    with BlobServiceClient(url, StorageToken("https://storage.azure.com"), connection_verify=trust) as blobs:
        blobs.create_container("manifests")
    with (
        BlobServiceClient(url, StorageToken("https://example.com"), connection_verify=trust, retry_total=0) as blobs,
        pytest.raises(HttpResponseError, match="Invalid token audience"),
    ):
        blobs.create_container("others")


def test_its_process_is_gone_once_it_is_closed() -> None:
    with Azurite() as running:
        pid = running.pid
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="watches a process that is no child through a pidfd")
def test_its_process_ends_when_its_owner_is_killed() -> None:
    owner_script = "from local.azurite import Azurite; a = Azurite(); print(a.pid, flush=True); input()"
    with subprocess.Popen(  # noqa: S603 - the script above
        [sys.executable, "-c", owner_script],
        cwd=LOCAL.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        watched = os.pidfd_open(int(owner.stdout.readline()))
        try:
            assert select.select([watched], [], [], 0)[0] == []
            owner.send_signal(signal.SIGKILL)
            assert select.select([watched], [], [], 10)[0] == [watched]
        finally:
            os.close(watched)


def test_a_missing_node_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AzuriteError, match=r"^node was not found: install Node.js 20 or later from \S+$"):
        Azurite()


def test_a_missing_install_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(emulator, "_HERE", tmp_path)
    with pytest.raises(AzuriteError, match=r"^Azurite is not installed: run `npm ci --prefix local`$"):
        Azurite()


def test_what_it_said_is_told_when_it_cannot_start(tmp_path: Path) -> None:
    missing = Certificate(tmp_path / "no-such-cert.pem", tmp_path / "no-such-key.pem")
    with pytest.raises(AzuriteError, match=r"ended while it was starting[\s\S]*no-such-cert.pem"):
        Azurite(certificate=missing)


def test_the_lock_pins_azurite_and_names_no_registry() -> None:
    packages = json.loads((LOCAL / "package-lock.json").read_bytes())["packages"]
    assert packages[""]["dependencies"]["azurite"] == packages["node_modules/azurite"]["version"] == "3.37.0"
    assert {package["resolved"] for package in packages.values() if "resolved" in package} == {"left-out"}
