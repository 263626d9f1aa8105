---
to: "{{ name | kebab }}/src/{{ name | snake }}/cli.py"
---
"""The command line: arguments in, exit code out."""

import argparse
import sys
from collections.abc import Sequence

from {{ name | snake }} import __version__

DESCRIPTION = {{ description | tojson }}


def build_parser() -> argparse.ArgumentParser:
    version = f"%(prog)s {__version__}"
    parser = argparse.ArgumentParser(prog="{{ name | kebab }}", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=version)
    parser.add_argument("name", nargs="?", default="world", help="whom to greet")
    return parser


def greet(name: str) -> str:
    return f"Hello, {name}!"


def main(argv: Sequence[str] | None = None) -> int:
    arguments = build_parser().parse_args(argv)
    print(greet(arguments.name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
