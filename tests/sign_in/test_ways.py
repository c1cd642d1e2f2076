import logging
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from copy import replace
from socket import socket
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3.util.connection
from azure.core.credentials import AccessToken
from azure_functions_runtime import invocation_id_cv

from local.stand_ins.authority import Trust
from local.stand_ins.partner_center import SignIn as Access
from shared.config.clouds import CLOUDS
from shared.partner_center.tokens import SignInError
from shared.sign_in import SignIn, token_source
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
import os, sys, function_app
from shared import bootstrap, sign_in
sign_in.credential(bootstrap.app(os.environ).settings).close()
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


class Slow:
    """Signs in as slowly as it is let."""

    def __init__(self) -> None:
        self.may_end = Event()
        self.asked = 0
        self.closed = 0

    def get_token(self, *scopes: str) -> AccessToken:
        self.asked += 1
        assert self.may_end.wait(10)
        return AccessToken(f"{scopes} {self.asked}", 0)

    def close(self) -> None:
        self.closed += 1


def test_nobody_waits_longer_than_told_and_nobody_asks_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_source, "LONGEST_SIGN_IN", 0.02)
    slow = Slow()
    sign_in = SignIn(lambda: slow, "audience")
    for _ in range(3):
        with pytest.raises(SignInError) as error:
            sign_in.token()
        assert error.value.fault.code == "sign_in_timeout"
    assert slow.asked == 1
    slow.may_end.set()
    monkeypatch.setattr(token_source, "LONGEST_SIGN_IN", 10)
    assert sign_in.token().startswith("('audience/.default',)")
    sign_in.close()
    assert slow.asked <= 2
    assert slow.closed == 1


def test_a_token_is_renewed_once_a_minute_at_most() -> None:
    made: list[Slow] = []
    clock = [1000.0]

    def make() -> Slow:
        made.append(Slow())
        made[-1].may_end.set()
        return made[-1]

    sign_in = SignIn(make, "audience", clock=lambda: clock[0])
    for moment, expected in ((1000, 2), (1059, 2), (1060, 3)):
        clock[0] = moment
        sign_in.token()
        sign_in.renew()
        sign_in.token()
        assert len(made) == expected
    sign_in.close()
    assert [slow.closed for slow in made] == [1, 1, 1]


class Minting:
    """Gives another token each time, each with so many seconds to live, or none."""

    def __init__(self, lifetime: float) -> None:
        self.lifetime = lifetime
        self.asked = 0

    def get_token(self, *_: str) -> AccessToken:
        self.asked += 1
        if self.lifetime < 0:
            raise OSError("no network")
        return AccessToken(str(self.asked), int(time.time() + self.lifetime))

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("lifetime", "moments", "told"),
    [
        (3600, (0, 59, 60, 61, 120), "11223"),
        (token_source.MARGIN + 30, (0, 28, 30), "112"),
        (token_source.MARGIN - 1, (0, 0, 1), "123"),
    ],
    ids=["long", "near its end", "too near its end"],
)
def test_a_token_is_handed_out_for_a_minute_unless_it_ends(
    lifetime: float, moments: tuple[float, ...], told: str
) -> None:
    minting, now = Minting(lifetime), [0.0]
    sign_in = SignIn(lambda: minting, "audience", clock=lambda: now[0])
    given = ""
    for now[0] in moments:
        given += sign_in.token()
    sign_in.close()
    assert given == told


def test_a_fault_is_handed_to_nobody_who_comes_later() -> None:
    minting = Minting(3600)
    sign_in = SignIn(lambda: minting, "audience", clock=lambda: 1000.0)
    assert sign_in.token() == "1"
    sign_in.renew()
    minting.lifetime = -1
    for asked in (2, 3):
        with pytest.raises(SignInError):
            sign_in.token()
        assert minting.asked == asked
    minting.lifetime = 3600
    assert sign_in.token() == "4"
    sign_in.close()


def test_a_sign_in_that_nobody_used_is_renewed_and_closed_without_harm() -> None:
    def never() -> Slow:
        raise AssertionError("nobody asked for a token")

    sign_in = SignIn(never, "audience")
    sign_in.renew()
    sign_in.close()


class Invocations(logging.Handler):
    """Notes for each record what the worker does: the invocation in whose context it was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str | None]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append((str(record.__dict__["event"]), invocation_id_cv.get()))


def test_a_failed_sign_in_is_logged_for_the_invocation_that_asked(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Slow:
        raise OSError("no network")

    sign_in, noticing = SignIn(broken, "audience"), Invocations()
    logger = logging.getLogger("manifests")
    logger.addHandler(noticing)
    for invocation in ("first", "second"):
        before = invocation_id_cv.set(invocation)
        with caplog.at_level(logging.INFO, "manifests"), pytest.raises(SignInError):
            sign_in.token()
        invocation_id_cv.reset(before)
    logger.removeHandler(noticing)
    sign_in.close()
    assert noticing.seen == [("sign_in_failed", "first"), ("sign_in_failed", "second")]
