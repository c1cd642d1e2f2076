"""What a function's decorators say about its trigger, and the app settings that they name."""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

_SETTING = re.compile(r"%([^%]+)%")


class SettingError(ValueError):
    """A binding names a setting that is missing or unusable."""


class Properties(msgspec.Struct, frozen=True):
    """Hold what the runtime adds to a binding."""

    deferred: bool = msgspec.field(default=False, name="SupportsDeferredBinding")


class Binding(msgspec.Struct, frozen=True, rename="camel"):
    """Hold the members of blob, queue and timer triggers; other bindings keep the defaults."""

    type: str
    name: str
    connection: str = "AzureWebJobsStorage"
    path: str = ""
    source: Literal["EventGrid", "LogsAndContainerScan"] = "LogsAndContainerScan"
    queue_name: str = ""
    schedule: str = ""
    run_on_startup: bool = False
    properties: Properties = Properties()


def read_binding(raw: str) -> Binding:
    """Read a binding from the JSON object that the runtime returns."""
    return msgspec.json.decode(raw, type=Binding)


def resolve(text: str, environ: Mapping[str, str]) -> str:
    """Replace each `%NAME%` by the setting; raises SettingError when it is missing, as the host in Azure does."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in environ:
            raise SettingError(f"%{match[1]}% does not resolve to a value: set {match[1]}")
        return environ[match[1]]

    return _SETTING.sub(value, text)
