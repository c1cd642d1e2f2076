"""Whose devices a manifest holds and which batch they join: from the blob's name, the envelope, or both."""

import re

import msgspec

from shared.manifest import Finding

# Microsoft's pages write customer ids as bare GUIDs; braces or a urn: prefix would end up in the request's path.
_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)

CODES = {
    "missing_customer_id": "Nothing says whose devices these are. Name the blob by the ids, or use a JSON envelope.",
    "invalid_customer_id": "The customer id is no GUID. Correct the blob's name or the envelope.",
    "customer_not_allowed": "The customer is not among those of ALLOWED_CUSTOMERS. Add it there.",
    "missing_batch_id": "Nothing says which batch the devices join. Name the blob by the ids.",
    "invalid_batch_id": "A batch cannot be called . or .. as these are folded away in addresses.",
    "conflicting_customer_id": "The envelope and the blob's name disagree about the customer. Correct one of them.",
    "conflicting_batch_id": "The envelope and the blob's name disagree about the batch. Correct one of them.",
}
"""Codes of what is wrong with a manifest's target, with what to do about it."""

NAME_SHAPE = "{customer-id}/{batch-id}/{file name}"


class Target(msgspec.Struct, frozen=True):
    """A customer (GUID) and one of its device batches (free text)."""

    customer_id: str
    batch_id: str


class Ids(msgspec.Struct, frozen=True):
    """A customer id and a batch id as one of the two places gives them; ``None`` where it gives none."""

    customer_id: str | None = None
    batch_id: str | None = None


def is_customer_id(text: str) -> bool:
    """Tell whether a text is a GUID in the form that Partner Center uses."""
    return _GUID.fullmatch(text) is not None


def ids_in(name: str) -> Ids:
    """Read the ids off a blob's name; a name of less than three segments, or of no customer's, carries none."""
    segments = name.split("/", 2)
    if len(segments) == 3 and is_customer_id(segments[0]):  # noqa: PLR2004 - customer, batch, rest
        return Ids(segments[0], segments[1] if segments[1].strip() else None)
    return Ids()


def resolve(name: str, envelope: Ids, allowed: frozenset[str]) -> Target | tuple[Finding, ...]:
    """Settle a manifest's target.

    Args:
        name: The blob's name.
        envelope: The ids inside the manifest; both ``None`` where it is no envelope.
        allowed: Lower-case ids of the customers that may be served; empty for all.

    Returns:
        The target, or every reason why there is none.
    """
    named = ids_in(name)
    customer, batch = envelope.customer_id or named.customer_id, envelope.batch_id or named.batch_id
    issues = [*_disagreements(named, envelope), *_customer_issues(name, customer, allowed)]
    if customer is None:  # a name without a customer has no batch either: one advice mends both
        return tuple(issues)
    if batch is None or batch in (".", ".."):
        return (*issues, _batch_issue(batch))
    return tuple(issues) or Target(customer, batch)


def _disagreements(named: Ids, envelope: Ids) -> list[Finding]:
    issues = []
    if named.customer_id and envelope.customer_id and named.customer_id.lower() != envelope.customer_id.lower():
        issues.append(_issue("customerId", "conflicting_customer_id", "is not the one in the blob's name"))
    if named.batch_id and envelope.batch_id and named.batch_id != envelope.batch_id:
        issues.append(_issue("batchId", "conflicting_batch_id", "is not the one in the blob's name"))
    return issues


def _issue(field: str, code: str, fault: str) -> Finding:
    advice = "Drop the file under the right name, or correct the envelope."
    return Finding("manifest", field, code, f"The envelope's {field} {fault}. {advice}")


def _customer_issues(name: str, customer: str | None, allowed: frozenset[str]) -> list[Finding]:
    if customer is None and name.count("/") >= 2 and name.split("/", 1)[0]:  # noqa: PLR2004 - three segments
        code, message = "invalid_customer_id", "The first segment of the blob's name is no customer id (a GUID)."
    elif customer is None:
        code, message = "missing_customer_id", "Neither the blob's name nor the manifest says whose devices these are."
    elif not is_customer_id(customer):
        code, message = "invalid_customer_id", "The customer id is no GUID."
    elif allowed and customer.lower() not in allowed:
        code, message = "customer_not_allowed", "This customer is not among those that ALLOWED_CUSTOMERS names."
        return [Finding("manifest", "customerId", code, f"{message} Add it there, or drop the file elsewhere.")]
    else:
        return []
    return [Finding("manifest", "customerId", code, f"{message} Name the blob {NAME_SHAPE}, or use a JSON envelope.")]


def _batch_issue(batch: str | None) -> Finding:
    if batch is None:
        message = "Neither the blob's name nor the manifest says which batch the devices join."
        return Finding("manifest", "batchId", "missing_batch_id", f"{message} Name the blob {NAME_SHAPE}.")
    # An HTTP client folds such a segment away and would post to another resource.
    return Finding("manifest", "batchId", "invalid_batch_id", 'A batch cannot be called "." or "..".')
