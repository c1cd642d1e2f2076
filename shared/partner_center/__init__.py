"""Partner Center's API: calls, responses, error codes, and what to do about each."""
