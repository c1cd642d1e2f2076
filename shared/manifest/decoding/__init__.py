"""From bytes to characters: what kind of file, packed or not, in which encoding."""
