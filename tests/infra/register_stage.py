"""What the script that registers the app runs on: stand-ins for az and azd, and what they hold before and after."""

import json
import marshal
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.infra import stand_in_directory
from tests.infra.az_stage import command
from tests.infra.templates import INFRA

SCRIPT = INFRA / "scripts" / "register-app.sh"
TWIN = INFRA / "scripts" / "register-app.ps1"
TENANT = "2d7f0a1c-0000-4000-8000-000000000002"
SUBSCRIPTION = "5d7f0a1c-0000-4000-8000-000000000001"
IDENTITY = "1d7f0a1c-0000-4000-8000-000000000003"
LATER_IDENTITY = "1d7f0a1c-0000-4000-8000-000000000004"
APP = "a0000000-0000-4000-8000-000000000001"
PARTNER_CENTER = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
USER_IMPERSONATION = "1cebfa2a-fb4d-419e-b5f9-839b4383e05a"
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
SET_UP = {
    "PARTNER_CENTER_AUTH": "federated_app",
    "PARTNER_CENTER_TENANT_ID": TENANT,
    "PARTNER_CENTER_APP_ID": APP,
}
REGISTERED = {
    "appId": APP,
    "displayName": "Autopilot manifest uploader (dev)",
    "audience": "AzureADMyOrg",
    "credentials": [
        {
            "name": "function-app-identity",
            "issuer": ISSUER,
            "subject": IDENTITY,
            "audiences": ["api://AzureADTokenExchange"],
        }
    ],
    "permissions": [[PARTNER_CENTER, USER_IMPERSONATION]],
}
CONSENT = {"app": APP, "api": PARTNER_CENTER, "consent": "AllPrincipals", "scope": "user_impersonation"}
CHANGES = (
    "ad app create",
    "ad sp create",
    "ad app federated-credential create",
    "ad app permission add",
    "ad app permission grant",
)
LOOKS = sorted(stand_in_directory.COMMANDS.keys() - {*CHANGES, "ad app federated-credential update"})
REFUSED = "ERROR: Insufficient privileges to complete the operation."
# As azure-cli 2.45 and Microsoft Graph word it.
NOT_YET = (
    "ERROR: Resource '0c…' does not exist or one of its queried reference-property objects are not present.",
    "ERROR: Service principal 'a0…' doesn't exist",
    "ERROR: The appId 'a0…' of the service principal does not reference a valid application object.",
    "ERROR: the backing application of the service principal being created must in the local tenant",
)


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    said: str
    calls: list[list[str]]

    @property
    def changes(self) -> list[str]:
        """The commands that change something, without their options."""
        commands = [" ".join(call[1:]).partition(" --")[0] for call in self.calls]
        changing = {*CHANGES, "ad app federated-credential update"}
        return [command for command in commands if command in changing or command.startswith("env set")]


class Stage:
    """A folder that is all of the path, with the stand-in as ``az`` and ``azd``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._book = folder / "directory"
        for tool in ("az", "azd"):
            (folder / tool).write_text(command(stand_in_directory, str(self._book), tool))
            (folder / tool).chmod(0o755)
        for tool in ("cat", "cut", "dirname", "grep", "mktemp", "rm", "sed", "sleep", "tr", "wc"):
            (folder / tool).symlink_to(str(shutil.which(tool)))
        deployed = {"IDENTITY_PRINCIPAL_ID": IDENTITY, "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION, "AZURE_ENV_NAME": "dev"}
        self.book: dict[str, Any] = {
            "calls": [],
            "signed_in": True,
            "tenants": {"": TENANT, SUBSCRIPTION: TENANT},
            "settings": deployed,
            "apps": [],
            "principals": [],
            "grants": [],
            "faults": {},
        }

    @property
    def settings(self) -> dict[str, str]:
        settings: dict[str, str] = self.book["settings"]
        return settings

    def fail(self, command: str, says: str, times: int = 99) -> None:
        self.book["faults"] = {command: {"left": times, "says": says}}

    def run(self, *arguments: str, answer: str = "", script: Path = SCRIPT, temporary: Path | None = None) -> Run:
        self._book.write_bytes(marshal.dumps(self.book | {"calls": []}))
        given = {"REGISTER_PAUSE": "0", "REGISTER_TRIES": "4", "PATH": str(self.folder)}
        done = subprocess.run(  # noqa: S603 - the project's own script
            ["/bin/sh", script, *arguments],
            env=given | ({"TMPDIR": str(temporary)} if temporary else {}),
            cwd="/",
            input=answer,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        self.book = marshal.loads(self._book.read_bytes())  # noqa: S302 - our own stand-in has written it
        return Run(done.returncode, done.stdout, done.stdout + done.stderr, self.book["calls"])

    def settle(self) -> None:
        """Lay down what a first run leaves, as the first two tests have it."""
        self.settings.update(SET_UP)
        self.book["apps"] = [json.loads(json.dumps(REGISTERED))]
        self.book["principals"] = [APP, PARTNER_CENTER]
        self.book["grants"] = [dict(CONSENT)]
