from collections.abc import Iterator

import pytest

from local.certificates import PrivateAuthority
from tests.sign_in import premises as here
from tests.sign_in.premises import Premises, Servers


@pytest.fixture(scope="session")
def private_authority(tmp_path_factory: pytest.TempPathFactory) -> PrivateAuthority:
    return PrivateAuthority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def app_pem(private_authority: PrivateAuthority) -> str:
    return private_authority.for_app()


@pytest.fixture(scope="session")
def servers(private_authority: PrivateAuthority) -> Iterator[Servers]:
    with here.servers(private_authority) as running:
        yield running


@pytest.fixture
def premises(servers: Servers, app_pem: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Premises]:
    with here.premises(servers, app_pem) as opened:
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(name, opened.environment[name])
        yield opened
