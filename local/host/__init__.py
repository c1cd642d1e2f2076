"""A Functions host over the real worker runtime, for this machine."""
