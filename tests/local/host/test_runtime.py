import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from local.host import inputs
from local.host.runtime import AppError, Function, Runtime
from local.host.worker_messages import TypedData

SAMPLE = Path(__file__).parents[2] / "apps" / "sample"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    monkeypatch.setenv("PYTHON_THREADPOOL_THREAD_COUNT", "20")
    monkeypatch.setenv("Data", "UseDevelopmentStorage=true")  # enough for a client that sends nothing
    with Runtime(SAMPLE) as running:
        yield running


@pytest.fixture
def app(runtime: Runtime) -> ModuleType:
    assert runtime.functions
    return sys.modules["function_app"]


def named(runtime: Runtime, name: str) -> Function:
    return next(function for function in runtime.functions if function.name == name)


def test_functions_are_listed_with_their_triggers(runtime: Runtime) -> None:
    triggers = {function.name: function.trigger for function in runtime.functions}
    assert {name: trigger.type for name, trigger in triggers.items()} == {
        "on_event": "blobTrigger",
        "on_scan": "blobTrigger",
        "on_message": "queueTrigger",
        "on_poison": "queueTrigger",
        "on_tick": "timerTrigger",
    }
    assert (triggers["on_event"].source, triggers["on_scan"].source) == ("EventGrid", "LogsAndContainerScan")
    assert (triggers["on_event"].properties.deferred, triggers["on_scan"].properties.deferred) == (True, False)
    assert (triggers["on_message"].queue_name, triggers["on_tick"].schedule) == ("%WORK%", "%TICKS%")


@pytest.mark.parametrize("name", ["a.json", "c7f3/my batch/50% #1 ü.json", "x" * 1000])
def test_a_blob_client_gets_container_and_name_as_they_are(runtime: Runtime, app: ModuleType, name: str) -> None:
    assert runtime.invoke(named(runtime, "on_event"), inputs.blob_reference("Data", "manifests", name)).ok
    assert app.calls == [("on_event", name)]


def test_each_invocation_has_a_trace_and_an_id_of_its_own(runtime: Runtime, app: ModuleType) -> None:
    for _ in range(2):
        runtime.invoke(named(runtime, "on_event"), inputs.blob_reference("Data", "manifests", "a"))
    first, second = app.contexts
    assert first.function_name == "on_event"
    assert first.trace_context.trace_parent.startswith("00-")
    assert first.trace_context.trace_parent != second.trace_context.trace_parent
    assert first.invocation_id != second.invocation_id


def test_what_a_function_raises_is_its_result(runtime: Runtime, app: ModuleType) -> None:
    result = runtime.invoke(named(runtime, "on_event"), inputs.blob_reference("Data", "manifests", "fail"))
    assert (result.ok, result.died) == (False, False)
    assert result.error == "ValueError: asked to fail by fail"
    assert "in obey" in result.stack
    assert app.calls == [("on_event", "fail")]


def test_an_exit_in_a_function_ends_nothing_else(runtime: Runtime, app: ModuleType) -> None:
    died = runtime.invoke(named(runtime, "on_event"), inputs.blob_reference("Data", "manifests", "die"))
    assert (died.ok, died.died, died.error) == (False, True, "SystemExit: 3")
    assert runtime.invoke(named(runtime, "on_event"), inputs.blob_reference("Data", "manifests", "a")).ok
    assert app.calls == [("on_event", "die"), ("on_event", "a")]


def test_invocations_run_at_the_same_time(runtime: Runtime, app: ModuleType) -> None:
    given = inputs.blob_reference("Data", "manifests", "meet")
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(runtime.invoke(named(runtime, "on_event"), given)))
        for _ in range(app.meeting.parties)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.error for result in results] == [None] * app.meeting.parties


def test_a_function_that_does_not_end_in_time_is_given_up(runtime: Runtime, app: ModuleType) -> None:
    given = inputs.blob_reference("Data", "manifests", "meet")
    result = runtime.invoke(named(runtime, "on_event"), given, timeout=0.05)
    app.meeting.abort()
    assert (result.ok, result.died, result.error) == (False, True, "on_event did not end within 0.05 s")


def test_a_function_that_never_ends_is_reported_when_the_app_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Data", "UseDevelopmentStorage=true")
    monkeypatch.setattr("local.host.runtime.STOP_TIMEOUT", 0.5)
    stuck = Runtime(SAMPLE)
    meeting = sys.modules["function_app"].meeting
    stuck.invoke(named(stuck, "on_event"), inputs.blob_reference("Data", "manifests", "meet"), timeout=0.05)
    with pytest.raises(AppError, match=r"^a function did not end within 0.5 s$"):
        stuck.stop()
    meeting.abort()
    with Runtime(SAMPLE) as following:
        assert following.functions


def test_a_timer_gets_its_times(runtime: Runtime, app: ModuleType) -> None:
    assert runtime.invoke(named(runtime, "on_tick"), inputs.timer(NOON, NOON, past_due=True)).ok
    (tick,) = app.ticks
    assert tick.past_due
    assert tick.schedule_status["Next"] == "2026-11-22T12:00:00+00:00"


def test_an_argument_of_the_wrong_kind_fails_the_invocation(runtime: Runtime) -> None:
    result = runtime.invoke(named(runtime, "on_tick"), inputs.Input(TypedData(string="no JSON")))
    assert result.error is not None
    assert result.error.startswith("TypeError: unable to decode")


def test_a_process_has_one_app_at_a_time(runtime: Runtime) -> None:
    assert runtime.functions
    with pytest.raises(AppError, match="another function app is running"):
        Runtime(SAMPLE)


BROKEN = {
    "no file": (None, "there is no function_app.py"),
    "no app": ("x = 1\n", "Could not find top level function app instances"),
    "an error at import": ("raise LookupError('at import')\n", "LookupError: at import"),
    "a missing module": ("import no_such_module\n", "No module named 'no_such_module'"),
}


@pytest.mark.parametrize(("source", "cause"), BROKEN.values(), ids=BROKEN)
def test_an_app_that_cannot_be_loaded_says_why(tmp_path: Path, source: str | None, cause: str) -> None:
    if source is not None:
        (tmp_path / "function_app.py").write_text(source)
    before = list(sys.path)
    with pytest.raises(AppError, match=cause):
        Runtime(tmp_path)
    assert sys.path == before
    assert "function_app" not in sys.modules
