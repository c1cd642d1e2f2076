"""Imports the function app a second time, where it can reach nothing, and prints the settings that it has read.

The first import is for the libraries, some of which look at the machine while they are imported.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from threading import Thread
from typing import NoReturn

import azure.identity
import azure.storage.blob
import azure.storage.queue
import requests

import function_app

CLIENTS = (
    requests.Session,
    azure.storage.blob.BlobServiceClient,
    azure.storage.blob.ContainerClient,
    azure.storage.queue.QueueClient,
    azure.identity.ManagedIdentityCredential,
)


class Watched(Mapping[str, str]):
    """An environment that notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> str:
        self.asked.append(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("the whole environment was read")

    def __len__(self) -> int:
        raise RuntimeError("the whole environment was read")


def forbid(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("this is no work for an import")


def forbid_sockets(event: str, _arguments: object) -> None:
    if event.startswith("socket."):
        forbid()


def main() -> None:
    again = ("shared", function_app.__name__, "azurefunctions")  # the last keeps a registry of what the app defines
    for name in [name for name in sys.modules if name.split(".")[0] in again]:
        del sys.modules[name]
    for kind in (*CLIENTS, Thread):
        setattr(kind, "start" if kind is Thread else "__init__", forbid)
    environment = Watched()
    setattr(os, "environ", environment)  # noqa: B010 - the real type is another
    sys.addaudithook(forbid_sockets)
    __import__("function_app")
    sys.stdout.write(" ".join(environment.asked))


if __name__ == "__main__":
    main()
