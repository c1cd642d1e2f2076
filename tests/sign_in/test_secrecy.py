"""Nothing that is secret is in a log line, a fault, an exception's text or a repr, whatever happens."""

import json
import logging
import traceback
from collections.abc import Callable
from copy import replace
from typing import NoReturn
from urllib.parse import parse_qs

import pytest

from local.stand_ins.authority import refusal
from local.stand_ins.web import Fault, Proceed, Response
from shared import sign_in
from shared.job.status_document import Fault as JobFault
from shared.partner_center.token_protocol import SignInError
from shared.sign_in.app_user import AppUser
from tests.sign_in.premises import REFRESH_TOKEN, Premises
from tests.sign_in.witness import check_words


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    caplog.set_level(logging.DEBUG)
    return lambda: "\n".join(f"{record.getMessage()} {record.exc_info} {record.args}" for record in caplog.records)


def said(error: SignInError) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + str(error.fault) + repr(vars(error))


def assert_secret(premises: Premises, text: str) -> None:
    scanned = list(premises.secrets())
    assert len(scanned) > 2
    assert not [secret for secret in scanned if secret in text]


@pytest.mark.parametrize("way", ["managed_identity", "federated_app", "app_user"])
def test_a_sign_in_leaves_no_secret_behind(premises: Premises, way: str, log: Callable[[], str]) -> None:
    signed_in = premises.sign_in(way)
    signed_in.token()
    signed_in.renew()
    signed_in.token()
    settings = premises.settings(way)
    credential = sign_in.credential(settings)
    token = credential.get_token(f"{settings.cloud.audience}/.default").token
    assert len(log()) > 1000
    text = log() + repr(vars(signed_in)) + repr(vars(credential)) + repr(signed_in) + repr(settings)
    credential.close()
    assert_secret(premises, text)
    assert token not in text


def echoing(premises: Premises) -> Fault:
    """Refuse as a careless service would: with all that was sent in the message."""

    def fault(proceed: Proceed) -> Response:
        proceed()
        sent = parse_qs(premises.authority.requests[-1].body.decode())
        values = " ".join(value for values in sent.values() for value in values)
        return refusal("invalid_grant", 70000, f"Not accepted: {values}")(proceed)

    return fault


@pytest.mark.parametrize("way", ["federated_app", "app_user"])
def test_a_refusal_that_repeats_what_was_sent_is_not_repeated(
    premises: Premises, way: str, log: Callable[[], str]
) -> None:
    premises.authority.next_token(echoing(premises))
    with pytest.raises(SignInError) as error:
        premises.sign_in(way).token()
    assert "Not accepted" in error.value.fault.description
    assert_secret(premises, said(error.value))
    assert f"sign_in_failed {json.dumps({'code': 'AADSTS70000', 'reason': error.value.fault.description})}" in log()
    assert_secret(premises, log())


def test_an_unexpected_fault_is_reported_without_its_words(
    premises: Premises, monkeypatch: pytest.MonkeyPatch, log: Callable[[], str]
) -> None:
    def careless(*_: object) -> NoReturn:
        raise RuntimeError(f"odd: {premises.vault.latest(REFRESH_TOKEN)}")

    monkeypatch.setattr(AppUser, "get_token", careless)
    with pytest.raises(SignInError) as error:
        premises.sign_in("app_user").token()
    assert "RuntimeError" in error.value.fault.description
    assert_secret(premises, said(error.value) + log())


def test_a_vault_that_repeats_what_was_sent_is_not_repeated(premises: Premises, log: Callable[[], str]) -> None:
    def careless(proceed: Proceed) -> Response:
        proceed()
        value = premises.vault.latest(REFRESH_TOKEN)
        return Response.of(403, {"error": {"code": "Forbidden", "message": f"Not written: {value}"}})

    premises.vault.next_call(lambda proceed: proceed(), careless)
    with pytest.raises(SignInError) as error:
        premises.sign_in("app_user").token()
    assert "Not written" in error.value.fault.description
    assert_secret(premises, said(error.value) + log())


def test_a_certificates_key_stays_in_the_vault(premises: Premises, log: Callable[[], str]) -> None:
    pem = premises.app_pem
    premises.app = replace(premises.app, certificates=(pem,))
    url = premises.keep_certificate(pem)
    signed_in = premises.sign_in("app_user", PARTNER_CENTER_CERTIFICATE_SECRET=url)
    signed_in.token()
    assert_secret(premises, log() + repr(vars(signed_in)))
    assert pem.splitlines()[1] not in log()


@pytest.mark.parametrize("level", [logging.DEBUG, logging.ERROR])
def test_a_secret_in_a_log_line_of_any_sign_in_is_noticed(premises: Premises, level: int) -> None:
    token = premises.sign_in("app_user").token()
    said = logging.LogRecord("manifests", level, __file__, 1, "given: %s", (token,), None)
    with pytest.raises(AssertionError):
        check_words(premises, [said])


def test_a_secret_in_the_fault_of_any_sign_in_is_noticed(premises: Premises) -> None:
    words = f"Not accepted: {premises.vault.latest(REFRESH_TOKEN)}"
    premises.faults.append(SignInError(JobFault(description=words)))
    with pytest.raises(AssertionError):
        check_words(premises, [])
    premises.faults.clear()
