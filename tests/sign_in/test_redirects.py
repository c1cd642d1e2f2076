"""What a sign-in sends goes to the address that the settings name: no redirect leads it elsewhere."""

import pytest
from requests.structures import CaseInsensitiveDict

from local.stand_ins.certificates import PrivateAuthority
from local.stand_ins.web import Fault, Request, Response, Server, instead
from tests.sign_in.premises import Premises


class Trap:
    """A host that nobody who carries a secret may call."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return Response.of(404, {})


def redirected(url: str, status: int) -> list[Fault]:
    return [instead(Response(status, CaseInsensitiveDict({"Location": f"{url}/else"})))] * 9


@pytest.mark.parametrize("status", [302, 307, 308])
@pytest.mark.parametrize(
    ("way", "where"),
    [
        ("managed_identity", "identity"),
        ("federated_app", "identity"),
        ("federated_app", "authority"),
        ("app_user", "authority"),
        ("app_user", "vault"),
    ],
)
def test_a_sign_in_follows_no_redirect(
    premises: Premises, private_authority: PrivateAuthority, way: str, where: str, status: int
) -> None:
    trap = Trap()
    with Server(trap, private_authority.server()) as elsewhere:
        queue = {
            "identity": premises.endpoint.next_fetch,
            "authority": premises.authority.next_token,
            "vault": premises.vault.next_call,
        }[where]
        queue(*redirected(elsewhere.url, status))
        assert premises.fault(way).description.startswith("No token")
    assert trap.requests == []
