---
to: "{{ name | kebab }}/src/{{ name | snake }}/__main__.py"
---
"""Run as `python -m {{ name | snake }}`."""

import sys

from {{ name | snake }}.cli import main

sys.exit(main())
