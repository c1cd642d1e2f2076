"""Words and signs for nothing, which count as absent."""

import re

from shared.manifest.field_names import key

QUOTES = "'\"`\u2018\u2019\u201c\u201d"
"""Signs around a text."""

_INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\u00ad\0"
_NOTHING = frozenset(
    {"", "-", "--", "---", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015", "\u2212", "_", "/", "\\", "*",
     "-/-", "./.", "?", ".", "..", "...", "\u2026", "{}", "[]", "()", "<>", "null", "nil", "none", "nan", "nat", "na",
     "n/a", "n.a.", "n.a", "n. a.", "n\\a", "n/v", "n. v.", "n/d", "n.d.", "n.n.", "k.a.", "k. a.", "k/a", "tbc", "tbd",
     "tba", "??", "???", "blank", "(null)", "(none)", "(nil)", "(empty)", "(blank)", "(n/a)", "(leer)", "(vide)",
     "<null>", "<none>", "<nil>", "<na>", "<nan>", "<n/a>", "[null]", "[none]", "[empty]", "[blank]", "[n/a]", "{null}",
     "dbnull", "undefined", "\\n", "#null", "$null", "not set", "(not set)", "no data", "no value", "leer",
     "keine angabe", "nicht vorhanden", "nicht verf\u00fcgbar", "non disponible", "no disponible", "keine",
     "ohne", "aucun", "aucune", "ninguno", "nessuno", "geen", "n.v.t.", "s.o.", "s/o"}
)  # fmt: skip
# The same as names are compared, so that N / A, null; and (unset) are among them.
_NOTHING_BARE = frozenset(map(key, (
     "null", "nil", "none", "nan", "nat", "na", "dbnull", "undefined", "unset", "keiner", "kein", "keinedaten",
     "entfallt", "nichtzutreffend", "unbekannt", "inconnu", "desconocido", "onbekend", "sconosciuto", "sindatos",
     "noaplica", "brak", "ingen", "inget", "saknas", "yok", "nvt", "folgt", "tofollow", "tobedetermined",
     "\u043d\u0435\u0442", "\u7121", "\u306a\u3057", "\u4e0d\u660e", "\u65e0", "\u672a\u77e5", "\uc5c6\uc74c", "notset",
     "notrecorded", "notprovided", "nodata", "novalue", "noserial", "nosn", "noserialnumber", "unk", "notavail", "nbsp")
))  # fmt: skip
_LONGEST_WORD = 24
# No word for nothing has a digit, but for a number before it, as in "1. none".
_CODE_LIKE = re.compile(r"[a-z].*\d|\d[a-z]", re.DOTALL)
_SIGNS = re.compile(r"[-\u2010-\u2015\u2212\u2500\u30fc\uff0d.\u2026\xb7\u2022*?_~/\\()\[\]{}\s]+")
_EMPTY = f"{QUOTES}\0"
NOTHING = _NOTHING | _NOTHING_BARE
"""All words for nothing."""


def bare(value: str) -> str:
    """Return a value without the invisible characters at its ends: byte-order marks, zero-width ones, U+0000."""
    # The search from the end takes long; few values have any of these at all.
    if value.isprintable() and value.isascii():
        return value
    return value.strip(_INVISIBLE)


def is_nothing(value: str) -> bool:
    """Return whether a value is blank, a word such as ``n/a``, or signs such as dashes alone."""
    text = value.strip().strip(_EMPTY).lower()
    # Most values begin with a letter or a digit, and few of them are as short as these words.
    if text[:1].isalnum():
        if len(text) > _LONGEST_WORD or _CODE_LIKE.search(text):
            return False
        return text in _NOTHING or key(text) in _NOTHING_BARE
    # #N/A is the error of a spreadsheet.
    is_word = not text.startswith("#") and len(text) <= _LONGEST_WORD and key(text) in _NOTHING_BARE
    return is_word or text in _NOTHING or _SIGNS.fullmatch(text) is not None
