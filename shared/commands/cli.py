"""The commands of the app: ``python -m shared check | status | retry | doctor | consent``.

Each imports its own libraries, so that ``check`` needs none of Azure's and starts at once.
"""
# ruff: noqa: PLC0415 - each command imports only what it needs

import argparse
import logging
import os
import sys

from shared.commands import arguments
from shared.commands.check import USAGE, check
from shared.commands.terminal import Terminal, discard
from shared.config.settings import SettingsError
from shared.manifest.customer_and_batch import Ids

INTERRUPTED, BROKEN_PIPE = 130, 141
"""Exit codes, as shells have them for a program that SIGINT or SIGPIPE ended."""

_BY_HAND = 'docs/operating.md has the commands that set them, under "By hand".'
_PAGES = {"consent": "docs/signing-in.md says what they are."}


def main(words: list[str] | None = None) -> int:
    """Run the command that the words ask for, and return its exit code: 2 where it cannot run."""
    options = arguments.parser().parse_args(words)
    # Each command reports every fault itself: the log would only repeat it.
    logging.basicConfig(level=logging.CRITICAL)
    try:
        code = _COMMANDS[options.command](options, Terminal(sys.stdout))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output, such as head, has seen enough.
        discard(sys.stdout)
        return BROKEN_PIPE
    except (SettingsError, EOFError, UnicodeEncodeError) as error:
        return _refuse(_reason(error, options.command))
    except OSError as error:
        # A full disk, say, where the rest of the output would fail again.
        discard(sys.stdout)
        return _refuse(f"The output cannot be written: {error.strerror}.")
    return code


def _reason(error: Exception, command: str) -> str:
    match error:
        case SettingsError():
            return f"{error}\n{_PAGES.get(command, _BY_HAND)}"
        case EOFError():
            # The question has left the cursor behind it.
            return "\nThe input ended before the question was answered."
        case _:
            return "A name is not UTF-8, as those of blobs are."


def _refuse(reason: str) -> int:
    Terminal(sys.stderr).paragraph(reason)
    return USAGE


def _check(options: argparse.Namespace, terminal: Terminal) -> int:
    if (options.customer is None) != (options.batch is None):
        return _refuse("--customer and --batch go together: a blob's name has both, or neither.")
    ids = None if options.customer is None else Ids(options.customer, options.batch)
    return check(options.files, ids, sys.stdin.buffer, terminal, as_json=options.json)


def _status(options: argparse.Namespace, terminal: Terminal) -> int:
    from shared import bootstrap
    from shared.commands import details, status, storage

    blobs = storage.container(os.environ)
    if options.manifest is not None:
        return storage.explained(lambda: details.show(options.manifest, blobs, terminal), _refuse)
    one = f"{arguments.PROGRAM} status --manifest NAME"
    return storage.explained(
        lambda: status.overview(blobs.listing(options.prefix), bootstrap.now(), terminal, one), _refuse
    )


def _retry(options: argparse.Namespace, terminal: Terminal) -> int:
    from shared import bootstrap
    from shared.commands import storage
    from shared.commands.retry import agreed, retry

    app = bootstrap.app(storage.operator)

    def agree(names: list[str]) -> bool:
        return options.yes or agreed(names, options.prefix, terminal, input)

    def run() -> int:
        blobs = list(app.storage.listing(options.prefix))
        if reason := storage.queue_fault(app.wake_ups.count):
            return _refuse(reason)
        return retry(blobs, app.storage.load, app.workflow.restart, agree, terminal)

    return storage.explained(run, _refuse)


def _doctor(options: argparse.Namespace, terminal: Terminal) -> int:
    from shared.commands import doctor

    return doctor.run(os.environ, options.customer, terminal)


def _consent(_options: argparse.Namespace, terminal: Terminal) -> int:
    from shared.commands import consent

    return consent.run(os.environ, terminal.say, input)


_COMMANDS = {"check": _check, "status": _status, "retry": _retry, "doctor": _doctor, "consent": _consent}
