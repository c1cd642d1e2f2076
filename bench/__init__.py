"""The benchmark: this app beside what users would write, in one interleaved run. Nothing of it is deployed."""
