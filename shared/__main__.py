"""``python -m shared``."""

import sys

try:
    from shared.commands.cli import main
except ModuleNotFoundError as error:
    print(f"This Python lacks {error.name}. Take the project's, .venv/bin/python: make run makes it.", file=sys.stderr)
    sys.exit(2)
except KeyboardInterrupt:
    # The libraries take some tenths of a second to load.
    sys.exit(130)

sys.exit(main())
