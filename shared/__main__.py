"""``python -m shared``."""

import sys

from shared.commands import main

sys.exit(main())
