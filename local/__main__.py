"""``python -m local``."""

import sys

try:
    from local.cli import main
except KeyboardInterrupt:
    sys.exit(130)

sys.exit(main())
