from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from copy import replace
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import NoEncryption, load_pem_private_key, pkcs12
from cryptography.x509 import load_pem_x509_certificate

from local.stand_ins.partner_center import SignIn as Access
from local.stand_ins.web import Proceed, Request, Response, Silence, no_fault, unanswered
from shared.partner_center.token_protocol import SignInError
from shared.sign_in import credential
from tests.sign_in.premises import REFRESH_TOKEN, Premises

BELOW_THE_MARGIN = timedelta(minutes=4)


def reads(premises: Premises) -> list[Request]:
    return [call for call in premises.vault.calls if call.method == "GET"]


def redeemed(premises: Premises) -> list[str]:
    return [parse_qs(body)["refresh_token"][0] for body in premises.redemptions()]


def test_the_rotated_refresh_token_is_stored_before_the_token_is_used(premises: Premises) -> None:
    first = premises.vault.latest(REFRESH_TOKEN)
    sign_in = premises.sign_in("app_user")
    assert premises.access(sign_in.token()) is Access.APP_AND_USER
    assert [call.method for call in premises.vault.calls] == ["GET", "PUT"]
    assert len(premises.vault.secrets[REFRESH_TOKEN]) == 2
    assert premises.vault.latest(REFRESH_TOKEN) != first
    assert premises.vault.latest(REFRESH_TOKEN) in premises.authority.ledger.sessions


def test_the_next_instance_signs_in_with_what_the_last_one_stored(premises: Premises) -> None:
    for instance in range(1, 4):
        assert premises.sign_in("app_user").token()
        assert len(premises.redemptions()) == instance


def test_a_version_in_the_secrets_url_is_passed_over(premises: Premises) -> None:
    url = premises.environment["PARTNER_CENTER_REFRESH_TOKEN_SECRET"]
    old = premises.vault.secrets[REFRESH_TOKEN][0].id
    premises.sign_in("app_user").token()
    assert premises.sign_in("app_user", PARTNER_CENTER_REFRESH_TOKEN_SECRET=f"{url}/{old}").token()


def test_a_refresh_token_that_could_not_be_stored_is_neither_lost_nor_redeemed_again(premises: Premises) -> None:
    sign_in = premises.sign_in("app_user")
    premises.vault.next_call(no_fault, unanswered(Silence.CLOSED), unanswered(Silence.CLOSED))
    with pytest.raises(SignInError) as error:
        sign_in.token()
    assert "could not be written" in error.value.fault.description
    assert len(premises.vault.secrets[REFRESH_TOKEN]) == 1
    assert premises.access(sign_in.token())
    assert len(premises.redemptions()) == 1
    assert premises.vault.latest(REFRESH_TOKEN) in premises.authority.ledger.sessions


def test_an_unstored_refresh_token_is_the_one_that_is_redeemed_next(premises: Premises) -> None:
    premises.authority.mint.lifetime = BELOW_THE_MARGIN
    premises.vault.writers.clear()
    sign_in = premises.sign_in("app_user")
    for _ in range(3):
        with pytest.raises(SignInError, match="key_vault"):
            sign_in.token()
    assert (
        len(premises.authority.ledger.sessions) == 1
    )  # each redeemed the one before, of which the vault knows nothing


@pytest.mark.parametrize("answers", [True, False], ids=["stored at last", "not stored at all"])
def test_an_unstored_refresh_token_gets_a_last_chance_before_a_renewal(premises: Premises, *, answers: bool) -> None:
    sign_in = premises.sign_in("app_user")
    premises.vault.next_call(no_fault, *[unanswered(Silence.CLOSED)] * (2 if answers else 4))
    with pytest.raises(SignInError):
        sign_in.token()
    sign_in.renew()
    if answers:
        assert premises.access(sign_in.token()) is Access.APP_AND_USER
    else:
        with pytest.raises(SignInError, match="AADSTS70000"):
            sign_in.token()


def test_an_instance_that_dies_before_it_has_stored_takes_nobody_with_it(premises: Premises) -> None:
    premises.authority.rotates = False  # as Entra ID does: what was redeemed can be redeemed again
    premises.vault.next_call(no_fault, unanswered(Silence.CLOSED), unanswered(Silence.CLOSED))
    assert premises.fault("app_user").code == "key_vault"
    assert len(premises.vault.secrets[REFRESH_TOKEN]) == 1
    assert premises.access(premises.sign_in("app_user").token()) is Access.APP_AND_USER
    assert len(premises.vault.secrets[REFRESH_TOKEN]) == 2


def test_of_two_instances_at_once_the_last_one_to_store_counts(premises: Premises) -> None:
    premises.authority.rotates = False
    slower, quicker = premises.sign_in("app_user"), premises.sign_in("app_user")

    def overtaken(proceed: Proceed) -> Response:
        assert premises.access(quicker.token())
        return proceed()

    premises.vault.next_call(no_fault, overtaken)
    assert premises.access(slower.token())
    assert len(premises.vault.secrets[REFRESH_TOKEN]) == 3
    assert premises.access(premises.sign_in("app_user").token())


def test_of_two_instances_at_once_the_slower_reads_the_secret_again(premises: Premises) -> None:
    slower, quicker = premises.sign_in("app_user"), premises.sign_in("app_user")

    def overtaken(proceed: Proceed) -> Response:
        answer = proceed()
        assert quicker.token()
        return answer

    premises.vault.next_call(overtaken)
    assert premises.access(slower.token()) is Access.APP_AND_USER
    first, refused, second = redeemed(premises)
    assert first == refused != second
    assert len(premises.vault.secrets[REFRESH_TOKEN]) == 3
    assert premises.vault.latest(REFRESH_TOKEN) in premises.authority.ledger.sessions


def test_a_refused_redemption_reads_the_secret_once_more_and_gives_up(premises: Premises) -> None:
    premises.authority.ledger.sessions.clear()
    assert premises.fault("app_user").code == "AADSTS70000"
    assert len(reads(premises)) == 2
    assert len(premises.redemptions()) == 1


def test_a_refresh_token_without_an_apps_proof_is_redeemed_without_one(premises: Premises) -> None:
    premises.vault.put(REFRESH_TOKEN, premises.authority.consented(premises.app, is_public=True))
    assert premises.access(premises.sign_in("app_user").token()) is Access.APP_AND_USER
    proved, unproved = premises.redemptions()
    assert "client_assertion=" in proved
    assert "client_assertion" not in unproved
    assert premises.sign_in("app_user").token()


def test_a_new_token_is_redeemed_shortly_before_the_old_one_expires(premises: Premises) -> None:
    premises.authority.mint.lifetime = BELOW_THE_MARGIN
    sign_in = premises.sign_in("app_user")
    assert sign_in.token() != sign_in.token()


def test_a_token_is_given_out_for_as_long_as_it_lives(premises: Premises) -> None:
    settings = premises.settings("app_user")
    with closing(credential(settings)) as app_user:
        tokens = [app_user.get_token(f"{settings.cloud.audience}/.default").token for _ in range(2)]
    assert tokens[0] == tokens[1]
    assert len(premises.redemptions()) == 1
    assert len(premises.vault.secrets[REFRESH_TOKEN]) == 2


def pfx(pem: str) -> str:
    key, certificate = load_pem_private_key(pem.encode(), None), load_pem_x509_certificate(pem.encode())
    assert isinstance(key, RSAPrivateKey)
    return b64encode(pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, NoEncryption())).decode()


@pytest.mark.parametrize("form", [str, pfx])
def test_a_certificate_from_key_vault_is_the_alternative_proof(premises: Premises, form: Callable[[str], str]) -> None:
    pem = premises.app_pem
    premises.app = replace(premises.app, trusts=(), certificates=(pem,))
    url = premises.keep_certificate(form(pem))
    sign_in = premises.sign_in("app_user", PARTNER_CENTER_CERTIFICATE_SECRET=url)
    assert premises.access(sign_in.token()) is Access.APP_AND_USER
    assert "api://AzureADTokenExchange" not in {fetch.query["resource"] for fetch in premises.endpoint.fetches}


@pytest.mark.parametrize(
    "secret",
    [
        "some text",
        "bm8gUEZY",
        "-----BEGIN CERTIFICATE-----",
        trustme.CA().issue_cert("ec").private_key_and_cert_chain_pem.bytes().decode(),
    ],
    ids=["text", "no PFX", "no key", "no RSA key"],
)
def test_a_secret_that_is_no_certificate_is_named(premises: Premises, secret: str) -> None:
    url = premises.keep_certificate(secret)
    fault = premises.fault("app_user", PARTNER_CENTER_CERTIFICATE_SECRET=url)
    assert "PARTNER_CENTER_CERTIFICATE_SECRET" in fault.description
    assert secret not in fault.description
    assert premises.redemptions() == []
