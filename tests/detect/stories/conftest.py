"""The simulated company beside the tests: company.py, attacks.py and watch.py are no packages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
