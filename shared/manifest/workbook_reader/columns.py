"""The texts of a column, whose cells are read together, as most of them are written alike."""

import re
from collections.abc import Sequence
from functools import lru_cache
from operator import add

from shared.manifest.workbook_reader.cell_values import (
    FAULTS,
    Contents,
    Format,
    Mark,
    NumberCell,
    unescaped,
    whole_number,
)
from shared.manifest.workbook_reader.unreadable import damaged

_ATTRIBUTE = re.compile(r' +([a-z][a-z\d]*) *= *"([^"]*)"')
_ATTRIBUTES = re.compile(rf"(?:{_ATTRIBUTE.pattern})* *")
_MOST_FORMS = 4_096
_UNCALCULATED = frozenset({"", "0"})
# Text is the same in any style, of which some programs write one for each cell. Each form is between two "\0".
_OF_TEXT, _STYLE = r' t="(?:s|str|inlineStr)"', r' s="\d{1,9}"'
_WITHOUT_STYLE_OF_TEXT = re.compile(
    rf"\0(?:{_STYLE}(?={_OF_TEXT}\0))?({_OF_TEXT}(?=(?:{_STYLE})?\0)|[^\0]+|(?=\0))(?:{_STYLE})?", re.ASCII
)
_WHOLE_NUMBERS = re.compile(r"(?:(?:0|[1-9]\d{0,14})?\0)*", re.ASCII)


def read_column(
    contents: Contents, attributes: Sequence[str], values: Sequence[str], texts: Sequence[str], formulas: Sequence[str]
) -> Sequence[str]:
    """Return what ``Contents.text`` does for the cells of a column, of which ``PlainRows`` has found the parts.

    Raises:
        IndexError, ValueError: A cell refers to a text or a format that is missing.
    """
    if texts.count("") < len(texts):
        values = list(map(add, values, texts))
    if formulas.count("") < len(formulas):
        # A value comes after the second bracket.
        results = [formula[1:].partition(">")[2] for formula in formulas]
        values = list(map(add, values, results))
        # Any other value shows that a formula has been calculated.
        if not _UNCALCULATED.isdisjoint(values):
            openings = map(str.removesuffix, formulas, results)
            attributes = list(map(add, attributes, openings))
    if not _are_equal(attributes):
        attributes = _WITHOUT_STYLE_OF_TEXT.findall("\0".join(("", *attributes, "")))
    return _alike(contents, attributes[0], values) if _are_equal(attributes) else _mixed(contents, attributes, values)


def _are_equal(texts: Sequence[str]) -> bool:
    return texts.count(texts[0]) == len(texts)


def _mixed(contents: Contents, forms: Sequence[str], values: Sequence[str]) -> Sequence[str]:
    places: dict[str, list[int]] = {}
    for place, form in enumerate(forms):
        places.setdefault(form, []).append(place)
    column = [""] * len(values)
    for form, at in places.items():
        for place, text in zip(at, _alike(contents, form, [values[place] for place in at]), strict=True):
            column[place] = text
    return column


def _alike(contents: Contents, form: str, values: Sequence[str]) -> Sequence[str]:
    """Return the texts of cells that have the same attributes, and a formula all or none."""
    if not (form or any(values)):
        return values
    kind, style, formula = _parts(form)
    if formula:
        held = values if "<" in formula else [None] * len(values)
        if not {*contents.uncalculated(kind)}.isdisjoint(held):
            return [contents.text(kind, value, style, has_formula=True) for value in held]
    if kind in ("n", "") and any(values) and _WHOLE_NUMBERS.fullmatch("\0".join((*values, ""))):
        return _whole_numbers(values, contents.format(style))
    if kind == "s" and all(values):
        return contents.texts.all(values)
    if kind in ("str", "inlineStr"):
        return list(map(unescaped, values)) if "_" in "".join(values) else values
    found = {value: contents.text(kind, value, style, has_formula=False) for value in {*values}}
    return [found[value] for value in values]


def _whole_numbers(values: Sequence[str], shown: Format) -> Sequence[str]:
    if isinstance(shown, Mark):
        return [FAULTS[shown] if value else "" for value in values]
    if shown <= 1 and all(values):
        return list(map(NumberCell, values))
    return [whole_number(value, shown) if value else "" for value in values]


@lru_cache(_MOST_FORMS)
def _parts(form: str) -> tuple[str, str, str]:
    """Return the type and the style of cells, and what comes between a formula and its value; each may be empty."""
    attributes, *formula = form.partition(">")
    pairs = _ATTRIBUTE.findall(attributes)
    found = dict(pairs)
    if not _ATTRIBUTES.fullmatch(attributes) or len(found) < len(pairs):
        raise damaged("one of its parts is no valid XML")
    return found.get("t", ""), found.get("s", ""), "".join(formula)
