import json
import logging
import re
from datetime import timedelta
from typing import Any

import pytest

from shared import event_log
from shared.job.blob_names import RESULTS_SUFFIX, STATUS_SUFFIX
from shared.job.device_results import Outcome
from shared.job.status_document import FINAL, State
from shared.sign_in import faults
from shared.workflow.sweep import GRACE, YOUNGEST
from tests.infra import source
from tests.infra.queries import (
    ALERTS,
    CHARTS,
    EVENTS_TEXT,
    ON_REQUEST,
    QUERIES,
    RULES,
    RUNS_TEXT,
    WORKBOOK,
    compared,
    fields,
)
from tests.infra.templates import INFRA, named, only, parsed

EVENTS = source.events()

every_query = pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())


def test_there_are_alerts_and_charts_for_what_matters() -> None:
    assert ALERTS.keys() == {
        "manifests-failed",
        "manifests-rejected",
        "manifests-overdue",
        "sweep-absent",
        "messages-poisoned",
        "invocations-failed",
        "blobs-unavailable",
        "app-broken",
        "not-of-this-app",
        "line-over-an-hour",
        "events-unknown-function",
        "sign-in-faults",
        "self-trigger-loop",
    }
    assert CHARTS.keys() >= {"unfinished", "states", "devices", "durations", "setbacks", "latest"}


@every_query
def test_every_event_of_a_query_is_logged_by_the_code(query: str) -> None:
    assert compared(query, "event") <= EVENTS.keys()


@every_query
def test_every_field_of_a_query_belongs_to_one_of_its_events(query: str) -> None:
    names = compared(query, "event")
    names |= compared(RUNS_TEXT, "event") if re.search(r"\b(finals|runs)\b", query) else set()
    known = {field for name in names for field in EVENTS.get(name, set())}
    assert fields(query) <= known | {"manifest"}


@every_query
def test_every_state_of_a_query_exists(query: str) -> None:
    assert compared(query, "state") <= {*State, "unfinished"}


def test_the_final_states_are_those_of_the_code() -> None:
    assert compared(RUNS_TEXT, "state") == FINAL


@every_query
def test_every_function_of_a_query_exists(query: str) -> None:
    assert compared(query, "name") <= source.triggers().keys()


def test_each_poison_queue_has_its_function_in_the_alert() -> None:
    poisoned = {name for name, (_, queue) in source.triggers().items() if queue.endswith("-poison")}
    events = {f"{name.removeprefix('rescue_')}_rescued" for name in poisoned}
    assert compared(ALERTS["messages-poisoned"], "event") == events | {"message_unreadable", "rescue_failed"}


def test_faults_of_the_sign_in_raise_their_alert() -> None:
    query = ALERTS["sign-in-faults"]
    assert compared(query, "event") == {"sign_in_failed", "upload_postponed", "poll_failed"}
    assert compared(query, "code") == {faults.TOO_SLOW.code}, "nobody logs a sign-in that has not ended yet"


@pytest.mark.parametrize("chart", ["setbacks", "faults"])
def test_a_poll_that_failed_is_shown_as_an_upload_is_that_waits(chart: str) -> None:
    assert compared(CHARTS[chart], "event") >= {"upload_postponed", "poll_failed"}


def test_outcomes_of_devices_are_shown_in_the_words_of_the_results() -> None:
    assert fields(CHARTS["devices"]) == {*Outcome} - {Outcome.DUPLICATE}


def test_the_alert_on_a_loop_knows_what_is_no_manifest() -> None:
    assert f"'{STATUS_SUFFIX}'" in ALERTS["self-trigger-loop"]
    assert f"'{RESULTS_SUFFIX}'" in ALERTS["self-trigger-loop"]


def test_what_belongs_to_an_earlier_run_is_not_counted() -> None:
    runs = RUNS_TEXT.partition("let runs =")[2]
    for column in ("accepted = maxif(at, at >= claimed)", "parts = countif(at >= claimed)", "iff(finished >= claimed,"):
        assert column in runs


def logged(caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    with caplog.at_level("INFO"):
        event_log.log("sweep_done", woken=3, until="x } y")
    [record] = caplog.records
    return record


def test_the_prelude_reads_messages_as_the_log_writes_them(caplog: pytest.LogCaptureFixture) -> None:
    document, name = (re.compile(found) for found in re.findall(r"extract\('([^']+)', 1, message\)", EVENTS_TEXT))
    message = logged(caplog).getMessage()
    for read, expected in ((document, '{"woken": 3, "until": "x } y"}'), (name, "sweep_done")):
        found = read.search(message)
        assert found
        assert found[1] == expected
        assert not read.search("Executing 'Functions.sweep' (Reason='Timer fired', Id=1)")


def test_the_prelude_reads_attributes_where_they_arrive_and_the_message_has_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    record = logged(caplog)
    _, _, document = record.getMessage().partition(" ")
    attributes = {name: record.__dict__[name] for name in json.loads(document)}
    assert attributes == json.loads(document)
    assert record.__dict__["event"] == "sweep_done"
    assert "coalesce(extract('^([a-z_]+) [{]', 1, message), tostring(customDimensions.event))" in EVENTS_TEXT
    assert "fields = iff(isnull(document), customDimensions, document)" in EVENTS_TEXT
    assert "Category" not in EVENTS_TEXT, "only the host's own way of logging has it"


@every_query
def test_brackets_and_quotes_of_a_query_are_balanced(query: str) -> None:
    code = re.sub(r"(?m)//.*$", "", query)
    assert code.count("'") % 2 == 0
    bare = re.sub(r"'[^']*'", "", code)
    for opening, closing in ("()", "[]", "{}"):
        assert bare.count(opening) == bare.count(closing)


@pytest.mark.parametrize("name", ALERTS)
def test_a_rule_has_a_query_that_azure_takes(name: str) -> None:
    query = ALERTS[name].replace("{events}", EVENTS_TEXT)
    lines = [line for line in query.splitlines() if not line.startswith("//")]
    assert lines[0] in {"traces", "requests"}, "a query of a rule starts with a table"
    code = re.sub(r"'[^']*'", "", "\n".join(lines))
    assert not re.search(r"\b(union|search|print|take|limit|let)\b", code)


def test_a_rule_fires_for_rows_or_for_none_and_after_so_many_windows() -> None:
    rules = only(INFRA / "alerts.bicep", "Microsoft.Insights/scheduledQueryRules")["properties"]
    [criterion] = rules["criteria"]["allOf"]
    text = (INFRA / "alerts.bicep").read_text()
    assert "query: replace(alert.query, '{events}', events)" in text
    assert "operator: alert.rows == 'some' ? 'GreaterThan' : 'LessThan'" in text
    assert "threshold: alert.rows == 'some' ? 0 : 1" in text
    assert set(criterion["failingPeriods"].keys()) == {"numberOfEvaluationPeriods", "minFailingPeriodsToAlert"}
    assert {name for name, rule in RULES.items() if rule["rows"] == "none"} == {"sweep-absent"}
    assert {rule["rows"] for rule in RULES.values()} == {"some", "none"}


def test_one_failure_in_a_moment_wakes_nobody() -> None:
    assert [name for name, rule in RULES.items() if rule["periods"] > 1] == ["invocations-failed", "blobs-unavailable"]
    asked = re.findall(r"\b(\w+): alert\.periods\b", (INFRA / "alerts.bicep").read_text())
    assert asked == ["numberOfEvaluationPeriods", "minFailingPeriodsToAlert"], "a moment lies in one window alone"


# As the host's source has them: an import that fails, a binding without its setting, a host that shuts down, and a
# message in another encoding.
BROKEN = (
    "Worker failed to index functions",
    "No job functions found. Try making your job classes and methods public.",
    "The 'upload_manifest' function is in error: Microsoft.Azure.WebJobs.Host: Error indexing method.",
    "A host error has occurred during startup operation 'x'.",
    "An unhandled exception has occurred. Host is shutting down.",
    "Message decoding has failed! Check MessageEncoding settings.",
)


@pytest.mark.parametrize("line", BROKEN)
def test_what_the_host_says_when_no_function_runs_raises_an_alert(line: str) -> None:
    table, *conditions = ALERTS["app-broken"].strip().splitlines()
    assert table == "traces"
    assert conditions[0] == "| where isempty(operation_Id) and severityLevel >= 2"
    [phrases] = re.findall(r"^\| where message has_any \((.*)\)$", conditions[1])
    assert [phrase for phrase in re.findall(r"'([^']+)'", phrases) if phrase in line]


def test_a_sweep_that_is_absent_has_been_expected_several_times() -> None:
    schedule = parsed(INFRA / "main.bicep")["parameters"]["sweepSchedule"]["default"]
    [every] = re.findall(r"^0 \*/(\d+) \* \* \* \*$", schedule)
    assert minutes(RULES["sweep-absent"]["window"]) >= 4 * int(every)


def test_a_cold_start_of_two_minutes_makes_nothing_overdue() -> None:
    assert min(GRACE, YOUNGEST) >= 2 * timedelta(minutes=2)


def test_rejected_manifests_raise_an_alert_on_request_alone() -> None:
    assert ON_REQUEST == "manifests-rejected"
    parameters = parsed(INFRA / "alerts.bicep")["parameters"]
    assert parameters["alertOnRejected"]["default"] is False
    assert "var alerts = concat(always, alertOnRejected ? [rejected] : [])" in (INFRA / "alerts.bicep").read_text()
    assert "for alert in alerts" in (INFRA / "alerts.bicep").read_text()


def test_every_query_of_the_workbook_stands_behind_the_definitions() -> None:
    workbook = (INFRA / "workbook.bicep").read_text()
    assert r"query: 'let events = ${events};\n${runs}${item.content.query}'" in workbook
    assert "var runs = loadTextContent('kql/runs.kql')" in workbook
    for template in ("alerts.bicep", "workbook.bicep"):
        assert "var events = loadTextContent('kql/events.kql')" in (INFRA / template).read_text()
    assert ";" not in re.sub(r"(?m)^//.*$", "", EVENTS_TEXT), "an expression that can stand anywhere"
    assert RUNS_TEXT.endswith(";\n")


def test_names_are_defined_once() -> None:
    defined = re.findall(r"(?m)^let (\w+) =", RUNS_TEXT)
    assert sorted(defined) == ["finals", "runs"]
    for query in CHARTS.values():
        assert set(re.findall(r"(?m)^let (\w+) =", query)).isdisjoint([*defined, "events"])


def test_the_workbook_has_a_time_and_a_name_for_each_item() -> None:
    assert WORKBOOK["version"] == "Notebook/1.0"
    names = [item["name"] for item in WORKBOOK["items"]]
    assert len(names) == len(set(names))
    [parameters] = [item["content"]["parameters"] for item in WORKBOOK["items"] if item["type"] == 9]
    [time] = [parameter["name"] for parameter in parameters]
    for item in WORKBOOK["items"]:
        if item["type"] == 3:
            assert item["content"]["timeContextFromParameter"] == time
            assert set(re.findall(r"\{(\w+)(?::grain)?\}", item["content"]["query"])) <= {time}


def test_an_alert_on_dead_letters_watches_the_topic() -> None:
    rule = only(INFRA / "alerts.bicep", "Microsoft.Insights/metricAlerts")["properties"]
    [criterion] = rule["criteria"]["allOf"]
    assert (criterion["metricNamespace"], criterion["metricName"]) == (
        "Microsoft.EventGrid/systemTopics",
        "DeadLetteredCount",
    )
    [dimension] = criterion["dimensions"]
    queue = named(INFRA / "subscription.bicep", "queue")["name"]
    assert dimension == {"name": "EventSubscriptionName", "operator": "Include", "values": [queue]}
    assert "azd hooks run postdeploy" in rule["description"]


@pytest.mark.parametrize("kind", ["scheduledQueryRules", "metricAlerts"])
def test_what_arrives_late_falls_between_no_two_looks(kind: str) -> None:
    rule = only(INFRA / "alerts.bicep", f"Microsoft.Insights/{kind}")["properties"]
    often = minutes(rule["evaluationFrequency"])
    windows = {minutes(window) for window in windows_of(kind, rule)}
    assert min(windows) >= 2 * often
    assert (
        f"looks every {often} minutes at the last {min(windows)} minutes,"
        in (INFRA.parent / "docs" / "operating.md").read_text()
    )


def windows_of(kind: str, rule: dict[str, Any]) -> set[str]:
    return {rule["windowSize"]} if kind == "metricAlerts" else {one["window"] for one in RULES.values()}


def minutes(duration: str) -> int:
    [(number, unit)] = re.findall(r"^PT(\d+)([HM])$", duration)
    return int(number) * (60 if unit == "H" else 1)
