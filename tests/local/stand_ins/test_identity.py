import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, ServiceResponseTimeoutError
from azure.identity import ManagedIdentityCredential
from requests.structures import CaseInsensitiveDict

from local.stand_ins.identity import Claims, IdentityEndpoint, TokenMint, identity_not_found, server_error
from local.stand_ins.partner_center import PartnerCenter, SignIn
from local.stand_ins.web import Adapter, Fault, Request, Server, Silence, unanswered

AUDIENCE = "https://api.partnercenter.microsoft.com"
SCOPE = f"{AUDIENCE}/.default"
SYSTEM = "11111111-3d57-4e0b-8a55-2f1f0a9d7c11"
USER = "22222222-3d57-4e0b-8a55-2f1f0a9d7c11"


def real_now() -> datetime:
    return datetime.now(UTC)  # the credential holds a token's end against the machine's clock


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityEndpoint]:
    endpoint = IdentityEndpoint(
        mint=TokenMint(real_now), client_ids={USER}, system_assigned=SYSTEM, roles=("Register",)
    )
    with Server(endpoint) as server:
        for name, value in endpoint.environment(server.url).items():
            monkeypatch.setenv(name, value)
        yield endpoint


def credential(client_id: str | None = None) -> ManagedIdentityCredential:
    return ManagedIdentityCredential(client_id=client_id, retry_total=0, read_timeout=0.5)


def payload(token: str) -> dict[str, Any]:
    head, body, signature = token.split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["alg"] == "none"
    assert signature == ""
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=="))
    return claims


@pytest.mark.parametrize(("client_id", "app_id"), [(None, SYSTEM), (USER, USER)])
def test_the_real_credential_gets_a_token_of_its_identity(
    endpoint: IdentityEndpoint, client_id: str | None, app_id: str
) -> None:
    with credential(client_id) as signed_in:
        token = signed_in.get_token(SCOPE)
    claims = payload(token.token)
    assert (claims["aud"], claims["appid"], claims["roles"]) == (AUDIENCE, app_id, ["Register"])
    assert abs(claims["exp"] - token.expires_on) <= 1
    assert endpoint.mint.claims(token.token, AUDIENCE) == Claims(AUDIENCE, app_id, ("Register",))
    assert endpoint.fetches[0].query == {"api-version": "2019-08-01", "resource": AUDIENCE} | (
        {"client_id": client_id} if client_id else {}
    )


def test_the_credential_fetches_once_and_each_fetch_is_another_token(endpoint: IdentityEndpoint) -> None:
    tokens = set()
    for fetches in (1, 2):
        with credential() as signed_in:
            tokens |= {signed_in.get_token(SCOPE).token for _ in range(3)}
        assert len(tokens) == len(endpoint.fetches) == fetches


def test_an_identity_that_does_not_exist_gets_no_token(endpoint: IdentityEndpoint) -> None:
    with credential("33333333-3d57-4e0b-8a55-2f1f0a9d7c11") as signed_in, pytest.raises(ClientAuthenticationError):
        signed_in.get_token(SCOPE)
    endpoint.system_assigned = None
    with credential() as signed_in, pytest.raises(ClientAuthenticationError):
        signed_in.get_token(SCOPE)


@pytest.mark.parametrize(
    ("fault", "exception"),
    [
        (server_error(), ClientAuthenticationError),
        (identity_not_found(), ClientAuthenticationError),
        (unanswered(Silence.TIMED_OUT), ServiceResponseTimeoutError),
    ],
)
def test_a_fault_meets_the_next_fetch_only(
    endpoint: IdentityEndpoint, fault: Fault, exception: type[Exception]
) -> None:
    endpoint.next_fetch(fault)
    with credential() as signed_in, pytest.raises(exception):
        signed_in.get_token(SCOPE)
    with credential() as signed_in:  # a new one: after a 5xx the old one asks nobody for seconds
        assert endpoint.mint.claims(signed_in.get_token(SCOPE).token, AUDIENCE)


def test_a_token_for_another_audience_is_not_recognised(endpoint: IdentityEndpoint) -> None:
    endpoint.next_fetch(endpoint.wrong_audience("https://graph.windows.net"))
    with credential() as signed_in:
        token = signed_in.get_token(SCOPE).token
    assert endpoint.mint.claims(token, AUDIENCE) is None
    assert payload(token)["aud"] == "https://graph.windows.net"


def test_partner_center_takes_the_tokens_of_its_audience(endpoint: IdentityEndpoint) -> None:
    def sign_in(token: str) -> SignIn | None:
        return SignIn.APP_ONLY if endpoint.mint.claims(token, AUDIENCE) else None

    center = PartnerCenter(customers={SYSTEM: ["Test"]}, sign_in=sign_in, clock=real_now)
    headers = CaseInsensitiveDict({"Accept": "application/json"})
    for audience, status in ((AUDIENCE, 200), ("https://graph.windows.net", 401)):
        with credential() as signed_in:
            headers["Authorization"] = f"Bearer {signed_in.get_token(f'{audience}/.default').token}"
        assert center.answer(Request("GET", f"/v1/customers/{SYSTEM}/deviceBatches", headers)).status == status


@pytest.mark.parametrize(
    ("method", "path", "header", "status"),
    [
        ("GET", "/msi/token?api-version=2019-08-01&resource=r", "right", 200),
        ("GET", "/msi/token?api-version=2019-08-01&resource=r", "wrong", 401),
        ("GET", "/msi/token?api-version=2019-08-01&resource=r", None, 401),
        ("GET", "/msi/token?api-version=2017-09-01&resource=r", "right", 400),
        ("GET", "/msi/token?api-version=2019-08-01", "right", 400),
        ("POST", "/msi/token?api-version=2019-08-01&resource=r", "right", 404),
        ("GET", "/other?api-version=2019-08-01&resource=r", "right", 404),
    ],
)
def test_the_endpoint_is_strict(method: str, path: str, header: str | None, status: int) -> None:
    endpoint = IdentityEndpoint(mint=TokenMint(real_now))
    secret = endpoint.environment("http://identity.example")["IDENTITY_HEADER"]
    headers = {"X-IDENTITY-HEADER": secret if header == "right" else header}
    with requests.Session() as session:
        session.mount("http://identity.example", Adapter(endpoint))
        answer = session.request(method, f"http://identity.example{path}", headers=headers, timeout=10)
    assert answer.status_code == status
    assert ("access_token" in answer.json()) == (status == 200)


def test_a_token_expires_by_the_mints_clock() -> None:
    now = [datetime(2026, 11, 22, 16, tzinfo=UTC)]
    mint = TokenMint(lambda: now[0], lifetime=timedelta(hours=1))
    token, expires = mint.issue(Claims("a", "b"))
    now[0] = expires - timedelta(seconds=1)
    assert mint.claims(token, "a")
    now[0] = expires
    assert mint.claims(token, "a") is None


def test_a_foreign_token_is_not_recognised() -> None:
    token, _ = TokenMint(real_now).issue(Claims("a", "b"))
    assert TokenMint(real_now).claims(token, "a") is None
