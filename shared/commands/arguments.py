"""The command line: its commands, their arguments, and an example of each."""

import argparse
import textwrap

from shared.config.settings import PROJECT, VERSION

PROGRAM = "python -m shared"

_AZURE = (
    " in the environment, and your az login. A connection string in ManifestStorage replaces the addresses and the"
    " login."
    ' docs/operating.md has the commands that set them, under "By hand".'
)

type _Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it


def parser() -> argparse.ArgumentParser:
    """Return the parser; what it returns has the command's name in ``command``."""
    whole = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Check, watch and restart manifests, and check the app that uploads them.",
        epilog=f"{PROGRAM} COMMAND --help shows an example of each.",
    )
    whole.add_argument("--version", action="version", version=f"{PROJECT} {VERSION}")
    commands = whole.add_subparsers(required=True, dest="command", metavar="COMMAND")
    for add in (_check, _status, _retry, _doctor, _consent):
        add(commands)
    return whole


def _command(commands: _Commands, name: str, purpose: str, example: str, more: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=purpose,
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog=f"{more}\n\nExample:\n  {PROGRAM} {name} {example}".rstrip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _check(commands: _Commands) -> None:
    codes = "Exit codes: 0 all are fine, 1 one is not, 2 one cannot be read."
    command = _command(commands, "check", "validate manifests offline, as the app would", "laptops.csv orders/", codes)
    command.add_argument(
        "files", nargs="+", metavar="FILE", help="a file, a folder for all below it, a pattern, - for standard input"
    )
    command.add_argument("--customer", metavar="ID", help="the customer's id, as the blob's name would have it")
    command.add_argument("--batch", metavar="ID", help="the batch's id, as the blob's name would have it")
    command.add_argument("--json", action="store_true", help="write one JSON document")


def _status(commands: _Commands) -> None:
    command = _command(
        commands,
        "status",
        "show what has become of manifests",
        '"<customer id>/<batch>/"',
        _wrapped("The age of a manifest is the time since it was dropped.")
        + "\n\n"
        + _wrapped(f"It needs MANIFEST_CONTAINER and ManifestStorage__blobServiceUri{_AZURE}"),
    )
    which = command.add_mutually_exclusive_group()
    which.add_argument("prefix", nargs="?", default="", metavar="PREFIX", help="the beginning of the manifests' names")
    which.add_argument("--manifest", metavar="NAME", help="one of them, with its issues and devices")


def _retry(commands: _Commands) -> None:
    addresses = "ManifestStorage__blobServiceUri and ManifestStorage__queueServiceUri"
    more = _wrapped(f"It needs MANIFEST_CONTAINER, WAKE_UP_QUEUE, {addresses}{_AZURE}")
    command = _command(
        commands, "retry", "restart manifests that ended as rejected or failed", '"<customer id>/<batch>/"', more
    )
    command.add_argument("prefix", metavar="PREFIX", help='the beginning of the manifests\' names; "" for all')
    command.add_argument("--yes", action="store_true", help="do not ask, however many there are")


def _doctor(commands: _Commands) -> None:
    more = _wrapped(
        "It reads the app's settings from the environment, and can check the sign-in only where the app runs. It"
        " writes nothing to storage or Partner Center."
    )
    command = _command(commands, "doctor", "check settings, sign-in and rights", '--customer "<customer id>"', more)
    command.add_argument("--customer", metavar="ID", help="a customer whose batches are listed as a test")


def _consent(commands: _Commands) -> None:
    more = "It asks for what the app's settings do not say."
    _command(commands, "consent", "sign a user in once, for PARTNER_CENTER_AUTH=app_user", "", more)


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 78))
