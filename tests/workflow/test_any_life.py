"""Any mixture of events, doubles, delays, faults, deaths, overwrites and deletions ends well."""

import json
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from local.stand_ins.partner_center import Call, Operation, faults
from local.stand_ins.web import Proceed, Response, Silence, answer_lost, unanswered
from shared.job.blob_names import status_of
from shared.job.status_document import FINAL, Job, State, decode
from shared.job.transitions import MOVES
from shared.workflow.queue_messages import WakeUp
from tests.fakes import ProcessDied
from tests.manifests import array, serials
from tests.world import CUSTOMER, World

NAMES = (f"{CUSTOMER}/Test/one.json", f"{CUSTOMER}/Test/two.json")
names = st.sampled_from(NAMES)


def passed(proceed: Proceed) -> Response:
    return proceed()


FAULTS = {
    "none": passed,
    "throttle": faults.throttled(20),
    "throttle without a time": faults.throttled(),
    "gateway": faults.gateway_error(502),
    "refusal": faults.error(400, "3000", "No."),
    "forbidden for now": faults.error(403, "2032", "No."),
    "unauthorized": faults.error(401, "900420", "No."),
    "too large": faults.error(413, "", "No."),
    "lost answer": answer_lost(Silence.TIMED_OUT),
    "time-out": unanswered(Silence.TIMED_OUT),
    "reset": unanswered(Silence.CLOSED),
    "no location": faults.no_location,
    "foreign location": faults.absolute_location("https://elsewhere.example"),
}


class Lives(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World(part_size=2)
        self.dropped: list[str] = []
        self.forgotten: set[str] = set()

    @rule(name=names, devices=st.integers(0, 5))
    def drop(self, name: str, devices: int) -> None:
        self.world.drop(array(serials(devices, start=100 * len(self.dropped))), name)
        self.dropped.append(name)

    @rule(name=names)
    def repeat_event(self, name: str) -> None:
        self.world.events.append((name, 0))

    @rule(name=names)
    def send_stray_wake_up(self, name: str) -> None:
        with suppress(ProcessDied):
            self.world.queue.send(WakeUp(name), timedelta(0))

    @rule(name=names)
    def delete_manifest(self, name: str) -> None:
        self.world.storage.blobs.pop(name, None)

    @rule(name=names)
    def delete_status(self, name: str) -> None:
        self.world.storage.blobs.pop(status_of(name), None)
        self.forgotten.add(name)

    @rule(steps=st.integers(1, 8))
    def work(self, steps: int) -> None:
        for _ in range(steps):
            self.world.step()

    @rule(seconds=st.integers(1, 4000))
    def pass_time(self, seconds: int) -> None:
        self.world.clock.advance(timedelta(seconds=seconds))

    @rule(next_faults=st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=3))
    def disturb_uploads(self, next_faults: list[str]) -> None:
        self.world.partner_center.script.next_upload(*[FAULTS[name] for name in next_faults])

    @rule(next_faults=st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=3))
    def disturb_polls(self, next_faults: list[str]) -> None:
        kinds = [FAULTS[name] for name in next_faults if "location" not in name]
        self.world.partner_center.script.next_poll(*kinds)

    @rule(operations=st.integers(0, 12), moment=st.sampled_from(["before", "after"]))
    def die_soon(self, operations: int, moment: str) -> None:
        self.world.fuse.blow_at = (len(self.world.fuse.operations) + operations, moment)

    @rule()
    def sweep(self) -> None:
        with suppress(ProcessDied):
            self.world.sweep.run()

    def teardown(self) -> None:
        """Let everything come to rest, sweeping as the timer does, and look whether all is well."""
        self.world.fuse.blow_at = None
        for _ in range(3):
            self.world.settle()
            self.world.clock.advance(timedelta(hours=1))
            self.world.sweep.run()
        self.world.settle()
        assert self.world.queue.messages == []
        for name in NAMES:
            self.is_well(name)
        self.moved_legally()
        self.asked_again_by_the_rule()

    def is_well(self, name: str) -> None:
        manifest, status = self.world.storage.blobs.get(name), self.world.storage.blobs.get(status_of(name))
        if manifest and self.world.clock.now - manifest.modified < timedelta(days=7):
            assert status, "a manifest without a status"
        if status:
            job = decode(status.data)
            assert job.final
            assert manifest is None or job.etag == manifest.etag
            assert (job.results is not None) == (job.state in (State.COMPLETED, State.COMPLETED_WITH_ERRORS))

    def moved_legally(self) -> None:
        last: dict[Any, Job] = {}
        for job in self.world.storage.written:
            run = job.internal.run
            before = last.get(run, job)
            # The same bytes within one second count as new metadata: the job takes on the ETag, and nothing else.
            adopted = job.state is before.state and job.etag != before.etag
            assert before is job or adopted or job.state in MOVES[before.state]
            last[run] = job
        assert all(job.final == (job.state in FINAL) for job in self.world.storage.written)

    def asked_again_by_the_rule(self) -> None:
        """The same devices go again under the same request id, but for an answer in between that was no success."""
        last: dict[bytes, Call] = {}
        for call in self.world.partner_center.calls:
            if call.operation is Operation.UPLOAD and self.name_of(call) not in self.forgotten:
                before = last.get(call.request.body, call)
                refused = before.response is not None and before.response.status >= HTTPStatus.MULTIPLE_CHOICES
                assert refused or before.headers["MS-RequestId"] == call.headers["MS-RequestId"]
                last[call.request.body] = call

    def name_of(self, call: Call) -> str:
        return self.dropped[int(json.loads(call.request.body)[0]["serialNumber"][1:]) // 100]


BRIEF = settings(max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
Lives.TestCase.settings = BRIEF
TestLives = Lives.TestCase


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_ten_thousand_lives() -> None:
    run_state_machine_as_test(Lives, settings=settings(BRIEF, max_examples=10_000))
