"""One function app on the real Python worker runtime, in this process."""

import asyncio
import importlib
import secrets
import sys
import threading
import uuid
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import azure_functions_runtime as worker

from local.host import worker_messages
from local.host.bindings import Binding, read_binding
from local.host.inputs import Input

SCRIPT = "function_app"
START_TIMEOUT = 60.0
INVOCATION_TIMEOUT = 300.0
STOP_TIMEOUT = 30.0
# The runtime keeps the app, its functions and its threads in module globals.
_ONE_APP_AT_A_TIME = threading.Lock()


class AppError(RuntimeError):
    """The runtime cannot load the app, or cannot end it."""


@dataclass(frozen=True)
class Function:
    """Describe a function of the app."""

    id: str
    name: str
    trigger: Binding


@dataclass(frozen=True)
class Result:
    """Say how an invocation ended: `error` is None, or the exception's type and text.

    `died` is set when the worker would have ended with it (an exit, a time-out).
    """

    error: str | None = None
    stack: str = ""
    died: bool = False

    @property
    def ok(self) -> bool:
        """Return whether the function returned."""
        return self.error is None


class Runtime:
    """Load the app in a directory and run its functions, several at a time.

    A process has one app at a time. The next one can be loaded after `stop()`: its `function_app` is imported again,
    but not what that imports. A worker that ends is followed by one with the same memory, and ends no other invocation.
    Logs go to the standard library's logging; handlers are left to the caller. Raises AppError when the app cannot be
    loaded.
    """

    def __init__(self, app_directory: Path) -> None:
        if not _ONE_APP_AT_A_TIME.acquire(blocking=False):
            raise AppError("another function app is running in this process: stop it first")
        self._directory = str(app_directory.resolve())
        self._loop = asyncio.new_event_loop()
        self._ending = False
        self._thread = threading.Thread(target=self._serve, name="functions-runtime", daemon=True)
        self._thread.start()
        try:
            self.functions = self._load()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        """Return itself: it runs already."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop it."""
        self.stop()

    def invoke(self, function: Function, given: Input, timeout: float = INVOCATION_TIMEOUT) -> Result:
        """Run a function and wait for its end, at most `timeout` seconds; safe to call from several threads."""
        future = asyncio.run_coroutine_threadsafe(worker.invocation_request(_invocation(function, given)), self._loop)
        try:
            death = future.exception(timeout)
        except (TimeoutError, CancelledError):
            future.cancel()
            return Result(error=f"{function.name} did not end within {timeout:g} s", died=True)
        if death is not None:
            return Result(error=f"{type(death).__name__}: {death}", died=True)
        exception = future.result().result.exception
        return Result(error=exception.message, stack=exception.stack_trace) if exception else Result()

    def stop(self) -> None:
        """End the threads; raises AppError when a function does not end."""
        try:
            _in_time(worker.stop_threadpool_executor)
        finally:
            self._ending = True
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_TIMEOUT)
            self._loop.close()
            _forget(self._directory)
            _ONE_APP_AT_A_TIME.release()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        while not self._ending:
            # An exit inside a function ends the loop's run; the other invocations still need it.
            with suppress(SystemExit, KeyboardInterrupt):
                self._loop.run_forever()

    def _load(self) -> tuple[Function, ...]:
        _forget(self._directory)
        sys.path.insert(0, self._directory)
        importlib.invalidate_caches()
        worker.start_threadpool_executor()
        initialised = self._ask(worker.worker_init_request(_initialisation(self._directory)))
        _raise_failure(initialised.result)
        listed = self._ask(worker.functions_metadata_request(SimpleNamespace())).function_metadata_results
        if not listed:
            raise AppError(f"there is no {SCRIPT}.py with functions in {self._directory}")
        return tuple(_function(metadata) for metadata in listed)

    def _ask(self, question: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - the runtime is not typed
        return asyncio.run_coroutine_threadsafe(question, self._loop).result(START_TIMEOUT)


def _initialisation(directory: str) -> SimpleNamespace:
    init = SimpleNamespace(capabilities={}, function_app_directory=directory)
    return SimpleNamespace(
        request=SimpleNamespace(worker_init_request=init),
        properties={"protos": worker_messages, "host": "127.0.0.1"},
    )


def _invocation(function: Function, given: Input) -> SimpleNamespace:
    invocation = SimpleNamespace(
        invocation_id=str(uuid.uuid4()),
        function_id=function.id,
        input_data=[worker_messages.ParameterBinding(function.trigger.name, given.data)],
        trigger_metadata=given.metadata,
        trace_context=SimpleNamespace(
            trace_parent=f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01", trace_state="", attributes={}
        ),
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    )
    return SimpleNamespace(request=SimpleNamespace(invocation_request=invocation))


def _function(metadata: worker_messages.RpcFunctionMetadata) -> Function:
    triggers = [binding for binding in map(read_binding, metadata.raw_bindings) if binding.type.endswith("Trigger")]
    return Function(metadata.function_id, metadata.name, triggers[0])


def _raise_failure(result: worker_messages.StatusResult) -> None:
    if result.exception:
        raise AppError(f"{result.exception.message}\n{result.exception.stack_trace}")


def _forget(directory: str) -> None:
    sys.modules.pop(SCRIPT, None)
    with suppress(ValueError):
        sys.path.remove(directory)


def _in_time(action: Callable[[], None]) -> None:
    thread = threading.Thread(target=action, daemon=True)
    thread.start()
    thread.join(STOP_TIMEOUT)
    if thread.is_alive():
        raise AppError(f"a function did not end within {STOP_TIMEOUT:g} s")
