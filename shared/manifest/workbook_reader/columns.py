"""The texts of a column, whose cells are read together, as most of them are written alike."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from operator import add
from string import digits

from shared.manifest.workbook_reader.cell_values import (
    FAULTS,
    Contents,
    Format,
    Mark,
    NumberCell,
    unescaped,
    whole_number,
)
from shared.manifest.workbook_reader.runs import joined
from shared.manifest.workbook_reader.unreadable import damaged

_ATTRIBUTE = re.compile(r' +([a-z][a-z\d]*) *= *"([^"]*)"')
_ATTRIBUTES = re.compile(rf"(?:{_ATTRIBUTE.pattern})* *")
_MOST_FORMS = 4_096
_UNCALCULATED = frozenset({"", "0"})
_TEXTS = ("s", "str", "inlineStr")
# What is before and after the style of a cell, by what both are together; and the type that they tell.
_AROUND_STYLE = {' s=""': (' s="', '"', "")} | {
    before + after: (before, after, kind)
    for kind in (*_TEXTS, "n")
    for before, after in ((' s="', f'" t="{kind}"'), (f' t="{kind}" s="', '"'))
}
_DIGITS = dict.fromkeys(map(ord, digits))
_WHOLE_NUMBERS = re.compile(r"(?:(?:0|[1-9]\d{0,14})?\0)*", re.ASCII)


def read_column(
    contents: Contents, attributes: Sequence[str], values: Sequence[str], texts: Sequence[str], formulas: Sequence[str]
) -> Sequence[str]:
    """Return what ``Contents.text`` does for the cells of a column, of which ``PlainRows`` has found the parts.

    Raises:
        IndexError, ValueError: A cell refers to a text or a format that is missing.
    """
    if texts.count("") < len(texts):
        values = list(map(add, values, joined(texts)))
    if formulas.count("") < len(formulas):
        # A value comes after the second bracket.
        results = [formula[1:].partition(">")[2] for formula in formulas]
        values = list(map(add, values, results))
        # Any other value shows that a formula has been calculated.
        if not _UNCALCULATED.isdisjoint(values):
            openings = map(str.removesuffix, formulas, results)
            attributes = list(map(add, attributes, openings))
    return _alike(contents, attributes, values) if _are_equal(attributes) else _mixed(contents, attributes, values)


def _are_equal(keys: Sequence[object]) -> bool:
    return keys.count(keys[0]) == len(keys)


def _grouped[K, F](
    keys: Sequence[K],
    forms: Sequence[F],
    values: Sequence[str],
    read: Callable[[Sequence[F], Sequence[str]], Sequence[str]],
) -> Sequence[str]:
    """Read cells with the same key together."""
    if _are_equal(keys):
        return read(forms, values)
    groups: dict[K, list[int]] = {}
    for place, key in enumerate(keys):
        groups.setdefault(key, []).append(place)
    column = [""] * len(values)
    for places in groups.values():
        found = read([forms[place] for place in places], [values[place] for place in places])
        for place, text in zip(places, found, strict=True):
            column[place] = text
    return column


def _mixed(contents: Contents, forms: Sequence[str], values: Sequence[str]) -> Sequence[str]:
    """Read cells whose attributes may differ: some programs write a style for each cell."""
    alike = partial(_alike, contents)
    before, after, kind = _AROUND_STYLE.get(forms[0].translate(_DIGITS), ("", "", ""))
    styles = _between(before, after, forms)
    # Text is the same in any style, and so is nothing.
    if styles and kind in _TEXTS:
        return alike(forms, values)
    if styles and _are_whole(values):
        shown = _shown(contents, styles, values)
        return _grouped(shown, shown, values, _whole_numbers)
    kinds = "\0".join(forms).translate(_DIGITS).split("\0")
    if _are_equal(kinds):
        return _grouped(forms, forms, values, alike)
    return _grouped(kinds, forms, values, partial(_mixed, contents))


def _shown(contents: Contents, styles: Sequence[str], values: Sequence[str]) -> Sequence[Format | None]:
    """Return how the styles show numbers; nothing where there is none, as its style does not matter."""
    if all(values) and all(styles):
        return contents.formats(map(int, styles))
    return [contents.format(style) if value else None for style, value in zip(styles, values, strict=True)]


def _are_whole(numbers: Sequence[str]) -> bool:
    return _WHOLE_NUMBERS.fullmatch("\0".join((*numbers, ""))) is not None


def _between(before: str, after: str, forms: Sequence[str]) -> Sequence[str]:
    """Return the digits between ``before`` and ``after`` in each form; nothing where one has anything else."""
    together = "\0".join(forms)
    if not before or not together.startswith(before) or not together.endswith(after):
        return []
    found = together[len(before) : -len(after)].split(f"{after}\0{before}")
    return found if len(found) == len(forms) and "".join(found).isdecimal() else []


def _alike(contents: Contents, forms: Sequence[str], values: Sequence[str]) -> Sequence[str]:
    """Return the texts of cells whose attributes mean the same, and which have a formula all or none."""
    form = forms[0]
    if not (form or any(values)):
        return values
    kind, style, formula = _parts(form)
    if formula:
        held = values if "<" in formula else [None] * len(values)
        if not {*contents.uncalculated(kind)}.isdisjoint(held):
            return [contents.text(kind, value, style, has_formula=True) for value in held]
    if kind in ("n", "") and any(values) and _are_whole(values):
        return _whole_numbers([contents.format(style)], values)
    if kind == "s" and all(values):
        return contents.texts.all(values)
    if kind in ("str", "inlineStr"):
        return list(map(unescaped, values)) if "_" in "".join(values) else values
    found = {value: contents.text(kind, value, style, has_formula=False) for value in {*values}}
    return [found[value] for value in values]


def _whole_numbers(formats: Sequence[Format | None], values: Sequence[str]) -> Sequence[str]:
    """Return numbers as formats show them, which are all the same; there is none where there is no number."""
    shown = formats[0]
    if shown is None:
        return values
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
