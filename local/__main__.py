"""The commands behind ``make run``, ``make serve`` and ``make drop``."""

import argparse
import logging
import sys
from pathlib import Path

from rich.console import Console

from local.azurite import AzuriteError
from local.drop import drop
from local.run import run
from local.serve import serve
from local.sign_in import WAYS

SAMPLE = Path(__file__).parent.parent / "samples" / "seed-example.json"


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run", help="take one manifest to its end")
    one.add_argument("--manifest", type=Path, default=SAMPLE, help="the manifest to drop")
    one.add_argument("--auth", choices=WAYS, default=WAYS[0], help="the way to sign in")
    commands.add_parser("serve", help="stay up and handle whatever is dropped")
    another = commands.add_parser("drop", help="put a manifest into what is being served")
    another.add_argument("--manifest", type=Path, default=SAMPLE, help="the manifest to drop")
    arguments = parser.parse_args()
    console = Console()
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(message)s")
    try:
        if arguments.command == "serve":
            return serve(console)
        if arguments.command == "drop":
            return drop(console, arguments.manifest)
        return run(console, arguments.manifest, arguments.auth)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        console.print(f"[red]{error.filename}: {error.strerror}[/red]", highlight=False)
        return 2
    except AzuriteError as error:
        console.print(f"[red]{error}[/red]", highlight=False)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
