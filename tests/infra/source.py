"""What the code says of itself, read off its source: its functions and the events it logs."""

import ast
from collections.abc import Iterator

from shared.event_log import evidence
from shared.job.status_document import Fault
from tests.infra.templates import ROOT

EVIDENCE = set(evidence(Fault(description="")))
"""The fields that an event has of the fault it tells of."""


def triggers() -> dict[str, tuple[str, str]]:
    """Give each function's name with its kind of trigger and, for a queue, the queue's name."""
    found = {}
    for node in ast.parse((ROOT / "function_app.py").read_text()).body:
        decorators = [item for item in getattr(node, "decorator_list", []) if isinstance(item, ast.Call)]
        calls = {ast.unparse(item.func).removeprefix("app."): item for item in decorators}
        if "function_name" in calls:
            [kind] = calls.keys() - {"function_name"}
            queue = {keyword.arg: keyword.value for keyword in calls[kind].keywords}.get("queue_name")
            found[_text(calls["function_name"].args[0])] = (kind, _text(queue) if queue else "")
    return found


def _text(node: ast.expr) -> str:
    assert isinstance(node, ast.Constant)
    return str(node.value)


AWAITED = {
    "rate_limited": {"manifest", "until", "line_seconds"},
    "throttled": {"scope", "retry_after", "rate"},
}
"""Events that the rules and the workbook read already; what the code logs counts for more."""


def events() -> dict[str, set[str]]:
    return AWAITED | _logged()


def _logged() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for call in _calls():
        [name] = call.args
        assert isinstance(name, ast.Constant), "an event's name is a constant"
        fields = {keyword.arg for keyword in call.keywords if keyword.arg and keyword.arg != "level"}
        assert len(fields) == len([keyword for keyword in call.keywords if keyword.arg != "level"]), "fields are named"
        if "fault" in fields:
            fields = fields - {"fault"} | EVIDENCE
        found.setdefault(str(name.value), set()).update(fields)
    return found


def _calls() -> Iterator[ast.Call]:
    for path in [ROOT / "function_app.py", *(ROOT / "shared").rglob("*.py")]:
        text = path.read_text()
        # Most files log nothing, and parsing takes long.
        for node in ast.walk(ast.parse(text)) if "event_log.log" in text else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "event_log.log":
                yield node
