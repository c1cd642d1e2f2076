"""What a person sees of a life."""

import csv
from io import StringIO

from requests.structures import CaseInsensitiveDict

from local.stand_ins.web import Proceed, Response
from tests.manifests import array, serials
from tests.world import NAME, World

TWO = array(serials(2))


def rows(world: World, name: str = NAME) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(world.results(name))))


def uploads(world: World) -> list[str]:
    return [
        call.headers["MS-RequestId"] for call in world.partner_center.calls if call.request.path.endswith("/devices")
    ]


def status_of_error(world: World) -> int | None:
    error = world.job().error
    assert error is not None
    return error.http_status


def down_for_days(_: Proceed) -> Response:
    """Answer 503, and ask to be left alone for longer than jobs are tried."""
    return Response(503, CaseInsensitiveDict({"Retry-After": str(9 * 86_400)}), b"")
