"""Sees every status that the app writes and every word that it says, and holds them against what was promised."""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import override

from azure.storage.blob import ContainerClient
from jsonschema import Draft202012Validator

from local.host.triggers import Run
from local.stand_ins.identity import Claims, TokenMint
from shared.job.plausibility import Foreign
from shared.job.status_document import Job, encode
from shared.storage.blobs import Storage
from shared.workflow.ports import Stored

SCHEMA = Path(__file__).parents[2] / "schemas" / "status.schema.json"
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
SECRET_MEMBERS = ("hardwarehash", "productkey")
SHORTEST_SECRET = 8


@dataclass(eq=False)
class RememberingMint(TokenMint):
    """Keeps the tokens that it issues."""

    tokens: list[str] = field(default_factory=list, init=False)

    @override
    def issue(self, claims: Claims) -> tuple[str, datetime]:
        token, expires = super().issue(claims)
        self.tokens.append(token)
        return token, expires


class WatchedStorage(Storage):
    """The real storage, with somebody looking at what has been saved."""

    def __init__(self, container: ContainerClient, witness: "Witness") -> None:
        super().__init__(container)
        self._witness = witness

    @override
    def load(self, manifest: str) -> Stored | Foreign | None:
        self._witness.looks += 1
        return super().load(manifest)

    @override
    def save(self, job: Job, version: str | None) -> Stored:
        stored = super().save(job, version)
        self._witness.jobs.append(job)
        self._witness.then(job)
        return stored


@dataclass
class Witness:
    """What was read, written and said in one story; `then` is what happens right after a status has been saved."""

    jobs: list[Job] = field(default_factory=list)
    looks: int = 0
    secrets: set[str] = field(default_factory=set)
    then: Callable[[Job], None] = lambda _: None

    def watch(self, container: ContainerClient) -> Storage:
        return WatchedStorage(container, self)

    def hide(self, manifest: bytes) -> None:
        """Take the hashes and product keys of a manifest for secrets, as far as it is JSON of devices."""
        try:
            document = json.loads(manifest)
        except ValueError:
            return
        devices = document.get("devices") if isinstance(document, dict) else document
        for device in devices if isinstance(devices, list) else ():
            members = device.items() if isinstance(device, dict) else ()
            values = {str(value) for name, value in members if name.lower() in SECRET_MEMBERS}
            self.secrets |= {value for value in values if len(value) >= SHORTEST_SECRET}

    def check_statuses(self) -> None:
        """Every status ever written fits the schema and tells nothing secret."""
        for job in self.jobs:
            document = encode(job).decode()
            VALIDATOR.validate(json.loads(document))
            assert not self._found_in(document)

    def check_words(self, records: Iterable[logging.LogRecord], runs: Iterable[Run]) -> None:
        """No log line, field of one, or exception tells anything secret."""
        lines = logging.Formatter()
        said = [f"{lines.format(record)} {record.__dict__}" for record in records]
        said += [f"{run.result.error} {run.result.stack}" for run in runs]
        assert not self._found_in("\n".join(said))

    def _found_in(self, text: str) -> list[str]:
        return [secret for secret in self.secrets if secret in text]
