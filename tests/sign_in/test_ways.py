import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from copy import replace
from datetime import timedelta
from socket import socket
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3.util.connection

from local.stand_ins.authority import Trust
from local.stand_ins.partner_center import SignIn as Access
from shared.config.clouds import CLOUDS
from tests.sign_in.premises import IDENTITY, Premises

WAYS = ("managed_identity", "federated_app", "app_user")
AUDIENCE = CLOUDS["global"].audience


def test_a_managed_identity_signs_in_as_itself(premises: Premises) -> None:
    token = premises.sign_in("managed_identity").token()
    claims = premises.endpoint.mint.claims(token, AUDIENCE)
    assert claims is not None
    assert claims.app_id == IDENTITY
    assert premises.authority.requests == []


def test_a_system_assigned_identity_needs_no_client_id(premises: Premises) -> None:
    token = premises.sign_in("managed_identity", PARTNER_CENTER_CLIENT_ID="").token()
    claims = premises.endpoint.mint.claims(token, AUDIENCE)
    assert claims is not None
    assert claims.app_id == premises.endpoint.system_assigned


@pytest.mark.parametrize(("way", "access"), [("federated_app", Access.APP_ONLY), ("app_user", Access.APP_AND_USER)])
def test_an_app_proves_itself_by_the_identitys_token(premises: Premises, way: str, access: Access) -> None:
    assert premises.access(premises.sign_in(way).token()) is access
    assert "client_assertion" in premises.authority.requests[-1].body.decode()
    assert "client_secret" not in premises.authority.requests[-1].body.decode()


PROGRAM = """
import sys, function_app
from shared import bootstrap, sign_in
sign_in.credential(bootstrap.app().settings).close()
sys.stdout.write(" ".join(sys.modules))
"""


OWN: dict[str, set[str]] = {
    "managed_identity": set(),
    "federated_app": {"shared.sign_in.federated_app"},
    "app_user": {"shared.sign_in.app_user", "azure.keyvault.secrets"},
}


@pytest.mark.parametrize("way", OWN)
def test_a_way_loads_its_own_libraries_alone(premises: Premises, way: str) -> None:
    environment = premises.environment | {"PARTNER_CENTER_AUTH": way}
    command = [sys.executable, "-c", PROGRAM]
    ran = subprocess.run(command, check=True, env=environment, timeout=60, capture_output=True, text=True)  # noqa: S603 - our own program
    assert set.union(*OWN.values()) & set(ran.stdout.split()) == OWN[way]


@pytest.fixture
def real_names(premises: Premises, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leads connections to a cloud's authority to the stand-in; the names, TLS and all above stay real."""
    port = int(urlsplit(premises.environment.pop("AZURE_AUTHORITY_HOST")).port or 0)
    connect = urllib3.util.connection.create_connection

    def redirected(address: tuple[str, int], *rest: Any, **options: Any) -> socket:  # noqa: ANN401 - passed on
        host, asked = address
        return connect(("127.0.0.1", port) if host.startswith("login.") and asked == 443 else address, *rest, **options)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", redirected)


@pytest.mark.usefixtures("real_names")
@pytest.mark.parametrize("way", ["federated_app", "app_user"])
@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_cloud_has_its_own_authority_and_audiences(premises: Premises, way: str, cloud: str) -> None:
    expected = CLOUDS[cloud]
    premises.app = replace(premises.app, trusts=(Trust(IDENTITY, expected.exchange_audience),))
    token = premises.sign_in(way, PARTNER_CENTER_CLOUD=cloud).token()
    assert premises.access(token, cloud)
    assert {f"https://{request.headers['Host']}" for request in premises.authority.requests} == {expected.authority}
    assert expected.exchange_audience in {fetch.query["resource"] for fetch in premises.endpoint.fetches}
    assert (
        f"{expected.audience}/.default" in parse_qs(premises.authority.requests[-1].body.decode())["scope"][0].split()
    )


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_managed_identitys_token_is_made_out_for_the_clouds_audience(premises: Premises, cloud: str) -> None:
    premises.sign_in("managed_identity", PARTNER_CENTER_CLOUD=cloud).token()
    assert [fetch.query["resource"] for fetch in premises.endpoint.fetches] == [CLOUDS[cloud].audience]


@pytest.mark.parametrize("way", WAYS)
def test_many_threads_share_one_token(premises: Premises, way: str) -> None:
    sign_in = premises.sign_in(way)
    with ThreadPoolExecutor(16) as threads:
        assert len(set(threads.map(lambda _: sign_in.token(), range(64)))) == 1
    assert len(premises.endpoint.fetches) == {"managed_identity": 1, "federated_app": 1, "app_user": 2}[way]
    assert len([request for request in premises.authority.requests if request.method == "POST"]) == (way != WAYS[0])


@pytest.mark.parametrize("way", WAYS)
def test_a_refused_token_is_renewed(premises: Premises, way: str) -> None:
    sign_in = premises.sign_in(way)
    first = sign_in.token()
    sign_in.renew()
    assert sign_in.token() != first


@pytest.mark.parametrize("way", ["managed_identity", "app_user"])  # azure-identity refreshes no token of 30 seconds
def test_a_token_is_returned_until_five_minutes_before_it_expires(premises: Premises, way: str) -> None:
    premises.endpoint.mint.lifetime = premises.authority.mint.lifetime = timedelta(minutes=6)
    sign_in = premises.sign_in(way)
    assert sign_in.token() == sign_in.token()
    premises.endpoint.mint.lifetime = premises.authority.mint.lifetime = timedelta(minutes=4)
    sign_in = premises.sign_in(way)
    assert sign_in.token() != sign_in.token()
