"""The commands behind ``make run``, ``make serve``, ``make drop`` and ``make status``."""

import argparse
import logging
import sys
from pathlib import Path

from rich.console import Console

from local.azurite import AzuriteError
from local.drop import NothingServedError, drop
from local.run import run
from local.serve import serve
from local.sign_in import WAYS
from local.status import status
from shared.commands.check import NEVER
from shared.commands.terminal import discard
from shared.job.blob_names import is_manifest

_UNWRAPPED = 100_000
_LISTED = ", ".join(WAYS)
SAMPLE = Path(__file__).parent.parent / "samples" / "laptops.csv"


class UnknownWayError(Exception):
    """There is no such way to sign in."""


class NoManifestError(Exception):
    """The app never takes a blob of this name as a manifest."""


def main() -> int:
    """Do what the command line asks for; 2 where that is impossible."""
    arguments = _parser().parse_args()
    # As in the other commands, nothing is wrapped where no terminal is behind it.
    console = Console() if Console().is_terminal else Console(width=_UNWRAPPED)
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(message)s")
    try:
        return _do(arguments, console)
    except BrokenPipeError:
        discard(sys.stdout)
        return 141
    except OSError as error:
        # Without the name of a file it is none that a person has named.
        if error.filename is None:
            raise
        console.print(f"{error.filename}: {error.strerror}", style="red", markup=False, highlight=False)
        return 2
    except UnicodeEncodeError:
        console.print("The file's name is not UTF-8, as those of blobs are.", style="red")
        return 2
    except (AzuriteError, NothingServedError, NoManifestError, UnknownWayError) as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 2
    except KeyboardInterrupt:
        # The terminal has printed ^C: the prompt belongs on a line of its own. Not by the console, which may have been
        # interrupted between writing a row and forgetting it, and would write it again.
        print()
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run", help="process one manifest to its end")
    one.add_argument("--manifest", type=Path, default=SAMPLE, help="the manifest to drop")
    staying = commands.add_parser("serve", help="stay up and handle whatever is dropped")
    for command in (one, staying):
        command.add_argument("--auth", default=WAYS[0], help=f"the way to sign in: {_LISTED}")
    another = commands.add_parser("drop", help="put a manifest into what is being served")
    another.add_argument("--manifest", type=Path, default=SAMPLE, help="the manifest to drop; samples/laptops.csv")
    another.add_argument("--wait", action="store_true", help="follow it to its end, and exit as run does")
    showing = commands.add_parser("status", help="show what has become of what was dropped")
    showing.add_argument("--manifest", help="one manifest, with its issues and devices")
    return parser


def _do(arguments: argparse.Namespace, console: Console) -> int:
    # Not by the parser, whose usage is not what make takes.
    if getattr(arguments, "auth", WAYS[0]) not in WAYS:
        raise UnknownWayError(f"AUTH={arguments.auth} is no way to sign in: take {_LISTED}")
    # Nothing would ever become of it.
    if arguments.command in ("run", "drop") and not is_manifest(arguments.manifest.name):
        raise NoManifestError(f"{arguments.manifest} {NEVER}")
    match arguments.command:
        case "serve":
            return serve(console, arguments.auth)
        case "drop":
            return drop(console, arguments.manifest, wait=arguments.wait)
        case "status":
            return status(arguments.manifest)
        case _:
            return run(console, arguments.manifest, arguments.auth)
