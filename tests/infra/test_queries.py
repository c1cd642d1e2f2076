import json
import logging
import re

import pytest

from shared import event_log
from shared.job.blob_names import RESULTS_SUFFIX, STATUS_SUFFIX
from shared.job.record import FINAL, Outcome, State
from shared.sign_in import faults
from tests.infra import source
from tests.infra.queries import ALERTS, CHARTS, PRELUDE, QUERIES, WORKBOOK, compared, fields
from tests.infra.templates import INFRA, only

EVENTS = source.events()

every_query = pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())


def test_there_are_alerts_and_charts_for_what_matters() -> None:
    assert ALERTS.keys() == {
        "manifests-failed",
        "manifests-overdue",
        "messages-poisoned",
        "invocations-failed",
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
    names = compared(query, "event") | (compared(PRELUDE, "event") if re.search(r"\b(finals|runs)\b", query) else set())
    known = {field for name in names for field in EVENTS.get(name, set())}
    assert fields(query) <= known | {"manifest"}


@every_query
def test_every_state_of_a_query_exists(query: str) -> None:
    assert compared(query, "state") <= {*State, "unfinished"}


def test_the_final_states_are_those_of_the_code() -> None:
    assert compared(PRELUDE, "state") == FINAL


@every_query
def test_every_function_of_a_query_exists(query: str) -> None:
    assert compared(query, "name") <= source.triggers().keys()


def test_each_poison_queue_has_its_function_in_the_alert() -> None:
    poisoned = {name for name, (_, queue) in source.triggers().items() if queue.endswith("-poison")}
    assert compared(ALERTS["messages-poisoned"], "name") == poisoned


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
    runs = PRELUDE.partition("let runs =")[2]
    for column in ("accepted = maxif(at, at >= claimed)", "parts = countif(at >= claimed)", "iff(finished >= claimed,"):
        assert column in runs


def logged(caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    with caplog.at_level("INFO"):
        event_log.log("sweep_done", woken=3, until="x } y")
    [record] = caplog.records
    return record


def test_the_prelude_reads_messages_as_the_log_writes_them(caplog: pytest.LogCaptureFixture) -> None:
    document, name = (re.compile(found) for found in re.findall(r"extract\('([^']+)', 1, message\)", PRELUDE))
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
    assert "coalesce(extract('^([a-z_]+) [{]', 1, message), tostring(customDimensions.event))" in PRELUDE
    assert "fields = iff(isnull(document), customDimensions, document)" in PRELUDE
    assert "Category" not in PRELUDE, "only the host's own way of logging has it"


@every_query
def test_brackets_and_quotes_of_a_query_are_balanced(query: str) -> None:
    code = re.sub(r"(?m)//.*$", "", query)
    assert code.count("'") % 2 == 0
    bare = re.sub(r"'[^']*'", "", code)
    for opening, closing in ("()", "[]", "{}"):
        assert bare.count(opening) == bare.count(closing)


def test_every_query_stands_behind_the_prelude() -> None:
    rules = only(INFRA / "alerts.bicep", "Microsoft.Insights/scheduledQueryRules")
    [criterion] = rules["properties"]["criteria"]["allOf"]
    assert criterion["query"] == "${events}${alert.query}"
    workbook = (INFRA / "workbook.bicep").read_text()
    assert "query: '${events}${item.content.query}'" in workbook
    for template in ("alerts.bicep", "workbook.bicep"):
        assert "var events = loadTextContent('kql/events.kql')" in (INFRA / template).read_text()
    assert PRELUDE.endswith(";\n")


def test_names_that_the_prelude_defines_are_defined_once() -> None:
    defined = re.findall(r"(?m)^let (\w+) =", PRELUDE)
    assert sorted(defined) == ["events", "finals", "runs"]
    for query in [*ALERTS.values(), *CHARTS.values()]:
        assert set(re.findall(r"(?m)^let (\w+) =", query)).isdisjoint(defined)


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


@pytest.mark.parametrize("kind", ["scheduledQueryRules", "metricAlerts"])
def test_what_arrives_late_falls_between_no_two_looks(kind: str) -> None:
    rule = only(INFRA / "alerts.bicep", f"Microsoft.Insights/{kind}")["properties"]
    often, far = (
        int(rule[name].removeprefix("PT").removesuffix("M")) for name in ("evaluationFrequency", "windowSize")
    )
    assert far >= 2 * often
    assert f"looks every {often} minutes at the last {far}," in (INFRA.parent / "docs" / "operating.md").read_text()
