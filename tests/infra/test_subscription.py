import re
from typing import Any

import pytest

from shared.job.blob_names import RESULTS_SUFFIX, STATUS_SUFFIX
from tests.infra import source
from tests.infra.templates import INFRA, LOGIC_APP, named, only, variables

TEMPLATE = INFRA / "subscription.bicep"
SUBSCRIPTION = "Microsoft.EventGrid/systemTopics/eventSubscriptions"


both = pytest.mark.parametrize("way", ["webhook", "queue"])


def properties(way: str = "webhook") -> dict[str, Any]:
    return dict(named(TEMPLATE, way)["properties"])


def event_filter() -> dict[str, Any]:
    return dict(variables(TEMPLATE)["manifestsOnly"])


def advanced_filters() -> list[dict[str, Any]]:
    return list(event_filter()["advancedFilters"])


def test_events_go_to_the_function_with_the_blob_trigger() -> None:
    [blob_function] = [name for name, (kind, _) in source.triggers().items() if kind == "blob_trigger"]
    assert variables(TEMPLATE)["functionId"] == f"Host.Functions.{blob_function}"
    url = properties()["destination"]["properties"]["endpointUrl"]
    assert url.startswith(
        "https://${app.properties.defaultHostName}/runtime/webhooks/blobs?functionName=${functionId}&"
    )


def test_the_subject_is_of_this_container_alone() -> None:
    assert event_filter()["subjectBeginsWith"] == "/blobServices/default/containers/${manifestContainer}/blobs/"


def test_what_the_app_writes_itself_is_dropped() -> None:
    [suffixes] = [item for item in advanced_filters() if item["operatorType"] == "StringNotEndsWith"]
    assert suffixes == {
        "operatorType": "StringNotEndsWith",
        "key": "subject",
        "values": [STATUS_SUFFIX, RESULTS_SUFFIX],
    }


def test_only_calls_that_complete_a_blob_are_let_through() -> None:
    [calls] = [item for item in advanced_filters() if item["operatorType"] == "StringIn"]
    assert calls["key"] == "data.api"
    assert sorted(calls["values"]) == ["CopyBlob", "FlushWithClose", "PutBlob", "PutBlockList", "SftpCommit"]
    assert event_filter()["includedEventTypes"] == ["Microsoft.Storage.BlobCreated"]


def test_the_filters_stay_within_the_limits_of_event_grid() -> None:
    # "Event filtering for Azure Event Grid": 25 advanced filters and 25 values in all, 512 characters a value.
    values = [value for item in advanced_filters() for value in item["values"]]
    assert len(advanced_filters()) <= 25
    assert len(values) <= 25
    assert max(map(len, values)) <= 512


@both
def test_both_ways_bring_the_same_events(way: str) -> None:
    assert properties(way)["filter"] == "manifestsOnly"
    assert properties(way)["eventDeliverySchema"] == "EventGridSchema"
    assert named(TEMPLATE, way)["parent"] == "topic"


def test_the_second_way_needs_no_key_and_no_app_that_is_awake() -> None:
    delivery = properties("queue")["deliveryWithResourceIdentity"]
    assert "destination" not in properties("queue")
    assert delivery["identity"] == {"type": "SystemAssigned"}
    assert delivery["destination"]["endpointType"] == "StorageQueue"
    target = delivery["destination"]["properties"]
    dead_letters = variables(TEMPLATE)["deadLetters"]["deadLetterDestination"]["properties"]
    assert target == {"resourceId": dead_letters["resourceId"], "queueName": "wakeUpQueue"}


@both
def test_what_cannot_be_delivered_is_kept(way: str) -> None:
    assert properties(way)["deadLetterWithResourceIdentity"] == "deadLetters"
    assert properties(way)["retryPolicy"] == "longestRetry"
    dead_letters = variables(TEMPLATE)["deadLetters"]
    assert dead_letters["identity"]["type"] == "SystemAssigned"
    assert dead_letters["deadLetterDestination"]["properties"]["blobContainerName"] == "deadLetterContainer"
    assert variables(TEMPLATE)["longestRetry"] == {"maxDeliveryAttempts": 30, "eventTimeToLiveInMinutes": 1440}
    topic = only(INFRA / "modules" / "event-topic.bicep", "Microsoft.EventGrid/systemTopics")
    assert topic["identity"] == {"type": "SystemAssigned"}


def test_the_key_is_read_where_it_is_used() -> None:
    text = TEMPLATE.read_text()
    assert re.search(r"var key = listKeys\(.*\)\.systemKeys\.blobs_extension", text)
    assert "param key" not in text


def test_the_example_for_subscribers_takes_status_blobs_of_the_container() -> None:
    example = only(LOGIC_APP / "main.bicep", SUBSCRIPTION)["properties"]["filter"]
    assert example["subjectBeginsWith"] == event_filter()["subjectBeginsWith"]
    assert example["subjectEndsWith"] == STATUS_SUFFIX
