"""The messages between a Functions host and the Python worker runtime, as far as the runtime looks at them.

Names and fields are those of FunctionRpc.proto in Azure/azure-functions-language-worker-protobuf. The runtime
constructs them by keyword and reads attributes; this module is its `protos`.
"""

import builtins
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import ClassVar


@dataclass
class RpcException:
    """Carry what a function raised."""

    message: str
    stack_trace: str = ""


@dataclass
class StatusResult:
    """Say whether a request succeeded."""

    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1

    status: int
    exception: RpcException | None = None


@dataclass
class WorkerMetadata:
    """Describe the worker."""

    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: dict[str, str]


@dataclass
class WorkerInitResponse:
    """Answer the first request, after the app has been indexed."""

    capabilities: dict[str, str]
    worker_metadata: WorkerMetadata
    result: StatusResult


@dataclass
class BindingInfo:
    """Describe a binding."""

    undefined: ClassVar[int] = 0
    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2

    type: str
    data_type: int | None
    direction: int


@dataclass
class RpcRetryOptions:
    """Carry a retry decorator's numbers, which have no effect on blob and queue triggers."""

    max_retry_count: int
    retry_strategy: str
    delay_interval: timedelta | None = None
    minimum_interval: timedelta | None = None
    maximum_interval: timedelta | None = None


@dataclass
class RpcFunctionMetadata:
    """Describe a function; `raw_bindings` are JSON objects."""

    name: str
    function_id: str
    managed_dependency_enabled: bool
    directory: str
    script_file: str
    entry_point: str
    is_proxy: bool
    language: str
    bindings: dict[str, BindingInfo]
    raw_bindings: list[str]
    retry_options: RpcRetryOptions | None
    properties: dict[str, str]


@dataclass
class FunctionMetadataResponse:
    """List the functions of an app."""

    use_default_metadata_indexing: bool
    function_metadata_results: list[RpcFunctionMetadata] | None
    result: StatusResult


@dataclass(frozen=True)
class ModelBindingData:
    """Refer to a resource instead of carrying its content."""

    version: str
    source: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class TypedData:
    """Carry one value, in the one field that is set."""

    string: str | None = None
    json: str | None = None
    bytes: builtins.bytes | None = None
    model_binding_data: ModelBindingData | None = None

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Name the field that is set."""
        del group
        return next((member.name for member in fields(self) if getattr(self, member.name) is not None), None)


@dataclass(frozen=True)
class ParameterBinding:
    """Carry an argument."""

    name: str
    data: TypedData | None

    def WhichOneof(self, group: str) -> str:  # noqa: N802 - protobuf's name
        """Name the field that is set: never shared memory."""
        del group
        return "data"


@dataclass
class InvocationResponse:
    """Answer an invocation."""

    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: list[ParameterBinding] = field(default_factory=list)
