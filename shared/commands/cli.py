"""The commands of the app: ``python -m shared check | retry | consent | doctor``."""

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shared.commands.check import USAGE, check
from shared.config.settings import Settings, SettingsError
from shared.manifest.target import Ids

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_SILENT = logging.CRITICAL
"""For commands that say themselves whatever goes wrong: the log would only repeat it."""


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; 2 means that it asks for nothing that can be done."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=options.log_level)
    try:
        return int(options.command(options))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shared", description=__doc__)
    parser.set_defaults(log_level=logging.ERROR)
    commands = parser.add_subparsers(required=True, metavar="command")
    checking = commands.add_parser("check", help="validate manifests without dropping them")
    checking.add_argument("files", nargs="+", type=Path, metavar="FILE")
    checking.add_argument("--customer", metavar="ID", help="the customer's id, as the blob's name would have it")
    checking.add_argument("--batch", metavar="ID", help="the batch's id, as the blob's name would have it")
    checking.add_argument("--json", action="store_true", help="for machines")
    checking.set_defaults(command=_check)
    retrying = commands.add_parser("retry", help="start manifests anew that ended rejected or failed")
    retrying.add_argument("prefix", metavar="PREFIX", help="the beginning of the manifests' names")
    retrying.add_argument("--yes", action="store_true", help="do not ask, however many there are")
    retrying.set_defaults(command=_retry)
    consenting = commands.add_parser("consent", help="sign a user in once, for PARTNER_CENTER_AUTH=app_user")
    consenting.set_defaults(command=_consent, log_level=_SILENT)
    doctoring = commands.add_parser("doctor", help="check settings, sign-in and rights")
    doctoring.add_argument("--customer", metavar="ID", help="a customer whose batches are listed as a test")
    doctoring.set_defaults(command=_doctor, log_level=_SILENT)
    return parser


def _consent(_options: argparse.Namespace) -> int:
    from shared.commands import consent  # noqa: PLC0415 - a command pays for its own libraries

    return consent.run(os.environ, print, input)


def _doctor(options: argparse.Namespace) -> int:
    from shared.commands import doctor  # noqa: PLC0415 - a command pays for its own libraries

    return doctor.run(os.environ, options.customer, print)


def _check(options: argparse.Namespace) -> int:
    if (options.customer is None) != (options.batch is None):
        print("--customer and --batch go together: a blob's name has both, or neither", file=sys.stderr)
        return USAGE
    ids = None if options.customer is None else Ids(options.customer, options.batch)
    return check(options.files, ids, as_json=options.json, say=_print)


def _print(text: str) -> None:
    """Print a text of any characters on a terminal or into a file of any encoding."""
    encoding = sys.stdout.encoding
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def _retry(options: argparse.Namespace) -> int:
    from azure.core.exceptions import AzureError  # noqa: PLC0415 - a command pays for its own libraries

    from shared import bootstrap, sign_in  # noqa: PLC0415 - a command pays for its own libraries
    from shared.commands.retry import retry  # noqa: PLC0415 - a command pays for its own libraries
    from shared.workflow.ports import StatusUnavailableError  # noqa: PLC0415 - a command pays for its own libraries

    def agree(count: int) -> bool:
        return bool(options.yes) or _answer(f"Start {count} manifests anew? [y/N] ").strip().lower() in ("y", "yes")

    def operator(settings: Settings) -> "TokenCredential":
        return sign_in.operator(settings.authority, settings.connection.client_id)

    app = bootstrap.app(os.environ, operator)
    try:
        return retry(options.prefix, app.storage, app.workflow.restart, agree=agree, say=print)
    except (AzureError, StatusUnavailableError) as error:
        what = str(error) if isinstance(error, StatusUnavailableError) else type(error).__name__
        print(f"The storage does not serve it ({what}). docs/operating.md says what retry needs.", file=sys.stderr)
        return 2


def _answer(question: str) -> str:
    """Ask; where nobody can answer, as in a pipeline, that is no yes."""
    try:
        return input(question)
    except EOFError:
        print("\nNobody is there to answer; --yes starts them without asking.", file=sys.stderr)
        return ""
