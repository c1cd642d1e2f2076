"""Words and signs that tell a line of a table from a device, or that a comma has moved into another cell."""

import re
from collections.abc import Collection, Sequence

from shared.manifest.field_names import REMARK, key

LAST_WORDS = frozenset(
    {"end", "eof", "ende", "fin", "fine", "total", "totals", "confidential", "internal", "vertraulich", "confidentiel",
     "endoffile", "endofreport", "dateiende"}
)  # fmt: skip
"""Words that may be alone on the last line of a file."""

TOTALS = frozenset(
    {"total", "totals", "sum", "count", "subtotal", "grandtotal", "totalcount", "totaldevices", "devicecount",
     "rowcount", "rows", "records", "numberofdevices", "gesamt", "gesamtsumme", "summe", "anzahl", "nombre", "somme",
     "totalqty", "totale", "totaal", "aantal", "suma", "cantidad", "gesamtergebnis", "totalgeneral", "totalgeral",
     "numberofunits", "nrofunits", "nrofdevices"}
)  # fmt: skip
"""Words for a number of devices, which a report puts below them."""

FIGURES = frozenset({"average", "avg", "min", "max", "qty", "quantity", "menge"})
"""Words that a report has there as well, and that a maker or a model may be called."""

OF_TOTALS = TOTALS | FIGURES

COUNTED = frozenset(
    {"device", "devices", "computer", "computers", "laptop", "laptops", "notebooks", "machines", "pcs", "units",
     "items", "rows", "records", "entries", "gerate", "stuck", "appareils", "dispositivos"}
)  # fmt: skip
"""Words for what is counted."""

MAKERS = frozenset(
    {"lenovo", "dell", "dell inc", "hp", "hp inc", "hewlett-packard", "hewlett packard", "hewlett packard enterprise",
     "microsoft", "microsoft corporation", "acer", "asus", "fujitsu", "toshiba", "dynabook", "samsung", "panasonic",
     "samsung electronics", "getac", "lg electronics", "gigabyte", "apple", "huawei", "medion", "vmware", "qemu"}
)  # fmt: skip
"""Manufacturers of computers, in lower case; others are known where their name ends as a company's does."""

COMPANY_ENDS = frozenset(
    {"ltd", "ltda", "bhd", "eurl", "limited", "inc", "incorporated", "llc", "corp", "corporation", "gmbh", "pvtltd",
     "coltd", "coinc", "ptyltd", "pteltd", "sdnbhd", "gmbhcokg", "srl", "sarl", "spzoo", "doo", "coltdusa", "incusa",
     "pvt", "pte", "pty", "llp", "plc", "gesmbh", "aps"}
)  # fmt: skip
"""Ends of companies' names, as names are compared."""

SHORT_COMPANY_ENDS = frozenset(
    {"co", "company", "sa", "ag", "kg", "as", "ab", "nv", "bv", "sl", "oy", "oyj", "se", "spa", "sas", "kk", "ug", "lp",
     "ohg", "asa", "sro", "kft", "zrt", "asc", "cv", "uab", "jsc", "tbk"}
)  # fmt: skip
"""Ends that may be something else: they count only in certain places or forms."""

COLUMNS = ("01234", "12345", "abcde")
"""How spreadsheets and data frames count columns."""

_FEWEST_COLUMNS = 3
_NUMBERED = re.compile(r"0{0,5}([1-9]\d{0,5})[.):]\S")
_MOST_WORDS = 5
_COUNT = re.compile(r"\d{1,6}( \w+)?")

_SIGN = re.compile(r"\s*(?:#|//|--|;\s)")
_FOOTER = re.compile(
    # Databases, in some languages: (2 row(s) affected), 2 rows selected, Count: 2; and their prompts.
    r"\(\s*\d[\d.,']*\s.*\)"
    r"|\d[\d.,']*\s+(rows?|records?|row\(s\)|lines?|devices?|items?|zeilen?|lignes?|filas?|righe|riga)\b.*"
    r"|(rows?|records?|count|totals?|devices?|items?|anzahl|gesamt|summe|nombre)\s*[:=]\s*\d[\d.,']*"
    r"|number of [\w ]{1,40}[:=]\s*\d[\d.,']*"
    r"|((my)?sql>|ps [^>]*>|[a-z]:\\[^>]*>)\s*\S.*"
    # Reports, and comments.
    r"|(completion time|total|query ok|report generated|end of (report|file)|page \d+|seite \d+)\b.*"
    r"|(generated|exported|created|printed|erstellt|exportiert)\s+(on|by|at|am|von|\d).*"
    r"|(#|//|--|;|rem\b|\u00a9|\(c\)|copyright\b)\s*\S.*",
    re.IGNORECASE | re.DOTALL,
)


def is_footer(values: Sequence[str]) -> bool:
    """Return whether a line has nothing but a text that a database or a report adds, or a comment."""
    return len(values) == 1 and " " in values[0] and _FOOTER.fullmatch(values[0].strip()) is not None


def is_total(values: Sequence[str], totals: Collection[str] = OF_TOTALS) -> bool:
    """Return whether a line has only a word such as Total or END, and numbers and names of what is counted."""
    if len(values) == 1:
        return key(values[0]) in LAST_WORDS
    has_total = False
    for value in values:
        text = value.strip()
        if not _COUNT.fullmatch(text):
            word = text.lower() if text.isascii() and text.isalnum() else key(value)
            # Nearly all lines are devices, which their first value shows.
            if word in totals:
                has_total = True
            elif word not in COUNTED:
                return False
    return has_total


def are_columns(values: Sequence[str]) -> bool:
    """Return whether the values of a line are the numbers or letters of columns."""
    if not _FEWEST_COLUMNS <= len(values) == sum(map(len, values)):
        return False
    text = "".join(sorted(map(str.lower, values)))
    return any(signs.startswith(text) for signs in COLUMNS)


def has_number(value: str | None, numbers: Collection[int | None]) -> bool:
    """Return whether one of some numbers is before a value, as in ``1.S1`` and ``2)S2``."""
    found = _NUMBERED.match(value) if value and value[0].isdigit() else None
    return found is not None and int(found[1]) in numbers


def is_comment(value: str, *, is_name: bool = False) -> bool:
    """Return whether a value begins as a comment does in some language; a manufacturer's name may begin with Rem."""
    return _SIGN.match(value) is not None or (not is_name and REMARK.match(value) is not None)


def is_commented(name: str) -> bool:
    """Return whether a name in JSON was made a comment, in one of the ways that other formats know."""
    return is_comment(name) or name.lstrip().startswith(("/*", "<!--"))


def is_maker(value: str) -> bool:
    """Return whether a value is the name of a manufacturer, or ends as that of a company does: no ``Co., Ltd.``."""
    # Most values that are none end with a digit.
    if value[-1:].isdigit():
        return False
    words = value.lower().rstrip(". ").split(" ")
    has_end = len(words) > 1 and bool(words[0]) and key(words[-1]) in COMPANY_ENDS
    return " ".join(words) in MAKERS or (has_end and not is_company_end(value))


def is_company_end(value: str) -> bool:
    """Return whether a value is the end of a company's name, as a comma in the name leaves it: ``Ltd.``, `` AG``."""
    # Without a blank before it and its full stop, a short one may be a model.
    is_likely = value.startswith(" ") or value.rstrip().endswith(".")
    return key(value) in (COMPANY_ENDS | SHORT_COMPANY_ENDS if is_likely else COMPANY_ENDS)


def has_company_end(value: str) -> bool:
    """Return whether a value begins with a blank and the end of a company's name: `` & Co. KG``, `` Ltd. (Taiwan)``."""
    words = value.split()[:_MOST_WORDS] if value.startswith(" ") else []
    return "Co." in words or not COMPANY_ENDS.isdisjoint(map(key, words))
