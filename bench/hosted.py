"""A function app on the real worker runtime, in a process that does nothing else.

`python -m bench.hosted FOLDER MANIFEST` handles one manifest and prints the moment of its end.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from urllib.parse import quote

from bench.connections import Connection
from bench.processes import serve
from bench.work import Crew, Measure, peak_memory
from local.host.inputs import Input, blob_content, blob_reference
from local.host.runtime import Function, Runtime
from local.host.worker_messages import TypedData


def log_as_in_azure() -> None:
    """Set the root logger to INFO and format all records, as the worker in Azure does: they cost what they do there."""
    logging.basicConfig(level=logging.INFO, filename=os.devnull)


def run_app(pipe: Pipe, directory: str, settings: Mapping[str, str]) -> None:
    """Run a function app until the pipe ends."""
    os.environ.update(settings)
    log_as_in_azure()
    with Runtime(Path(directory)) as runtime:
        serve(pipe, HostedApp, runtime, settings)


class HostedApp:
    """Invokes the functions of an app as a host does."""

    peak_memory = staticmethod(peak_memory)

    def __init__(self, runtime: Runtime, settings: Mapping[str, str]) -> None:
        functions = {function.name: function for function in runtime.functions}
        self._runtime = runtime
        self._upload = functions["upload_manifest"]
        self._resume = functions.get("resume_manifest")
        self._container = settings["MANIFEST_CONTAINER"]
        self._port = settings["BENCH_STORAGE_PORT"]
        self._storage = Connection(self._port)
        self._crew = Crew()

    def land(self, names: Sequence[str], threads: int) -> Measure:
        """Invoke the app for manifests that have landed."""
        return self._crew.do(self._land, names, threads)

    def follow(self, messages: Sequence[str], threads: int) -> Measure:
        """Deliver messages of the wake-up queue."""
        return self._crew.do(self._follow, messages, threads)

    def _land(self, name: str) -> None:
        deferred = self._upload.trigger.properties.deferred
        reference = blob_reference(self._upload.trigger.connection, self._container, name) if deferred else None
        self._invoke(self._upload, reference or self._content(name))

    def _follow(self, text: str) -> None:
        assert self._resume  # noqa: S101 - an app without it sends no messages
        self._invoke(self._resume, Input(TypedData(string=text), {"Id": TypedData(string="message")}))

    def _invoke(self, function: Function, given: Input) -> None:
        result = self._runtime.invoke(function, given)
        if result.error:
            raise RuntimeError(f"{function.name}: {result.error}\n{result.stack}")

    def _content(self, name: str) -> Input:
        """Read a blob for an InputStream as the host does, as cheaply as can be."""
        path = f"/blobs/{self._container}/{quote(name)}"
        content = self._storage.call("GET", path)
        metadata = {
            "BlobTrigger": TypedData(string=f"{self._container}/{name}"),
            "Uri": TypedData(json=json.dumps(f"http://127.0.0.1:{self._port}{path}")),
            "Properties": TypedData(json=json.dumps({"ContentLength": len(content)})),
            "Metadata": TypedData(json="{}"),
        }
        return blob_content(content, metadata)


if __name__ == "__main__":
    log_as_in_azure()
    with Runtime(Path(sys.argv[1])) as one_app:
        HostedApp(one_app, os.environ).land(sys.argv[2:], 1)
        print(time.monotonic())
