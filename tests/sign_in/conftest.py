import logging
from collections.abc import Iterator

import pytest

from local.stand_ins.certificates import PrivateAuthority
from tests.sign_in import premises as here
from tests.sign_in.premises import Premises, Servers
from tests.sign_in.witness import check_words


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
def premises(
    servers: Servers, app_pem: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Premises]:
    caplog.set_level(logging.DEBUG)
    with here.premises(servers, app_pem) as opened:
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(name, opened.environment[name])
        yield opened
        check_words(opened, [*caplog.get_records("setup"), *caplog.get_records("call")])
