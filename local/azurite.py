"""The storage emulator: one Azurite process with blob, queue and table endpoints."""

import base64
import os
import queue
import re
import secrets
import shutil
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import IO, Self
from urllib.parse import urlsplit

# Accounts cost nothing, and one for each test keeps tests apart. The first is the one that tools expect.
ACCOUNTS = ("devstoreaccount1", *(f"account{number}" for number in range(1, 500)))
START_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0
_HERE = Path(__file__).parent
_SERVICES = ("Blob", "Queue", "Table")
_LISTENING = re.compile(r"Azurite (\w+) service is successfully listening at (\S+)")
_BUSY = re.compile(r"EADDRINUSE: address already in use (\S+)")
# Node closes an idle connection after 5 s; a client that has just chosen it for its next request would meet a reset.
_KEEP_ALIVE_SECONDS = "3600"


class AzuriteError(RuntimeError):
    """Azurite cannot run; the message says what to do about it."""


class PortInUseError(AzuriteError):
    """Another program listens at a port that was asked for."""


@dataclass(frozen=True)
class Certificate:
    """Name the PEM files that make Azurite speak https and accept bearer tokens."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Address:
    """Hold what makes the connection strings of two starts the same: the key, and the ports by service."""

    key: str = field(repr=False)
    ports: dict[str, int]


@dataclass(frozen=True)
class Account:
    """Say how to reach a storage account."""

    name: str
    connection_string: str = field(repr=False)
    blob_url: str
    queue_url: str


class Azurite:
    """Run Azurite in memory until it is closed, with a new key on free loopback ports, or at an earlier address.

    Its process ends by itself when this one has ended, killed included. Raises AzuriteError when it cannot start.
    """

    def __init__(self, *, address: Address | None = None, certificate: Certificate | None = None) -> None:
        self._key = address.key if address else base64.b64encode(secrets.token_bytes(16)).decode()
        self._names = iter(ACCOUNTS)
        accounts = ";".join(f"{name}:{self._key}" for name in ACCOUNTS)
        self._process = _start(_options(address.ports if address else {}, certificate), accounts)
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        try:
            self._urls = self._wait_until_ready()
            self._first = self.new_account()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        """Return itself: it runs already."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close it."""
        self.close()

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._process.pid

    @property
    def address(self) -> Address:
        """Return what another start needs to have the same connection string."""
        return Address(self._key, {service: urlsplit(url).port or 0 for service, url in self._urls.items()})

    @property
    def blob_url(self) -> str:
        """Return the URL of the first account's blob endpoint."""
        return self._first.blob_url

    @property
    def queue_url(self) -> str:
        """Return the URL of the first account's queue endpoint."""
        return self._first.queue_url

    @property
    def connection_string(self) -> str:
        """Return the connection string of the first account."""
        return self._first.connection_string

    def new_account(self) -> Account:
        """Return an empty account that nobody else has; raises AzuriteError when all are in use."""
        name = next(self._names, None)
        if name is None:
            raise AzuriteError(f"all {len(ACCOUNTS)} accounts of this Azurite are in use")
        urls = {service: f"{url}/{name}" for service, url in self._urls.items()}
        endpoints = "".join(f"{service}Endpoint={url};" for service, url in urls.items())
        scheme = urls["Blob"].partition(":")[0]
        connection_string = f"DefaultEndpointsProtocol={scheme};AccountName={name};AccountKey={self._key};{endpoints}"
        return Account(name, connection_string, urls["Blob"], urls["Queue"])

    def close(self) -> None:
        """End the process; kill it where it does not end by itself."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self._lines.put(line)
        self._lines.put("")

    def _wait_until_ready(self) -> dict[str, str]:
        addresses: dict[str, str] = {}
        said = ""
        deadline = monotonic() + START_TIMEOUT
        while len(addresses) < len(_SERVICES):
            try:
                line = self._lines.get(timeout=max(0.0, deadline - monotonic()))
            except queue.Empty:
                raise AzuriteError(f"Azurite was not ready within {START_TIMEOUT:.0f} s. It said: {said}") from None
            if not line and (busy := _BUSY.search(said)):
                raise PortInUseError(f"{busy[1]} is in use by another program")
            if not line:
                raise AzuriteError(f"Azurite ended while it was starting. It said: {said}")
            if listening := _LISTENING.match(line):
                addresses[listening[1]] = listening[2]
            said += line
        return addresses


def _start(options: list[str], accounts: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - the program is node, and the options are made here
        [_node(), str(_HERE / "azurite.mjs"), *options],
        env={**os.environ, "AZURITE_ACCOUNTS": accounts},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Ctrl-C is for this process, which may still need the storage while it ends.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _options(ports: Mapping[str, int], certificate: Certificate | None) -> list[str]:
    options = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"]
    for name in _SERVICES:
        service = name.lower()
        options += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(ports.get(name, 0))]
        options += [f"--{service}KeepAliveTimeout", _KEEP_ALIVE_SECONDS]
    if certificate:
        options += ["--cert", str(certificate.certificate), "--key", str(certificate.key), "--oauth", "basic"]
    return options


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise AzuriteError("node was not found: install Node.js 20 or later from https://nodejs.org")
    if not (_HERE / "node_modules" / "azurite").is_dir():
        raise AzuriteError("Azurite is not installed: run `npm ci --prefix local`")
    return node
