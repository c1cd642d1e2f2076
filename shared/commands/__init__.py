"""What a person runs: ``python -m shared check``, ``status``, ``retry``, ``doctor``, ``consent``."""
