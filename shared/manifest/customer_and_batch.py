"""Whose devices a manifest holds and which batch they join: from the blob's name, the envelope, or both."""

import re

import msgspec

from shared.manifest.findings import Finding
from shared.manifest.messages import TARGET_ISSUES

# Microsoft's pages write customer ids as bare GUIDs; braces or a urn: prefix would end up in the request's path.
_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)

# An HTTP client folds . and .. away and would post to another resource; some gateways do so beside an encoded slash.
_FOLDED = re.compile(r"(?:^|[/\\])\.\.?(?:[/\\]|$)")

LONGEST_BATCH_ID = 1_000
"""Characters: more than a blob's name has room for. The id becomes part of a request's address, and of each status."""


class Target(msgspec.Struct, frozen=True):
    """A customer (GUID) and one of its device batches (free text)."""

    customer_id: str
    batch_id: str


class Ids(msgspec.Struct, frozen=True):
    """The ids in a blob's name or in an envelope; ``None`` where it has none."""

    customer_id: str | None = None
    batch_id: str | None = None


def is_customer_id(text: str) -> bool:
    """Return whether a text is a GUID in the form that Partner Center uses."""
    return _GUID.fullmatch(text) is not None


def ids_in(name: str) -> Ids:
    """Return the ids in a blob's name, none unless it has three segments and the first is a customer id."""
    segments = name.split("/", 2)
    if len(segments) == 3 and is_customer_id(segments[0]):  # noqa: PLR2004 - customer, batch, rest
        return Ids(segments[0], segments[1] if segments[1].strip() else None)
    return Ids()


def resolve(name: str, envelope: Ids, allowed: frozenset[str]) -> Target | tuple[Finding, ...]:
    """Return the customer and the batch of a manifest's devices, or every reason why they are not known.

    >>> resolve("c7f3c849-129f-4b85-a96d-4f8e88b315a3/Test/laptops.json", Ids(), frozenset())
    Target(customer_id='c7f3c849-129f-4b85-a96d-4f8e88b315a3', batch_id='Test')
    >>> [issue.code for issue in resolve("laptops.json", Ids(batch_id="Test"), frozenset())]
    ['missing_customer_id']

    Args:
        name: The blob's name.
        envelope: The ids inside the manifest; both ``None`` where it is no envelope.
        allowed: Lower-case ids of the customers that may be served; empty for all.
    """
    named = ids_in(name)
    customer, batch = envelope.customer_id or named.customer_id, envelope.batch_id or named.batch_id
    issues = [*_disagreements(named, envelope), *_customer_issues(name, customer, allowed)]
    # A name without a customer has no batch either: one message helps with both.
    if customer is None:
        return tuple(issues)
    if batch is None:
        issues.append(_issue("batchId", "missing_batch_id"))
    elif _FOLDED.search(batch) or len(batch) > LONGEST_BATCH_ID:
        issues.append(_issue("batchId", "invalid_batch_id", LONGEST_BATCH_ID))
    elif not issues:
        return Target(customer, batch)
    return tuple(issues)


def _disagreements(named: Ids, envelope: Ids) -> list[Finding]:
    issues = []
    if named.customer_id and envelope.customer_id and named.customer_id.lower() != envelope.customer_id.lower():
        issues.append(_issue("customerId", "conflicting_customer_id"))
    if named.batch_id and envelope.batch_id and named.batch_id != envelope.batch_id:
        issues.append(_issue("batchId", "conflicting_batch_id"))
    return issues


def _issue(field: str, code: str, *facts: object) -> Finding:
    return Finding("manifest", field, code, TARGET_ISSUES[code].format(*facts))


def _customer_issues(name: str, customer: str | None, allowed: frozenset[str]) -> list[Finding]:
    if customer is None and name.count("/") >= 2 and name.split("/", 1)[0]:  # noqa: PLR2004 - three segments
        return [_issue("customerId", "invalid_customer_id", "The first segment of the blob's name")]
    # As in {customer-id}/laptops.csv: it is the batch that was forgotten.
    if customer is None and is_customer_id(name.split("/", 1)[0]):
        return [_issue("batchId", "missing_batch_id")]
    if customer is None:
        return [_issue("customerId", "missing_customer_id")]
    if not is_customer_id(customer):
        return [_issue("customerId", "invalid_customer_id", "The envelope's customerId")]
    if allowed and customer.lower() not in allowed:
        return [_issue("customerId", "customer_not_allowed")]
    return []
