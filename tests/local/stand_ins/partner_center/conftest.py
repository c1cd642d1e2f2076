from collections.abc import Iterator

import pytest
import requests

from local.stand_ins.partner_center import PartnerCenter, SignIn
from local.stand_ins.web import Adapter, Server
from tests.local.stand_ins.partner_center.caller import BATCHES, CUSTOMER, OTHER_CUSTOMER, Caller, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def center(clock: Clock) -> PartnerCenter:
    tokens = {"app": SignIn.APP_ONLY, "user": SignIn.APP_AND_USER}
    return PartnerCenter(customers={CUSTOMER: BATCHES, OTHER_CUSTOMER: ["Test"]}, sign_in=tokens.get, clock=clock)


@pytest.fixture(params=["http", "in process"])
def caller(request: pytest.FixtureRequest, center: PartnerCenter) -> Iterator[Caller]:
    with requests.Session() as session:
        session.trust_env = False
        if request.param == "http":
            with Server(center) as server:
                yield Caller(server.url, session)
        else:
            session.mount("https://partner.example", Adapter(center))
            yield Caller("https://partner.example", session)
