"""A stand-in for the Azure CLI before Entra ID, and for azd's settings. What it holds is a file beside it.

It refuses what the real ones refuse (azure-cli 2.45): a second service principal of an app, a second credential of a
name, a grant for an app without a service principal.

Each call is a process of its own, and most of its time goes by in imports: so there are hardly any.
"""

from __future__ import annotations

import marshal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

Options = dict[str, str]
Rows = list[list[str]]


class RefusedError(Exception):
    """What az writes to its standard error before it ends with 1."""


class Directory:
    def __init__(self, book: dict[str, Any]) -> None:
        self.book = book

    def show_account(self, given: Options) -> Rows:
        if not self.book["signed_in"]:
            raise RefusedError("ERROR: Please run 'az login' to setup account.")
        account = {"tenantId": self.book["tenants"][given.get("subscription", "")], "user.name": "someone@example.com"}
        return [[account[given["query"]]]]

    def list_apps(self, given: Options) -> Rows:
        member, _, value = given["filter"].partition(" eq ")
        return [[app["appId"]] for app in self.book["apps"] if app[member] == value.strip("'")]

    def create_app(self, given: Options) -> Rows:
        number = len(self.book["apps"]) + 1
        app = {"appId": f"a0000000-0000-4000-8000-{number:012}", "displayName": given["display-name"]}
        self.book["apps"].append({**app, "audience": given["sign-in-audience"], "credentials": [], "permissions": []})
        return [[app["appId"]]]

    def list_principals(self, given: Options) -> Rows:
        app = given["filter"].removeprefix("appId eq ").strip("'")
        return [[principal(app)]] if app in self.book["principals"] else []

    def create_principal(self, given: Options) -> Rows:
        if given["id"] in self.book["principals"]:
            raise RefusedError(f"ERROR: the service principal name {given['id']} is already in use.")
        self.book["principals"].append(given["id"])
        return [[given["id"]]]

    def list_credentials(self, given: Options) -> Rows:
        return [[one["name"], one["issuer"], one["subject"], *one["audiences"]] for one in self._credentials(given)]

    def create_credential(self, given: Options) -> Rows:
        new = from_json(given["parameters"])
        if any(one["name"] == new["name"] for one in self._credentials(given)):
            raise RefusedError(f"ERROR: FederatedIdentityCredential with name {new['name']} already exists.")
        self._credentials(given).append(new)
        return [[new["name"]]]

    def update_credential(self, given: Options) -> Rows:
        [one] = [one for one in self._credentials(given) if one["name"] == given["federated-credential-id"]]
        one |= from_json(given["parameters"])
        return []

    def list_permissions(self, given: Options) -> Rows:
        return [[permission] for _, permission in self._app(given)["permissions"]]

    def add_permission(self, given: Options) -> Rows:
        permission, _, kind = given["api-permissions"].partition("=")
        assert kind == "Scope"
        self._app(given)["permissions"].append([given["api"], permission])
        return []

    def list_grants(self, given: Options) -> Rows:
        mine = [grant for grant in self.book["grants"] if grant["app"] == given["id"]]
        return [[grant["consent"], principal(grant["api"]), grant["scope"]] for grant in mine]

    def grant(self, given: Options) -> Rows:
        for app in (given["id"], given["api"]):
            if app not in self.book["principals"]:
                raise RefusedError(f"ERROR: Service principal '{app}' doesn't exist")
        new = {"app": given["id"], "api": given["api"], "consent": "AllPrincipals", "scope": given["scope"]}
        self.book["grants"].append(new)
        return []

    def _app(self, given: Options) -> dict[str, Any]:
        app: dict[str, Any]
        [app] = [app for app in self.book["apps"] if app["appId"] == given["id"]]
        return app

    def _credentials(self, given: Options) -> list[dict[str, Any]]:
        credentials: list[dict[str, Any]] = self._app(given)["credentials"]
        return credentials


COMMANDS: dict[str, tuple[str | None, Callable[[Directory, Options], Rows]]] = {
    "account show": (None, Directory.show_account),
    "ad app list": ("[].appId", Directory.list_apps),
    "ad app create": ("appId", Directory.create_app),
    "ad sp list": ("[].id", Directory.list_principals),
    "ad sp create": ("appId", Directory.create_principal),
    "ad app federated-credential list": ("[].[name, issuer, subject, audiences[0]]", Directory.list_credentials),
    "ad app federated-credential create": (None, Directory.create_credential),
    "ad app federated-credential update": (None, Directory.update_credential),
    "ad app permission list": ("[].resourceAccess[].id", Directory.list_permissions),
    "ad app permission add": (None, Directory.add_permission),
    "ad app permission list-grants": ("[].[consentType, resourceId, scope]", Directory.list_grants),
    "ad app permission grant": (None, Directory.grant),
}
"""The query that each command is asked with, None where it does not matter, and what it does."""


def from_json(text: str) -> dict[str, Any]:
    import json  # noqa: PLC0415 - only one command needs it, and each import costs every test

    content: dict[str, Any] = json.loads(text)
    return content


def principal(app: str) -> str:
    """Name the service principal of an app."""
    return app.replace("-4000-", "-5000-")


def az(arguments: list[str], book: dict[str, Any]) -> int:
    beginning = next(place for place, word in enumerate(arguments) if word.startswith("--"))
    command = " ".join(arguments[:beginning])
    given = {key[2:]: value for key, value in zip(arguments[beginning::2], arguments[beginning + 1 :: 2], strict=True)}
    query, do = COMMANDS[command]
    assert given["output"] == "tsv"
    assert query in (None, given.get("query"))
    try:
        refuse(command, book)
        rows = do(Directory(book), given)
    except RefusedError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    sys.stdout.write("".join("\t".join(row) + "\r\n" for row in rows))
    return 0


def refuse(command: str, book: dict[str, Any]) -> None:
    """Refuse a command as often as the test has laid down."""
    fault = book["faults"].get(command)
    if fault and fault["left"]:
        fault["left"] -= 1
        raise RefusedError(fault["says"])


def azd(arguments: list[str], book: dict[str, Any]) -> int:
    match arguments:
        case ["env", "get-values"] if book["settings"]:
            sys.stdout.write("".join(f'{key}="{value}"\r\n' for key, value in book["settings"].items()))
        case ["env", "set", key, value]:
            book["settings"][key] = value
        case _:
            return 1
    return 0


def main() -> int:
    file, tool, *arguments = sys.argv[1:]
    with open(file, "r+b") as page:  # noqa: PTH123 - pathlib would be one more import of a short process
        book = marshal.load(page)  # noqa: S302 - the test has written it
        book["calls"].append([tool, *arguments])
        code = {"az": az, "azd": azd}[tool](arguments, book)
        page.seek(0)
        marshal.dump(book, page)
    return code
