"""unjucks: discover, generate and inject templates from the terminal.

The version is a literal: reading it from package metadata would cost more than a whole run of `--version`.
"""

__version__ = "2026.11.0"
