"""A world in memory around the real workflow and the real Partner Center client: time passes when a test lets it."""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import requests

from local.stand_ins.partner_center import PartnerCenter as StandIn
from local.stand_ins.partner_center import SignIn
from local.stand_ins.web import Adapter
from shared.config.delay_settings import Delays
from shared.config.limit_settings import Limits
from shared.http_session import DirectSession
from shared.job.blob_names import results_of, status_of
from shared.job.status_document import Job, decode
from shared.partner_center.client import PartnerCenter
from shared.workflow.advance import Workflow
from shared.workflow.pacing import Pacing
from shared.workflow.ports import Services
from shared.workflow.queue_messages import WakeUp
from shared.workflow.sweep import Sweep
from tests.fakes import Clock, FakeBoard, FakeQueue, FakeStorage, Fuse, Message, ProcessDied, read_wake_up

CUSTOMER = "c7f3c849-129f-4b85-a96d-4f8e88b315a3"
NAME = f"{CUSTOMER}/Test/laptops.json"
URL = "https://partner.example"
MOST_TRIES = 5

DELAYS = Delays(
    lease=timedelta(minutes=5),
    first_poll=timedelta(seconds=30),
    longest_poll=timedelta(minutes=10),
    first_retry=timedelta(seconds=30),
    longest_retry=timedelta(minutes=15),
    give_up=timedelta(days=2),
)


class FusedAdapter(Adapter):
    """Ends the process just before or just after a request, where the fuse says so."""

    def __init__(self, site: StandIn, fuse: Fuse) -> None:
        super().__init__(site)
        self._fuse = fuse

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object) -> requests.Response:
        with self._fuse.around(f"{request.method}"):
            return super().send(request, *args, **kwargs)


@dataclass
class TokenDesk:
    """Gives tokens as a credential does, unless a fault is set."""

    fault: Exception | None = None
    given: int = 1
    renewals: int = 0
    asked: int = 0

    def token(self) -> str:
        self.asked += 1
        if self.fault:
            raise self.fault
        return f"token {self.given}"

    def renew(self) -> None:
        self.given += 1
        self.renewals += 1


@dataclass
class World:
    """Everything that a job meets, and the host that wakes it."""

    customers: Mapping[str, Collection[str]] = field(default_factory=lambda: {CUSTOMER: ["Test"]})
    part_size: int = 1000
    manifest_bytes: int = 2**20
    devices: int = 250_000
    allowed: frozenset[str] = frozenset()
    create_missing_batch: bool = False
    access: SignIn = SignIn.APP_ONLY
    delays: Delays = DELAYS
    clock: Clock = field(default_factory=Clock)
    fuse: Fuse = field(default_factory=Fuse)
    tokens: TokenDesk = field(default_factory=TokenDesk)
    attended: bool = True
    """Somebody is to be on the way to a job after each step; where its status cannot be saved, the sweep is enough."""
    accepts_token: Callable[[str], bool] = lambda token: token.startswith("token")

    def __post_init__(self) -> None:
        self.storage = FakeStorage(self.clock, self.fuse)
        self.queue = FakeQueue(self.clock, self.fuse)
        self.events: deque[tuple[str, int]] = deque()
        self.partner_center = StandIn(
            customers=self.customers,
            sign_in=lambda token: self.access if self.accepts_token(token) else None,
            clock=self.clock,
        )
        self.sweep = Sweep(self.storage, self.queue, self.clock)
        self.start_process()

    def start_process(self) -> None:
        """Begin with nothing in memory, as after a crash."""
        session = DirectSession(trust_env=False)
        session.mount(URL, FusedAdapter(self.partner_center, self.fuse))
        api = PartnerCenter(session, URL, self.tokens, {}, self.clock, pause=lambda _: None)
        limits = Limits(self.part_size, self.manifest_bytes, self.devices, self.allowed, self.create_missing_batch)
        pacing = Pacing(self.clock, self.delays.retries, FakeBoard())
        self.services = Services(
            self.storage, self.queue, api, limits, self.delays, self.clock, draw=lambda: 1.0, pacing=pacing
        )
        self.workflow = Workflow(self.services)

    def drop(self, data: bytes, name: str = NAME) -> None:
        """Put a manifest down; its event follows."""
        self.storage.put(name, data)
        self.events.append((name, 0))

    def settle(self, until: timedelta = timedelta(days=4), most: int = 2000) -> None:
        """Deliver events and wake-ups, letting time pass where only time is left to wait for."""
        end = self.clock.now + until
        for _ in range(most):
            if self.step():
                continue
            moment = self.queue.next_moment()
            if moment is None or moment > end:
                return
            self.clock.now = moment
        raise AssertionError(f"not settled: {self.queue.wake_ups()[:5]}")

    def step(self) -> bool:
        """Deliver one event or one visible wake-up; tell whether there was any."""
        if self.events:
            self._deliver_event(*self.events.popleft())
            return True
        for message in self.queue.visible():
            self._deliver(message)
            return True
        return False

    def _deliver_event(self, name: str, tries: int) -> None:
        try:
            self._advance(WakeUp(name, landed=True), again=True)  # as the blob trigger does
        except ProcessDied:
            self.start_process()
            if tries + 1 < MOST_TRIES:
                self.events.append((name, tries + 1))

    def _deliver(self, message: Message) -> None:
        """Hand a message over, as a queue does: gone when it was handled, there again after a while when it was not."""
        self.queue.messages.remove(message)
        try:
            self._advance(read_wake_up(message.text), again=message.again)
        except ProcessDied:
            self.start_process()
            self.queue.messages.append(Message(message.text, self.clock.now + timedelta(minutes=10), again=True))

    def _advance(self, wake_up: WakeUp, *, again: bool = False) -> None:
        """Advance a job; unless it has ended, somebody must be on the way who comes when it is due."""
        self.workflow.advance(wake_up, again=again)
        status = self.storage.blobs.get(status_of(wake_up.manifest))
        if self.attended and status and (due := decode(status.data).due):
            assert self.comes_by(wake_up.manifest, max(due, self.clock.now)), f"nobody comes for {wake_up.manifest}"

    def comes_by(self, name: str, moment: datetime) -> bool:
        """Whether an event or a wake-up of a manifest is on its way that arrives by a moment, or in its second.

        One whose delivery died is shown again a while later.
        """
        latest = moment + timedelta(seconds=1)
        messages = [message for message in self.queue.messages if message.visible_at <= latest or message.again]
        named = [read_wake_up(message.text).manifest for message in messages]
        return name in [*named, *(event for event, _ in self.events)]

    def job(self, name: str = NAME) -> Job:
        return decode(self.storage.blobs[status_of(name)].data)

    def results(self, name: str = NAME) -> str:
        return self.storage.blobs[results_of(name)].data.decode("utf-8-sig")

    def accepted(self, customer: str = CUSTOMER) -> dict[str, int]:
        """How many times each serial number was accepted."""
        return {str(device.serial_number): times for device, times in self.partner_center.registered(customer).items()}
