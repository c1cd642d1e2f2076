"""The benchmark: the app next to a tutorial's way and a floor, in one interleaved run. None of it is deployed."""
