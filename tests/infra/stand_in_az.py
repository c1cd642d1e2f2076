"""A stand-in for the Azure CLI: it records its calls and answers as the test has laid down in a file.

Each call is a process of its own, and most of its time goes by in imports: so there are hardly any.
"""

from __future__ import annotations

import marshal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEY = "the-secret-key-of-the-webhook"
COLD = "Webhook validation handshake failed"
ALL_WELL: dict[str, Any] = {
    "signed_in": True,
    "errors": [COLD],
    "unreachable_hosts": 0,
    "keyless_answers": 0,
    "refused_deployments": 0,
    "roles": [[]],
}
"""What a book holds where a test says nothing else. ``roles``: what each listing in turn shows, the last for ever."""


def main() -> int:
    file, *arguments = sys.argv[1:]
    with open(file, "r+b") as page:  # noqa: PTH123 - pathlib would be one more import of a short process
        book = marshal.load(page)  # noqa: S302 - the test has written it
        book["calls"].append(arguments)
        page.seek(0)
        marshal.dump(book, page)
    if arguments[:2] == ["account", "show"]:
        return 0 if book["signed_in"] else 1
    if arguments[:3] == ["functionapp", "keys", "list"]:
        return answer_keys(arguments, sum(call[:3] == arguments[:3] for call in book["calls"]), book)
    if arguments[:2] == ["rest", "--url"]:
        return list_roles(book, sum(call[:2] == arguments[:2] for call in book["calls"]))
    if arguments[:3] == ["deployment", "group", "create"]:
        tries = sum(call[:3] == arguments[:3] for call in book["calls"])
        return refuse(book, tries) if tries <= book["refused_deployments"] else 0
    sys.stderr.write(f"unexpected: {arguments}\n")
    return 2


def refuse(book: dict[str, Any], tries: int) -> int:
    """Say what the test has laid down for this try, the last of it over and over."""
    sys.stderr.write(
        f"WARNING: subscription.bicep(1,1) : Warning BCP081: no types are at hand\n{book['errors'][:tries][-1]}\n\n"
    )
    return 1


def list_roles(book: dict[str, Any], tries: int) -> int:
    if book["roles"] is None:
        return refuse(book, tries)
    sys.stdout.write("".join("\t".join(line) + "\r\n" for line in book["roles"][:tries][-1]))
    return 0


def answer_keys(arguments: list[str], tries: int, book: dict[str, Any]) -> int:
    if tries <= book["unreachable_hosts"]:
        return refuse(book, tries)
    query = arguments[arguments.index("--query") + 1]
    keys = {} if tries <= book["unreachable_hosts"] + book["keyless_answers"] else {"blobs_extension": KEY}
    lines = list(keys) if query.replace(" ", "") == "keys(systemKeys)" else list(keys.values())
    sys.stdout.write("".join(f"{line}\r\n" for line in ["durabletask_extension", *lines]))
    return 0
