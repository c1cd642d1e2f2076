"""What spreadsheets and data frames make of values: numbers, dates, errors, formulas."""

import re
import unicodedata

LONGEST = 64
"""Characters that such a value has at most."""

_UNWRAPPED = re.compile(r"""="([^"]*)"|'([^'\s][^']*)'?""")
# #VALUE!, #¡VALOR!, #NOME?, #N/A, #I/T: each language has its own. LibreOffice writes Err:502, a narrow cell ####.
_ERROR = re.compile(
    r"#[\u00a1\u00bf]?[^\W\d_][^\W_]*(/0)?[!?]|#[^\W\d_]/[^\W\d_]( n/a)?|#nv|#getting_data|#busy|#+"
    r"|(err|erreur|errore|error|fehler|fout) ?:\d{3}"
    # Reports and databases have #Error and #Deleted; $A$2 and Sheet1!A2 are references to cells.
    r"|#(error|erreur|fehler|deleted|ref|div/0|yok|hi\u00e1nyzik|nedostupn\u00fd|nen\u00ed_k_dispozici)"
    r"|(\w+|'[^']+')!\$?[a-z]{1,3}\$?\d+|\$[a-z]{1,3}\$\d+",
    re.IGNORECASE,
)
_ERRORS_BEGIN = ("#", "E", "e", "F", "f")
# 1.23E+11, 3,3E+12. A serial number may look like 1E5 or 1.2E-05, which no spreadsheet writes for a long number.
_NUMBER = re.compile(r"[+-]?\d+([.,\u066b]\d*)?e\+\d+", re.IGNORECASE)
_MONTHS = (
    "jan|feb|mar|m\u00e4r|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|janv|f\u00e9vr|mars|avr|juin|juil|ao\u00fbt"
    "|sept|d\u00e9c|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|mrt|mei"
)
_CONVERTED = re.compile(
    # 5012345678.0, which data frames write for whole numbers beside an empty cell; 1,5; 1,234,567; 12,34,567; 5.01E9.
    r"\d{4,}\.0+|\d+,\d+|\d{1,3}([,'\u2019 ]\d{3}){2,}|\d{1,2}(,\d\d)+,\d{3}|\d[.,]\d+e\d{1,2}"
    # 12%, $1,234.00, 12:30:00.
    r"|[\d.,]+ ?[%$\u20ac\xa3\xa5]|[$\u20ac\xa3\xa5] ?[\d.,]+|\d{1,2}:\d\d(:\d\d)?( ?[ap]m)?"
    r"|\d{1,2}/\d{1,2}/\d{4}.*|\d{1,2}\.\d{1,2}\.\d{4}|[0-3]?\d-[0-3]?\d-(19|20)\d\d"
    r"|\d{4}-[01]\d-[0-3]\d([ t]\d\d:\d\d.*)?|\d{4}/\d{1,2}/\d{1,2}.*"
    r"|(\d{4}\u5e74)?\d{1,2}[\u6708\uc6d4] ?\d{1,2}[\u65e5\uc77c]"
    rf"|\d{{1,2}}(\. ?|[- ])({_MONTHS})\.?([- ]\d{{2,4}})?",
    re.IGNORECASE,
)


def unwrapped(value: str) -> str | None:
    """Return the value in ``="..."`` or after an apostrophe, which make Excel keep digits as text; else ``None``."""
    found = _UNWRAPPED.fullmatch(value.strip())
    return (found[2] or found[1]) if found else None


def is_formula(value: str) -> bool:
    """Return whether a value is a formula, or what a spreadsheet shows where it has failed."""
    text = value.strip()
    may_be = text[:1] in _ERRORS_BEGIN or "!" in text or text.startswith("$")
    return text.startswith("=") or (may_be and _ERROR.fullmatch(text) is not None)


def is_number(value: str) -> bool:
    """Return whether a spreadsheet has written a value as a number that has lost digits: ``1.23E+11``, ``3,3E+12``."""
    return len(value) <= LONGEST and _NUMBER.fullmatch(_plain(value).replace(" ", "")) is not None


def is_converted(value: str) -> bool:
    """Return whether a spreadsheet or a data frame has turned digits into a date or a formatted number."""
    return len(value) <= LONGEST and _CONVERTED.fullmatch(_plain(value)) is not None


def _plain(value: str) -> str:
    """Return a value with digits, signs and blanks of full or half width as usual ones."""
    text = value.strip()
    # Accents stay as they are: the names of months have some.
    return text if text.isascii() else unicodedata.normalize("NFKC", text)
