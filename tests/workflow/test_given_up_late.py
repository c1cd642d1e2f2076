"""Sending is given up counted from the claim, following from the last acceptance: nearly the same moment."""

import csv
from io import StringIO

from shared.job.blob_names import results_of
from shared.job.status_document import State
from tests.manifests import array, serials
from tests.workflow.life.views import down_for_days
from tests.world import NAME, World


def test_what_was_accepted_is_asked_after_though_sending_was_given_up_late() -> None:
    world = World(part_size=1)
    world.partner_center.script.next_upload(lambda proceed: proceed(), down_for_days)
    world.drop(array(serials(2)))
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert job.error is not None
    assert job.error.http_status == 503
    results = world.storage.blobs[results_of(NAME)].data.decode("utf-8-sig")
    assert [row["outcome"] for row in csv.DictReader(StringIO(results))] == ["registered", "not_uploaded"]


def test_it_is_asked_after_once() -> None:
    world = World(part_size=1)
    world.partner_center.script.next_upload(lambda proceed: proceed(), down_for_days)
    world.partner_center.script.next_poll(down_for_days)
    world.drop(array(serials(2)))
    world.settle()
    assert world.job().state is State.COMPLETED_WITH_ERRORS
    assert world.job().devices.not_reported == 1
    assert len(world.partner_center.calls) == 3
