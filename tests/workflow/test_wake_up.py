from datetime import UTC, datetime

import pytest

from shared.workflow.wake_up import UnreadableMessageError, WakeUp, read_poisoned_blob, read_wake_up

NAME = 'c/Ünï "code"/a b#1%.json'


def test_a_wake_up_comes_back_as_it_went() -> None:
    wake_up = WakeUp(NAME, datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    assert read_wake_up(wake_up.encode()) == wake_up
    assert read_wake_up(WakeUp(NAME).encode().encode()) == WakeUp(NAME)


def test_a_poisoned_blob_is_a_wake_up() -> None:
    text = (
        '{"Type": "BlobTrigger", "FunctionId": "Host.Functions.upload_manifest", "BlobType": "BlockBlob", '
        '"ContainerName": "manifests", "BlobName": "a/b/c.json", "ETag": "\\"0x1\\""}'
    )
    assert read_poisoned_blob(text) == WakeUp("a/b/c.json")


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"manifest": 5}', '{"manifest": "a", "due": "x"}', b"\xff"])
def test_another_message_is_told_to_be_unreadable(text: str | bytes) -> None:
    with pytest.raises(UnreadableMessageError):
        read_wake_up(text)
    with pytest.raises(UnreadableMessageError):
        read_poisoned_blob(text)
