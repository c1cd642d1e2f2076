"""What tutorials add up to: each event makes its own credential, its own connections and its own storage client."""

import json
import os
import uuid

import azure.functions as func
import requests
from azure.identity import ManagedIdentityCredential
from azure.storage.blob import BlobServiceClient

from bench.tutorial import by_hand

CONNECTION = "ManifestStorage"
MOST_DEVICES = 1000

app = func.FunctionApp()


@app.function_name("upload_manifest")
@app.blob_trigger(
    "manifest", path="%MANIFEST_CONTAINER%/{name}", connection=CONNECTION, source=func.BlobSource.EVENT_GRID
)
def upload_manifest(manifest: func.InputStream) -> None:
    """Upload the devices of a manifest, and write down where Partner Center reports their progress."""
    container, _, name = str(manifest.name).partition("/")
    if name.endswith(".status.json"):
        return
    checked = by_hand.read(manifest.read())
    locations = []
    if not checked.issues:
        token = ManagedIdentityCredential().get_token("https://api.partnercenter.microsoft.com/.default").token
        parts = range(0, len(checked.devices), MOST_DEVICES)
        locations = [upload(name, checked.devices[start : start + MOST_DEVICES], token) for start in parts]
    status = {
        "manifest": name,
        "state": "rejected" if checked.issues else "accepted",
        "deviceCount": len(checked.devices),
        "locations": locations,
        "issues": checked.issues[:100],
    }
    service = BlobServiceClient.from_connection_string(os.environ[CONNECTION])
    blob = service.get_blob_client(container, f"{name}.status.json")
    blob.upload_blob(json.dumps(status, indent=2), overwrite=True)


def upload(name: str, devices: list[dict[str, str]], token: str) -> str:
    """Upload devices to the batch of the blob's name."""
    customer, batch, _ = name.split("/", 2)
    response = requests.post(
        f"{os.environ['PARTNER_CENTER_URL']}/v1/customers/{customer}/deviceBatches/{batch}/devices",
        json=devices,
        headers={
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "MS-RequestId": str(uuid.uuid4()),
            "MS-CorrelationId": str(uuid.uuid4()),
        },
        timeout=100,
    )
    response.raise_for_status()
    return response.headers["Location"]
