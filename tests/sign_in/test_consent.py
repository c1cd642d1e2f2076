import logging
import re
from copy import replace
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from local.stand_ins.web import Silence, unanswered
from shared.commands import consent
from shared.config.settings import SettingsError
from tests.sign_in.premises import APP, REFRESH_TOKEN, Premises

ASKED = ("PARTNER_CENTER_TENANT_ID", "PARTNER_CENTER_APP_ID", "PARTNER_CENTER_REFRESH_TOKEN_SECRET")


@dataclass
class Person:
    """Somebody at a terminal, who signs in as soon as they are shown a code."""

    premises: Premises
    answers: dict[str, str] = field(default_factory=dict)
    signs_in: bool = True
    shown: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def read(self, text: str) -> None:
        self.shown.append(text)
        if self.signs_in and (code := re.search("devicelogin and enter the code ([0-9A-F]{8})", text)):
            self.premises.authority.ledger.approve(code[1])

    def answer(self, question: str) -> str:
        self.asked.append(question)
        return next(answer for name, answer in self.answers.items() if name in question)

    def consents(self, environment: dict[str, str]) -> int:
        return consent.run(environment, self.read, self.answer)

    def was_shown_a_code(self) -> bool:
        return bool(self.premises.authority.ledger.codes) or any("devicelogin" in text for text in self.shown)


@pytest.fixture
def person(premises: Premises) -> Person:
    premises.vault.secrets.clear()
    premises.app = replace(premises.app, allows_public_flows=True)
    return Person(premises)


def test_one_sign_in_is_enough_for_the_app_to_go_on(premises: Premises, person: Person) -> None:
    assert person.consents(premises.environment) == 0
    assert person.asked == []
    assert premises.access(premises.sign_in("app_user").token())


def test_everything_is_explained_before_anything_is_asked(premises: Premises, person: Person) -> None:
    answers = {name: premises.environment.pop(name) for name in ASKED}
    person.answers = answers

    def answer(question: str) -> str:
        assert person.shown == [consent.EXPLANATION]
        return person.answer(question)

    assert consent.run(premises.environment, person.read, answer) == 0
    assert len(person.asked) == 3
    assert premises.vault.latest(REFRESH_TOKEN)


def test_an_app_with_a_certificate_proves_itself_at_the_sign_in_too(premises: Premises, person: Person) -> None:
    pem = premises.app_pem
    premises.app = replace(premises.app, allows_public_flows=False, trusts=(), certificates=(pem,))
    environment = premises.environment | {"PARTNER_CENTER_CERTIFICATE_SECRET": premises.keep_certificate(pem)}
    assert person.consents(environment) == 0
    sign_in = premises.sign_in(
        "app_user", PARTNER_CENTER_CERTIFICATE_SECRET=environment["PARTNER_CENTER_CERTIFICATE_SECRET"]
    )
    assert premises.access(sign_in.token())


def test_an_app_that_allows_no_public_sign_in_gets_advice(premises: Premises, person: Person) -> None:
    premises.app = replace(premises.app, allows_public_flows=False)
    assert person.consents(premises.environment) == 1
    assert "allow public client flows" in person.shown[-1]
    assert REFRESH_TOKEN not in premises.vault.secrets


def test_an_app_that_entra_does_not_know_is_named_before_a_code_is_shown(premises: Premises, person: Person) -> None:
    assert person.consents(premises.environment | {"PARTNER_CENTER_APP_ID": APP.replace("4", "5")}) == 1
    assert "PARTNER_CENTER_APP_ID" in person.shown[-1]
    assert not person.was_shown_a_code()


@pytest.mark.parametrize("trouble", ["forbidden", "unreachable"])
def test_a_vault_out_of_reach_is_found_before_the_person_signs_in(
    premises: Premises, person: Person, trouble: str
) -> None:
    if trouble == "forbidden":
        premises.vault.readers.clear()
    else:
        premises.vault.next_call(*[unanswered(Silence.CLOSED)] * 2)
    assert person.consents(premises.environment) == 1
    assert "PARTNER_CENTER_REFRESH_TOKEN_SECRET" in person.shown[-1]
    assert not person.was_shown_a_code()


def test_somebody_who_is_not_signed_in_to_azure_reads_how(
    premises: Premises, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    premises.endpoint.client_ids = ()
    monkeypatch.setenv("PATH", "")  # neither az nor any other tool of a developer's
    assert person.consents(premises.environment) == 1
    assert "az login" in person.shown[-1]


def test_a_code_that_ran_out_stores_nothing(premises: Premises, person: Person) -> None:
    person.signs_in = False
    premises.authority.code_lifetime = timedelta(0)
    assert person.consents(premises.environment) == 1
    assert person.shown[-1].startswith("Nothing was stored.")
    assert premises.vault.secrets == {}


def test_a_refresh_token_is_neither_shown_nor_logged(
    premises: Premises, person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert person.consents(premises.environment) == 0
    said = "".join(person.shown) + "".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    tokens = [given for given in premises.authority.ledger.given if given.startswith(("1.", "ey"))]
    assert len(tokens) == 3  # two refresh tokens, one of them from before, and an access token; the code is spent
    assert not [token for token in tokens if token[:45] in said]


def test_an_answer_that_cannot_be_right_is_asked_for_again(premises: Premises, person: Person) -> None:
    right = {name: premises.environment.pop(name) for name in ASKED}
    answers = {"PARTNER_CENTER_APP_ID": ["notaguid"], "PARTNER_CENTER_REFRESH_TOKEN_SECRET": ["http://x", "1.pasted"]}

    def answer(question: str) -> str:
        person.asked.append(next(name for name in ASKED if name in question))
        return answers.get(person.asked[-1], []).pop(0) if answers.get(person.asked[-1]) else right[person.asked[-1]]

    assert consent.run(premises.environment, person.read, answer) == 0
    assert person.asked == [*ASKED, *ASKED[1:], ASKED[2]]
    assert "docs/signing-in.md" in person.shown[1]
    assert "1.pasted" not in "".join(person.shown)
    assert premises.vault.latest(REFRESH_TOKEN)


def test_a_setting_that_cannot_be_right_is_named_and_not_repeated(premises: Premises, person: Person) -> None:
    pasted = "1.pasted-refresh-token"
    with pytest.raises(SettingsError, match="PARTNER_CENTER_REFRESH_TOKEN_SECRET") as error:
        person.consents(premises.environment | {"PARTNER_CENTER_REFRESH_TOKEN_SECRET": pasted})
    assert pasted not in str(error.value)
