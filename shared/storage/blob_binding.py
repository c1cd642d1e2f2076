"""The blob trigger's parameter: the name of the blob that has arrived, without its content.

A parameter of an SDK type keeps the host from sending the content along (Azure Functions, "SDK type bindings"). The
library's own types would make a storage client for each invocation, and fail before all invalid settings are named.
"""

import json
from typing import override

from azurefunctions.extensions.base import Datum, InConverter, SdkType


class BlobName(SdkType):  # type: ignore[misc] # the library is not typed
    """A blob's name, without its container."""

    def __init__(self, text: str) -> None:
        self.text = text


class _Converter(InConverter, binding="blob", trigger="blobTrigger"):  # type: ignore[call-arg,misc] # nor its metaclass
    """Reads the name from the host's reference to the blob, or from the metadata where a host sends the content."""

    @classmethod
    @override
    def check_input_type_annotation(cls, pytype: type) -> bool:
        return issubclass(pytype, BlobName)

    @classmethod
    @override
    def decode(cls, data: Datum, *, trigger_metadata: dict[str, Datum], **_: object) -> BlobName:
        if data.type == "model_binding_data":
            return BlobName(json.loads(data.value.content)["BlobName"])
        return BlobName(trigger_metadata["BlobTrigger"].value.partition("/")[2])
