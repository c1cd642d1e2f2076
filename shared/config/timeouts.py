"""The time-outs of a call to Partner Center, and the shortest lease, which has to outlast a call."""

from datetime import timedelta

LONGEST_SIGN_IN = 45
"""Seconds after which a sign-in counts as failed, whatever the libraries' own time-outs add up to."""

CONNECT_TIMEOUT = 10
READ_TIMEOUT = 100
"""Seconds. Microsoft recommends none; the archived .NET SDK waited three minutes."""

PAUSES = (0.3, 1.0)
"""Seconds before each retry of a call whose connection breaks at once: an idle one may have been closed."""

LONGEST_CALL = timedelta(seconds=LONGEST_SIGN_IN + CONNECT_TIMEOUT + 2 * READ_TIMEOUT + sum(PAUSES))
"""The longest that a call takes: the sign-in, the connection, waiting for the answer, reading it, and the pauses."""

LONGEST_PAGING = timedelta(seconds=20)
"""After this time no further page of a list is requested; so a list takes one call longer at most."""

SHORTEST_LEASE = timedelta(minutes=5)
"""A lease on a job outlasts the longest call and the longest list. It is the app's own, no Azure blob lease."""
