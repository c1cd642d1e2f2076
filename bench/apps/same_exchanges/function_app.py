"""The tutorial's way, made to say to storage, queue and Partner Center all that this app says, step by step."""

import csv
import io
import json
import os
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import azure.functions as func
import requests
from azure.core.exceptions import ResourceNotFoundError
from azure.identity import ManagedIdentityCredential
from azure.storage.blob import BlobClient, BlobServiceClient
from azure.storage.queue import QueueClient, QueueMessage, TextBase64EncodePolicy

from bench.apps import by_hand

CONNECTION = "ManifestStorage"
MOST_DEVICES = 1000

app = func.FunctionApp()


@app.function_name("upload_manifest")
@app.blob_trigger(
    "manifest", path="%MANIFEST_CONTAINER%/{name}", connection=CONNECTION, source=func.BlobSource.EVENT_GRID
)
def upload_manifest(manifest: func.InputStream) -> None:
    """Take up a manifest; the host has read it, which stands for this app's own reading."""
    name = str(manifest.name).partition("/")[2]
    job = Job(name, content=manifest.read())
    for step in steps(name)[0]:
        job.take(step)


@app.function_name("resume_manifest")
@app.queue_trigger("message", queue_name="%WAKE_UP_QUEUE%", connection=CONNECTION)
def resume_manifest(message: func.QueueMessage) -> None:
    """Go on with a manifest."""
    told = json.loads(message.get_body())
    job = Job(told["manifest"])
    for step in steps(job.name)[1]:
        job.take(step)


def steps(name: str) -> list[list[dict[str, Any]]]:
    """Give the steps of a manifest's event and of its wake-ups; they go by the kind with which the name begins."""
    kind = name.rpartition("/")[2].partition("-")[0]
    every: dict[str, list[list[dict[str, Any]]]] = all_steps()
    return every[kind]


@cache
def all_steps() -> Any:  # noqa: ANN401 - what the bench has written down
    """Read the steps once."""
    return json.loads(os.environ["BENCH_STEPS"])


@dataclass
class Job:
    """One invocation's knowledge."""

    name: str
    content: bytes | None = None
    checked: by_hand.Checked = field(default_factory=by_hand.Checked)
    status: dict[str, Any] = field(default_factory=dict)
    locations: list[str] = field(default_factory=list)
    progress: dict[str, Any] = field(default_factory=dict)
    sent: QueueMessage | None = None

    @cached_property
    def service(self) -> BlobServiceClient:
        """Make the invocation's client."""
        return BlobServiceClient.from_connection_string(os.environ[CONNECTION])

    @cached_property
    def queue(self) -> QueueClient:
        """Make the invocation's client of the queue."""
        return QueueClient.from_connection_string(
            os.environ[CONNECTION], os.environ["WAKE_UP_QUEUE"], message_encode_policy=TextBase64EncodePolicy()
        )

    @cached_property
    def token(self) -> str:
        """Sign the invocation in."""
        return ManagedIdentityCredential().get_token("https://api.partnercenter.microsoft.com/.default").token

    def take(self, step: dict[str, Any]) -> None:
        """Take one step."""
        match step["do"]:
            case "read status":
                self._read_status()
            case "read manifest":
                self._read_manifest()
            case "look at manifest" | "look at results" as what:
                with suppress(ResourceNotFoundError):
                    self._blob(".results.csv" if what == "look at results" else "").get_blob_properties()
            case "send message":
                self._send(step["delay"])
            case "move message":
                self._move(step["delay"])
            case "write status":
                self._write_status()
            case "write results":
                self._blob(".results.csv").upload_blob(self._results(), overwrite=True)
            case "upload devices":
                self._upload()
            case "ask for progress":
                self._ask()
            case unknown:
                raise ValueError(f"nobody has taught it to {unknown}")

    def _read_status(self) -> None:
        try:
            self.status = json.loads(self._blob(".status.json").download_blob().readall())
        except ResourceNotFoundError:
            self.status = {}

    def _blob(self, suffix: str = "") -> BlobClient:
        return self.service.get_blob_client(os.environ["MANIFEST_CONTAINER"], f"{self.name}{suffix}")

    def _read_manifest(self) -> None:
        """Read the manifest; what this app reads once more to send it is known here already."""
        content = self.content or self._blob().download_blob().readall()
        self.content = None
        if not self.checked.devices:
            self.checked = by_hand.read(content)

    def _send(self, delay: int) -> None:
        text = json.dumps({"manifest": self.name})
        self.sent = self.queue.send_message(text, visibility_timeout=delay, time_to_live=-1)

    def _move(self, delay: int) -> None:
        self.queue.update_message(self.sent, visibility_timeout=delay, content=json.dumps({"manifest": self.name}))

    def _write_status(self) -> None:
        state = "completed" if self.progress else "accepted" if self._is_sent() else "processing"
        self.status |= {
            "manifest": self.name,
            "state": state,
            "locations": self.locations or self.status.get("locations", []),
            "issues": self.checked.issues[:100],
            "warnings": self.checked.warnings[:100],
        }
        self._blob(".status.json").upload_blob(
            json.dumps(self.status, indent=2), overwrite=True, metadata={"state": state}
        )

    def _is_sent(self) -> bool:
        return bool(self.locations) and len(self.locations) * MOST_DEVICES >= len(self.checked.devices)

    def _results(self) -> str:
        ends = {row["serialNumber"]: row["status"] for row in self.progress["devicesStatus"]}
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(["device", "serialNumber", "productKey", "hardwareHashStart", "outcome"])
        for number, device in enumerate(self.checked.devices, 1):
            serial = device.get("serialNumber", "")
            start = device.get("hardwareHash", "")[:16]
            writer.writerow([number, serial, device.get("productKey", ""), start, ends.get(serial, "not_reported")])
        return text.getvalue()

    def _upload(self) -> None:
        """Upload the next part."""
        customer, batch, _ = self.name.split("/", 2)
        start = len(self.locations) * MOST_DEVICES
        response = requests.post(
            f"{os.environ['PARTNER_CENTER_URL']}/v1/customers/{customer}/deviceBatches/{batch}/devices",
            json=self.checked.devices[start : start + MOST_DEVICES],
            headers=headers(self.token),
            timeout=100,
        )
        response.raise_for_status()
        self.locations.append(response.headers["Location"])

    def _ask(self) -> None:
        url = f"{os.environ['PARTNER_CENTER_URL']}/v1{self.status['locations'][0]}"
        response = requests.get(url, headers=headers(self.token), timeout=100)
        response.raise_for_status()
        self.progress = response.json()


def headers(token: str) -> dict[str, str]:
    """Make out the headers of a call."""
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/json",
        "MS-RequestId": str(uuid.uuid4()),
        "MS-CorrelationId": str(uuid.uuid4()),
    }
