"""The first invocations of a process begin together, each in a thread: what all of them need first must not end it."""

import importlib
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from shared.partner_center import batch_list, upload_details
from shared.partner_center.responses import Answer
from shared.workflow import queue_messages

ROUNDS, THREADS = 150, 6

WAKE_UP = b'{"manifest":"a/b/c.json","tries":1}'
EVENT = b'{"eventType":"Microsoft.Storage.BlobCreated","data":{"url":"https://x.blob.core.windows.net/m/a"}}'
POISONED = b'{"ContainerName":"m","BlobName":"a"}'
DETAILS = Answer(200, {}, b'{"status":"finished","devicesStatus":[{"status":"finished","serialNumber":"S1"}]}')
BATCHES = Answer(200, {}, b'{"items":[{"id":"A"}],"links":{"next":{"uri":"/x?seek=1","method":"GET","headers":[]}}}')


def use_first_again_and_again() -> None:
    """Make the types anew, as a new process does, and let threads need them at the same moment."""
    # Other threads get their turn as often as can be.
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in range(ROUNDS):
            messages, details, batches = map(importlib.reload, (queue_messages, upload_details, batch_list))
            for call in (
                partial(messages.read_messages, WAKE_UP, "m"),
                partial(messages.read_messages, EVENT, "m"),
                partial(messages.read_poisoned_blob, POISONED, "m"),
                partial(details.upload_details_in, DETAILS),
                partial(batches.page_in, BATCHES, "https://api.partnercenter.microsoft.com/v1"),
            ):
                found = list(threads.map(together, [call] * THREADS, [threading.Barrier(THREADS)] * THREADS))
                assert found == [call()] * THREADS


def together(call: Callable[[], object], barrier: threading.Barrier) -> object:
    barrier.wait()
    return call()


def test_threads_that_need_a_type_first_at_the_same_moment_do_not_end_their_process() -> None:
    subprocess.run(
        [sys.executable, "-c", "from tests.test_first_use import use_first_again_and_again as use; use()"],
        timeout=50,
        check=True,
    )
