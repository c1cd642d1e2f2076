"""Storage for tests: one Azurite a session, an empty account of it for each test."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
import trustme

from local.azurite import Account, Azurite, Certificate


@dataclass(frozen=True)
class SecureAzurite:
    """An Azurite that speaks https and takes bearer tokens; `trust` is the file that `connection_verify` needs."""

    azurite: Azurite
    trust: str


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    with Azurite() as running:
        yield running


@pytest.fixture(scope="session")
def secure_azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureAzurite]:
    folder = tmp_path_factory.mktemp("certificates")
    files = Certificate(folder / "certificate.pem", folder / "key.pem")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "trust.pem"))
    issued.cert_chain_pems[0].write_to_path(str(files.certificate))
    issued.private_key_pem.write_to_path(str(files.key))
    with Azurite(certificate=files) as running:
        yield SecureAzurite(running, str(folder / "trust.pem"))


@pytest.fixture
def storage_account(azurite: Azurite) -> Account:
    return azurite.new_account()


@pytest.fixture
def container_name() -> str:
    return f"container-{uuid4().hex}"


@pytest.fixture
def queue_name() -> str:
    return f"queue-{uuid4().hex}"
