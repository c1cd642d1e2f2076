"""Names that are probably misspelt: what is under them would be left out, though it is meant."""

from shared.manifest.field_names import FIELD_OF, key

_MOST_WRONG = 2  # letters
_SHORT, _LONG = 8, 12  # letters: of a short name two neighbours may have changed places, in a long one two be wrong
_LETTERS = {name: frozenset(name) for name in FIELD_OF if name.isalpha()}
_OTHER_WORDS = frozenset({"manufactured", "devicemode", "systemmode", "computermode", "tpmmanufacturer"})


def meant_by(name: str) -> str | None:
    """Return the known name, as names are compared, that an unknown one probably is a slip of the pen for.

    >>> meant_by("Device Serial Nubmer"), meant_by("Manufacterer"), meant_by("Manufacturer ID"), meant_by("Modem")
    ('deviceserialnumber', 'manufacturer', None, None)
    """
    text = key(name)
    if text in _OTHER_WORDS:
        return None
    letters = frozenset(text)
    # Each wrong letter changes the set of letters by two at most: few names are left to compare.
    alike = (known for known, others in _LETTERS.items() if len(letters ^ others) <= 2 * _MOST_WRONG)
    return next((known for known in alike if _is_near(text, known)), None)


def _is_near(text: str, known: str) -> bool:
    # A further word is no mistake in spelling: Manufacturer ID, Serial Number 2.
    if abs(len(text) - len(known)) > _MOST_WRONG or (text.startswith(known) and text != f"{known}s"):
        return False
    shorter = min(len(text), len(known))
    if shorter < _SHORT:
        return sorted(text) == sorted(known) and _distance(text, known) == 1
    return _distance(text, known) <= (_MOST_WRONG if shorter >= _LONG else 1)


def _distance(one: str, other: str) -> int:
    """Return how many letters are wrong, missing, too many, or have changed places with the next (Damerau)."""
    before, row = list[int](), list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        above, before, row = before, row, [place]
        for at, sign in enumerate(other, 1):
            row.append(min(before[at] + 1, row[-1] + 1, before[at - 1] + (letter != sign)))
            if place > 1 and at > 1 and letter == other[at - 2] and sign == one[place - 2]:
                row[-1] = min(row[-1], above[at - 2] + 1)
    return row[-1]
