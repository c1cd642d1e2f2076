"""What a person sees of a job as it changes."""

from io import StringIO

import msgspec
import pytest
from rich.console import Console

from local import show
from local.stand_ins.partner_center import Outcome
from tests.manifests import array, serials
from tests.world import NAME, World

FOLDER, _, FILE = NAME.rpartition("/")


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("shown", [show.step, show.news])
def test_a_long_name_is_divided_at_its_joints(shown: object, width: int) -> None:
    world = World()
    (serial,) = serials(1)
    world.partner_center.script.device_ends(serial, Outcome("808", "ZtdDeviceAssignedToOtherTenant"))
    world.drop(array([serial]))
    world.settle()
    page = StringIO()
    assert callable(shown)
    job = msgspec.structs.replace(world.job(), message=f"See {NAME}.results.csv.")
    Console(file=page, width=width).print(shown(job, width))
    lines = page.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert f"{FILE}.results.csv" in page.getvalue()
    assert "completed_with_errors" in lines[0]
