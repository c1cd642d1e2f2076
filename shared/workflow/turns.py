"""An attempt's turns to call Partner Center."""

from datetime import datetime

from shared.job import transitions
from shared.partner_center.responses import ThrottledError
from shared.workflow.backoff import retry_delay, whole_second
from shared.workflow.claim import Claim
from shared.workflow.line import Call
from shared.workflow.ports import Services


class Turns:
    """The turns of one attempt to upload: one for each of its calls."""

    def __init__(self, services: Services, claim: Claim, *, has_turn: bool) -> None:
        """Begin an attempt; ``has_turn``: its first call may be made at once."""
        self._services = services
        self._claim = claim
        self._has_turn = has_turn
        self._called = False

    def take(self) -> bool:
        """Use the turn that the attempt came with, or ask for one; without it, stand in line and return ``False``."""
        job = self._claim.job
        turn = None
        if not self._has_turn:
            turn = self._services.pacing.turn(Call.UPLOAD, str(job.customer_id), job.internal.places)
        if turn:
            self._claim.line_up(turn, called=self._called)
        self._has_turn, self._called = False, True
        return turn is None

    def served(self) -> None:
        """Take note of an answer that is no 429."""
        self._services.pacing.served(Call.UPLOAD, str(self._claim.job.customer_id))

    def behind(self, error: ThrottledError) -> tuple[datetime, dict[str, object]]:
        """Return how long to wait behind the closed door, and the bookkeeping of that.

        At least as told, and longer after each throttle in a row.
        """
        until = self._claim.throttled(Call.UPLOAD, error.retry_after)
        services, now, internal = self._services, self._services.clock(), self._claim.job.internal
        delay = retry_delay(services.delays, internal.setbacks, error.retry_after, services.draw())
        at = whole_second(max(now + min(delay, transitions.LONGEST_IN_LINE), until))
        behind = internal.throttled_seconds + transitions.seconds(at - now)
        # It has waited for its turn already, and goes before others next time.
        return at, {"throttled_seconds": behind, "places": internal.places + 2}
