"""How long a call to Partner Center may take, and the lease on a job, which has to outlast it."""

from datetime import timedelta

LONGEST_SIGN_IN = 45
"""Seconds that a caller waits for a token, whatever the libraries below do with theirs."""

CONNECT_TIMEOUT = 10
READ_TIMEOUT = 100
"""Seconds. Microsoft recommends none; the archived .NET SDK waited three minutes."""

PAUSES = (0.3, 1.0)
"""Seconds before a call whose connection broke is tried again: an idle connection may have died unnoticed."""

LONGEST_CALL = timedelta(seconds=LONGEST_SIGN_IN + CONNECT_TIMEOUT + 2 * READ_TIMEOUT + sum(PAUSES))
"""The longest that a call takes: to get a token, to connect, to wait for an answer and read it, pauses included."""

LONGEST_PAGING = timedelta(seconds=20)
"""No further page of a list is asked for after this time: a list may take one call longer."""

SHORTEST_LEASE = timedelta(minutes=5)
"""A lease on a job (the app's own; it is no Azure blob lease) outlasts the longest call and the longest list."""
