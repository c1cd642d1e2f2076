"""Every way in which a sign-in is refused, and the words that name what to correct."""

import re
from copy import replace

import pytest
from requests.structures import CaseInsensitiveDict

from local.stand_ins.authority import Trust, refusal
from local.stand_ins.certificates import PrivateAuthority
from local.stand_ins.web import Fault, Request, Response, Server, Silence, instead, no_fault, unanswered
from shared.config.timeouts import LONGEST_SIGN_IN
from shared.sign_in import entra
from shared.sign_in.managed_identity import HTTP
from tests.sign_in.premises import IDENTITY, OTHER_IDENTITY, REFRESH_TOKEN, Premises

NOBODY = "99999999-3d57-4e0b-8a55-2f1f0a9d7c11"
APP_WAYS = ("federated_app", "app_user")
BRIEFLY = 0.3  # seconds: long for a server that answers, short for a test
PAGE = instead(Response(502, CaseInsensitiveDict({"Content-Type": "text/html"}), b"<html>Bad Gateway</html>"))
LATER = instead(Response(429, CaseInsensitiveDict({"Retry-After": "600", "Content-Type": "application/json"}), b"{}"))


def asked_for_tokens(premises: Premises) -> int:
    return len([request for request in premises.authority.requests if request.method == "POST"])


@pytest.mark.parametrize("way", APP_WAYS)
@pytest.mark.parametrize(
    ("trusts", "settings", "code", "words"),
    [
        ((), {}, "AADSTS700211", r"federated credential .*Federated|whose issuer"),
        ((Trust(IDENTITY, issuer="https://else.example"),), {}, "AADSTS700211", "whose issuer"),
        (
            (Trust(OTHER_IDENTITY),),
            {},
            "AADSTS700213",
            r"object \(principal\) id of the identity PARTNER_CENTER_CLIENT_ID",
        ),
        ((Trust(IDENTITY, "api://Else"),), {}, "AADSTS700212", "audience is that of PARTNER_CENTER_CLOUD"),
        ((Trust(IDENTITY),), {"PARTNER_CENTER_CLOUD": "china"}, "AADSTS700212", "audience .* PARTNER_CENTER_CLOUD"),
        ((Trust(IDENTITY),), {"PARTNER_CENTER_APP_ID": NOBODY}, "AADSTS700016", "correct PARTNER_CENTER_APP_ID"),
    ],
    ids=["no credential", "other issuer", "other subject", "other audience", "other cloud", "other app"],
)
def test_a_registration_that_does_not_fit_is_named(
    premises: Premises, way: str, trusts: tuple[Trust, ...], settings: dict[str, str], code: str, words: str
) -> None:
    premises.app = replace(premises.app, trusts=trusts)
    fault = premises.fault(way, **settings)
    assert fault.code == code
    assert re.search(words, fault.description)
    assert fault.correlation_id
    assert fault.server_correlation


@pytest.mark.parametrize(("way", "code"), [("federated_app", "AADSTS90002"), ("app_user", "unknown_tenant")])
def test_an_unknown_tenant_is_named(premises: Premises, way: str, code: str) -> None:
    fault = premises.fault(way, PARTNER_CENTER_TENANT_ID=NOBODY)
    assert fault.code == code
    assert "PARTNER_CENTER_TENANT_ID" in fault.description
    assert "PARTNER_CENTER_CLOUD" in fault.description


@pytest.mark.parametrize(
    ("way", "error", "number", "words"),
    [
        ("federated_app", "invalid_client", 70021, "federated credential"),
        ("federated_app", "invalid_client", 700025, "turn its public client flows off"),
        ("federated_app", "invalid_client", 7000229, "az ad sp create --id"),
        ("app_user", "invalid_client", 700024, "clocks disagree"),
        ("app_user", "invalid_client", 700027, "PARTNER_CENTER_CERTIFICATE_SECRET"),
        ("app_user", "invalid_client", 7000218, "allow public client flows"),
        ("federated_app", "invalid_resource", 500011, "permission Microsoft Partner Center"),
        ("app_user", "invalid_grant", 65001, "grant admin consent"),
        ("app_user", "interaction_required", 50076, "python -m shared consent again, with MFA"),
        ("app_user", "interaction_required", 50079, "python -m shared consent again, with MFA"),
        ("app_user", "access_denied", 53003, "Conditional Access"),
        ("app_user", "invalid_grant", 700082, "python -m shared consent again"),
        ("app_user", "invalid_grant", 50173, "python -m shared consent again"),
        ("app_user", "invalid_grant", 50057, "account is disabled"),
        ("federated_app", "invalid_request", 1234567, "docs/signing-in.md"),
    ],
)
def test_each_refusal_of_entra_says_what_to_do(
    premises: Premises, way: str, error: str, number: int, words: str
) -> None:
    premises.authority.next_token(refusal(error, number))
    fault = premises.fault(way)
    assert fault.code == f"AADSTS{number}"
    assert words in fault.description


def test_a_refusal_without_a_number_is_reported_too(premises: Premises) -> None:
    premises.authority.next_token(instead(Response.of(400, {"error": "temporarily_unavailable"})))
    fault = premises.fault("app_user")
    assert fault.code == "entra_refused"
    assert "temporarily_unavailable" in fault.description


def test_an_invalid_refresh_token_is_named(premises: Premises) -> None:
    premises.vault.put(REFRESH_TOKEN, "1.something-else")
    fault = premises.fault("app_user")
    assert fault.code == "AADSTS70000"
    assert "python -m shared consent" in fault.description


@pytest.mark.parametrize("way", APP_WAYS)
@pytest.mark.parametrize("trouble", [unanswered(Silence.CLOSED), PAGE, LATER], ids=["closed", "page", "later"])
def test_an_authority_in_trouble_is_asked_twice_at_most(premises: Premises, way: str, trouble: Fault) -> None:
    premises.authority.next_token(*[trouble] * 9)
    assert premises.fault(way).code in ("entra_unreachable", "entra_refused")
    assert asked_for_tokens(premises) <= 2


@pytest.mark.parametrize("way", APP_WAYS)
def test_an_authority_that_keeps_silent_is_not_waited_for(
    premises: Premises, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setitem(HTTP, "read_timeout", BRIEFLY)
    monkeypatch.setattr(entra, "TIMEOUT", (5, BRIEFLY))
    premises.authority.next_token(*[unanswered(Silence.TIMED_OUT)] * 9)
    assert premises.fault(way).code == "entra_unreachable"
    assert asked_for_tokens(premises) <= 2


def test_an_authority_that_is_down_differs_from_one_that_refuses(premises: Premises) -> None:
    fault = premises.fault("app_user", AZURE_AUTHORITY_HOST="https://127.0.0.1:1")
    assert fault.code == "entra_unreachable"
    assert "AZURE_AUTHORITY_HOST" in fault.description


@pytest.mark.parametrize("way", ["managed_identity", *APP_WAYS])
def test_an_identity_that_is_not_assigned_is_named(premises: Premises, way: str) -> None:
    fault = premises.fault(way, PARTNER_CENTER_CLIENT_ID=OTHER_IDENTITY)
    assert fault.code == "no_managed_identity"
    assert "Settings > Identity" in fault.description
    assert "PARTNER_CENTER_CLIENT_ID" in fault.description
    assert "No managed identity was found" in fault.description


def test_a_missing_system_assigned_identity_is_named(premises: Premises) -> None:
    premises.endpoint.system_assigned = None
    fault = premises.fault("managed_identity", PARTNER_CENTER_CLIENT_ID="")
    assert "Turn the function app's system-assigned identity on" in fault.description


@pytest.mark.parametrize("way", ["managed_identity", *APP_WAYS])
@pytest.mark.parametrize(
    "trouble",
    [unanswered(Silence.CLOSED), PAGE, LATER, instead(Response.of(200, []))],
    ids=["closed", "page", "later", "garbage"],
)
def test_an_identity_endpoint_in_trouble_is_asked_twice_at_most(premises: Premises, way: str, trouble: Fault) -> None:
    premises.endpoint.next_fetch(*[trouble] * 9)
    assert premises.fault(way).code in ("no_managed_identity", "sign_in_failed")
    assert len(premises.endpoint.fetches) <= 2


@pytest.mark.parametrize("way", ["managed_identity", *APP_WAYS])
def test_an_identity_endpoint_that_keeps_silent_is_not_waited_for(
    premises: Premises, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setitem(HTTP, "read_timeout", BRIEFLY)
    premises.endpoint.next_fetch(*[unanswered(Silence.TIMED_OUT)] * 9)
    assert premises.fault(way).code == "no_managed_identity"
    assert len(premises.endpoint.fetches) == 2


def test_a_vault_that_keeps_silent_is_not_waited_for(premises: Premises, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HTTP, "read_timeout", BRIEFLY)
    premises.vault.next_call(*[unanswered(Silence.TIMED_OUT)] * 9)
    assert premises.fault("app_user").code == "key_vault"
    assert len(premises.vault.calls) == 2


def test_two_calls_of_a_silent_server_end_within_the_longest_sign_in() -> None:
    assert 2 * (HTTP["connection_timeout"] + HTTP["read_timeout"]) <= LONGEST_SIGN_IN
    assert 2 * sum(entra.TIMEOUT) <= LONGEST_SIGN_IN


@pytest.mark.parametrize("way", APP_WAYS)
def test_what_is_no_answer_of_a_token_endpoint_is_no_token(premises: Premises, way: str) -> None:
    premises.authority.next_token(instead(Response.of(200, {"token_type": "Bearer"})))
    assert "No token" in premises.fault(way).description


def test_a_vault_that_may_not_be_read_names_role_and_setting(premises: Premises) -> None:
    premises.vault.readers.clear()
    fault = premises.fault("app_user")
    assert (fault.http_status, fault.code) == (403, "key_vault")
    assert "Key Vault Secrets Officer" in fault.description
    assert "PARTNER_CENTER_REFRESH_TOKEN_SECRET" in fault.description


def test_a_vault_that_may_not_be_written_names_role_and_setting(premises: Premises) -> None:
    premises.vault.writers.clear()
    fault = premises.fault("app_user")
    assert fault.http_status == 403
    assert "could not be written" in fault.description
    assert "Key Vault Secrets Officer" in fault.description


def test_a_certificate_that_may_not_be_read_needs_a_lesser_role(premises: Premises) -> None:
    url = premises.keep_certificate(premises.app_pem)
    read_once_only = Response.of(403, {"error": {"code": "Forbidden", "message": "Caller is not authorized."}})
    premises.vault.next_call(no_fault, instead(read_once_only))
    fault = premises.fault("app_user", PARTNER_CENTER_CERTIFICATE_SECRET=url)
    assert "PARTNER_CENTER_CERTIFICATE_SECRET" in fault.description
    assert "role Key Vault Secrets User " in fault.description


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("PARTNER_CENTER_REFRESH_TOKEN_SECRET", "python -m shared consent"),
        ("PARTNER_CENTER_CERTIFICATE_SECRET", "Create the certificate"),
    ],
)
def test_a_secret_that_is_not_there_is_named(premises: Premises, setting: str, words: str) -> None:
    url = premises.environment["PARTNER_CENTER_REFRESH_TOKEN_SECRET"]
    fault = premises.fault("app_user", **{setting: f"{url}-else"})
    assert fault.http_status == 404
    assert setting in fault.description
    assert words in fault.description


def test_an_empty_secret_is_as_good_as_none(premises: Premises) -> None:
    premises.vault.put(REFRESH_TOKEN, "")
    assert "python -m shared consent" in premises.fault("app_user").description


@pytest.mark.parametrize("trouble", [unanswered(Silence.CLOSED), PAGE, LATER], ids=["closed", "page", "later"])
def test_a_vault_in_trouble_is_asked_twice_at_most(premises: Premises, trouble: Fault) -> None:
    premises.vault.next_call(*[trouble] * 9)
    fault = premises.fault("app_user")
    assert fault.code == "key_vault"
    assert "PARTNER_CENTER_REFRESH_TOKEN_SECRET" in fault.description
    assert len(premises.vault.calls) <= 2


def test_a_host_that_is_no_vault_gets_no_token(premises: Premises) -> None:
    url = premises.environment["AZURE_AUTHORITY_HOST"]
    fault = premises.fault("app_user", PARTNER_CENTER_REFRESH_TOKEN_SECRET=f"{url}/secrets/x")
    assert fault.code == "key_vault"
    assert "PARTNER_CENTER_REFRESH_TOKEN_SECRET is the URL of a secret" in fault.description
    assert premises.endpoint.fetches == []


def test_a_host_that_asks_for_somebody_elses_token_gets_none(
    premises: Premises, private_authority: PrivateAuthority
) -> None:
    class Greedy:
        def answer(self, _request: Request) -> Response:
            challenge = 'Bearer authorization="https://login.example/x", resource="https://graph.microsoft.com"'
            return Response(401, CaseInsensitiveDict({"WWW-Authenticate": challenge}))

    with Server(Greedy(), private_authority.server()) as server:
        fault = premises.fault("app_user", PARTNER_CENTER_REFRESH_TOKEN_SECRET=f"{server.url}/secrets/x")
    assert fault.code == "key_vault"
    assert premises.endpoint.fetches == []
