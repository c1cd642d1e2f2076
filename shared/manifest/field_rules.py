"""The rules for the value of one field: what is an issue, what is a warning, and what is sent."""

import re
from collections.abc import Collection
from string import ascii_letters, digits

import msgspec

from shared.manifest import line_words, spreadsheet_values, value_words
from shared.manifest.device import FIELDS
from shared.manifest.field_names import key
from shared.manifest.findings import Note
from shared.manifest.hardware_hash import LONGEST_HASH, clean, is_word, looks_like_one, other_form, several
from shared.manifest.words_for_nothing import bare, is_nothing

IDENTIFIERS = ("serialNumber", "productKey")

_HASH = "hardwareHash"
_SPACED = {field: (("surrounding_space", field),) for field in FIELDS}
_SIGNS = f"{ascii_letters}{digits}-".encode()
_REST_OF_HASH = 100  # characters: a line break in a hash leaves its rest where the serial number is
_LONGEST_DATE = 11  # characters
_LONGEST_PLAIN = 400
LONGEST_VALUE = 1_000
"""Characters that a value may have which is no hash: far more than a real one, and a part has a thousand of each."""

_MOST_WORDS = 20  # that are looked at
_SHORTEST_WORD, _WORDS_OF_A_CODE = 3, 3  # letters; a code has no more such words
_COUNTED = re.compile(r"[A-Za-z]{2,}[.:]? #?\d{1,12}")  # Box 12, PO 4500012345
_LONG_SENTENCE, _SENTENCE = 20, 16  # characters


class Found(msgspec.Struct, frozen=True, gc=False):
    """A value as it is sent, ``None`` if it counts as absent, and the findings about it."""

    value: str | None
    issue: Note | None = None
    warnings: tuple[Note, ...] = ()
    is_placeholder: bool = False


def check_value(field: str, value: str) -> Found:
    """Return a value as it is sent, and the findings about it."""
    # A value that is plain but for the space around it needs no other check.
    if field != _HASH and is_plain(stripped := value.strip()):
        return Found(value, None, () if value == stripped else _SPACED[field])
    text, warnings = bare(value), list[Note]()
    if text and text[0] in " ='" and (inner := spreadsheet_values.unwrapped(text)) is not None:
        warnings.append(("excel_formula", field))
        value = text = inner
    # Spreadsheets show a reference to an empty cell as 0.
    if is_nothing(text) or (text == "0" and field == _HASH):
        shown = repr(value) if len(value) <= value_words.LONGEST else "a blank"
        return Found(None, warnings=(*warnings, ("word_for_nothing", field, shown)))
    if field == _HASH:
        return _hash(value, warnings)
    if text != value:
        warnings.append(("removed_characters", field))
    return _identifier_or_name(field, text, warnings)


def _identifier_or_name(field: str, text: str, warnings: list[Note]) -> Found:
    stripped, issue = text.strip(), None
    if not is_plain(stripped) and (code := _issue_code(field, text) or _issue_code_of_line(field, text)):
        issue = (code, stripped if code == "number_for_serial" else field, "several values")
    elif len(text) > LONGEST_VALUE:
        return _too_large(field, text, LONGEST_VALUE, warnings)
    else:
        warnings += _about_characters(field, text, stripped)
    # The warning repeats the value.
    is_placeholder = len(text) <= LONGEST_VALUE and value_words.is_placeholder(text)
    is_tick = field in IDENTIFIERS and stripped.lower() == value_words.TICK
    return Found(text, issue, tuple(warnings), is_placeholder or is_tick)


def _about_characters(field: str, text: str, stripped: str) -> tuple[Note, ...]:
    notes: list[Note] = [("surrounding_space", field)] if text != stripped else []
    if value_words.is_changed(stripped):
        notes.append(("changed_characters", field))
    elif not stripped.isprintable():
        notes.append(("unprintable_character", field))
    elif field in IDENTIFIERS and (odd := value_words.unusual_character(stripped)):
        notes.append(("unusual_character", field, ascii(odd)))
    return (*notes,)


def _hash(value: str, warnings: list[Note]) -> Found:
    if len(value) <= value_words.LONGEST and not value.isalnum() and (code := _issue_code_of_hash(value)):
        return Found(value, (code, _HASH), tuple(warnings))
    cleaned = clean(value)
    if not cleaned.odd and len(cleaned.value) > LONGEST_HASH:
        return _too_large(_HASH, value, LONGEST_HASH, warnings)
    if what := several(value):
        return Found(value, ("several_values", _HASH, what), tuple(warnings))
    if not cleaned.odd and (code := _issue_code_of_word(cleaned.value)):
        return Found(value, (code, _HASH), tuple(warnings))
    if cleaned.odd is None and (form := other_form(cleaned.value)):
        return Found(value, ("hash_encoding", form), tuple(warnings))
    warnings += [(code, len(cleaned.value)) for code in cleaned.warnings]
    issue = ("not_base64", cleaned.odd, len(cleaned.value)) if cleaned.odd else None
    return Found(cleaned.value, issue, tuple(warnings))


def _too_large(field: str, value: str, longest: int, warnings: list[Note]) -> Found:
    return Found(value, ("value_too_large", field, longest, "characters"), tuple(warnings))


def are_plain(identifiers: Collection[str | None]) -> bool:
    """Return quickly whether identifiers are all plain; ``False`` may be wrong, which costs time only."""
    present = [identifier for identifier in identifiers if identifier is not None]
    text = "/".join(present)
    if not text.isascii() or len(text.encode().translate(None, _SIGNS)) != max(len(present) - 1, 0):
        return False
    lengths = list(map(len, present))
    if max(lengths, default=0) >= value_words.SHORTEST_GUID or ("-" in text and min(lengths) <= _LONGEST_DATE):
        return False
    lower = text.lower()
    return value_words.COMPUTERS not in lower and value_words.ODD_WORDS.isdisjoint(lower.replace("-", "").split("/"))


def is_plain(identifier: str) -> bool:
    """Return quickly whether an identifier has letters, digits and hyphens only, and is none of ``ODD_WORDS``."""
    # What is as long as a GUID may be one.
    if not identifier.isascii() or len(identifier) >= value_words.SHORTEST_GUID:
        return False
    text = identifier
    if "-" in text:
        text = text.replace("-", "")
        # A short one with hyphens may be a date.
        if len(identifier) <= _LONGEST_DATE or value_words.COMPUTERS in identifier.lower():
            return False
    return text.isalnum() and text.lower() not in value_words.ODD_WORDS


def is_odd(value: str) -> bool:
    """Return whether a manufacturer or a model needs a closer look."""
    return (
        not value.isprintable()
        or value != value.strip()
        or len(value) > _LONGEST_PLAIN
        or "\ufffd" in value
        or value_words.is_changed(value)
        or is_nothing(value)
        or spreadsheet_values.is_formula(value)
        or value_words.is_template(value)
        or spreadsheet_values.is_number(value)
        or value_words.is_placeholder(value)
        or line_words.is_company_end(value)
        or line_words.is_comment(value, is_name=True)
        or key(value) in line_words.OF_TOTALS
        or value_words.is_message(value)
        or value_words.is_quoted(value)
        or value_words.is_part_of_line(value, "oemManufacturerName")
        or value.startswith("'")
        or bare(value) != value
    )


def _issue_code_of_line(field: str, text: str) -> str | None:
    """Return the code of the issue that a value shows with its line, where JSON was made of a table as it is."""
    # A table may have a blank before each cell: a manufacturer with one may be whole.
    is_shifted = field != "oemManufacturerName" and line_words.has_company_end(text)
    return "shifted_cells" if is_shifted or line_words.is_company_end(text) else None


def _issue_code(field: str, text: str) -> str | None:
    """Return the code of the issue with a value, if there is one."""
    code, is_identifier = None, field in IDENTIFIERS
    # A mask, five groups of one letter: as a serial number it may come from firmware.
    is_mask = field == "productKey" and "-" in text and value_words.is_placeholder(text)
    if _is_converted(field, text):
        code = "number_for_serial" if field == "serialNumber" else "number_for_value"
    elif spreadsheet_values.is_formula(text):
        code = "formula_for_value"
    elif is_mask or value_words.is_template(text) or (is_identifier and value_words.is_name(text)):
        code = "template_value"
    elif "\ufffd" in text:
        code = "lost_characters"
    elif is_identifier and value_words.is_escaped(text):
        code = "escaped_character"
    elif looks_like_one(text, _REST_OF_HASH):
        code = "misplaced_hash"
    elif is_identifier and line_words.is_maker(text):
        code = "manufacturer_for_value"
    elif _is_text(field, text):
        code = "text_for_value"
    elif is_identifier and value_words.has_several(text):
        code = "several_values"
    return code


def _issue_code_of_hash(text: str) -> str | None:
    """Return the code of the issue with a short hash, unless it is only no base64."""
    if "+" in text and spreadsheet_values.is_number(text):
        return "number_for_value"
    if spreadsheet_values.is_formula(text):
        return "formula_for_value"
    if value_words.is_template(text):
        return "template_value"
    return "lost_characters" if "\ufffd" in text else None


def _issue_code_of_word(text: str) -> str | None:
    """Return the code of the issue with a value that is base64 by chance alone."""
    if spreadsheet_values.is_converted(text):
        return "number_for_value"
    return "text_for_value" if is_word(text) else None


def _is_converted(field: str, text: str) -> bool:
    if field in IDENTIFIERS and (spreadsheet_values.is_converted(text) or spreadsheet_values.is_number(text)):
        return True
    return "+" in text and field == "modelName" and spreadsheet_values.is_number(text)


def _is_text(field: str, text: str) -> bool:
    """Return whether a value is a message or a sentence, or has quotes around it or its name before it."""
    if value_words.is_message(text) or value_words.is_quoted(text) or value_words.is_part_of_line(text, field):
        return True
    if field not in IDENTIFIERS or value_words.is_placeholder(text):
        return False
    if value_words.has_label(text) or value_words.is_no_identifier(text):
        return True
    return " " in text and _is_sentence(field, text)


def _is_sentence(field: str, text: str) -> bool:
    """Return whether an identifier is a sentence: a tool's message, or a line that counts the rows."""
    # A product key has digits; of letters alone it would be five groups.
    if field == "productKey" and _COUNTED.fullmatch(text):
        return True
    if field == "productKey" and not re.search(r"\d", text):
        return len(re.findall(r"\b[A-Za-z]{3,}\b", text)) > 1 and not value_words.is_grouped_key(text)
    least = _SENTENCE if field == "productKey" else _LONG_SENTENCE
    if len(text) < least:
        return False
    words = [word.strip("().,:!") for word in text.split(maxsplit=_MOST_WORDS)[:_MOST_WORDS]]
    spoken = [word for word in words if word.isascii() and word.isalpha() and not word.isupper()]
    return sum(len(word) >= _SHORTEST_WORD for word in spoken) > _WORDS_OF_A_CODE
