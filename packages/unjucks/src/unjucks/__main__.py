"""`python -m unjucks`."""

import sys

from unjucks.cli import main

sys.exit(main())
