"""Ids of customers and batches that stand beside devices: what is meant for another customer must not be sent."""

import re

from shared.manifest.findings import MANIFEST, Placed, Report
from shared.manifest.value_words import is_guid
from shared.manifest.words_for_nothing import is_nothing

_LONGEST_SHOWN = 64  # characters
_LONGEST_DOMAIN = 253
_MAYBE_KEY = re.compile(r"(\w{3,}-){3}\w")  # a product key: messages must not show one
_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE)
_KINDS = {"customerId": "customer id of Partner Center (a GUID)", "batchId": "text"}
_CODES = {"customerId": "other_customer", "batchId": "other_batch"}


def may_be_id(field: str, value: str) -> bool:
    """Return whether a value is such an id, or nothing: a customer's is a GUID or a domain, a batch's any text."""
    return field == "batchId" or is_nothing(value) or is_guid(value) or _is_domain(value)


def check_id(field: str, value: str, name: str, at: Placed, report: Report) -> bool:
    """Report an id that is not the manifest's own, nor that of an earlier device; return whether it is fine."""
    if is_nothing(value):
        return True
    # Whose a domain is, Entra ID alone knows: domains are compared with each other.
    if field == "customerId" and not is_guid(value):
        if "domain" not in report.first_ids:
            warn_of_no_id(field, name, at, report)
        known = report.first_ids.setdefault("domain", value)
    else:
        known = report.ids.get(field) or report.first_ids.setdefault(field, value)
    if _folded(field, value) == _folded(field, known):
        return True
    report.issue(at, field, _CODES[field], name, _shown(value), _shown(known))
    return False


def warn_of_no_id(field: str, name: str, at: Placed, report: Report) -> None:
    """Report that what stands under an id's name cannot be one."""
    report.warning(at, field, "id_not_compared", name, _KINDS[field])


def set_id(field: str, value: str, report: Report) -> None:
    """Set an id that the envelope has; devices may have come before it."""
    report.ids.setdefault(field, value)
    if first := report.first_ids.get(field):
        check_id(field, first, "A device", MANIFEST, report)


def _is_domain(value: str) -> bool:
    return len(value) <= _LONGEST_DOMAIN and _DOMAIN.fullmatch(value.strip()) is not None


def _folded(field: str, value: str) -> str:
    text = value.strip().casefold()
    return text.strip("{}").replace("-", "") if field == "customerId" and is_guid(text) else text


def _shown(value: str) -> str:
    text = value.strip()
    is_shown = is_guid(text) or not (len(text) > _LONGEST_SHOWN or _MAYBE_KEY.search(text))
    return repr(text) if is_shown else "(not shown)"
