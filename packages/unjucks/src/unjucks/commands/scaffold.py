"""`unjucks init` and `unjucks new`: start a project's own templates. They go through Plan and apply like any files."""

import os

from unjucks import apply, arguments, find
from unjucks.console import shown
from unjucks.errors import FileExists
from unjucks.model import Change, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from unjucks.console import Console

MANIFEST = """\
description: {title}
variables:
  name:
    type: name
    prompt: What is it called?
"""
SOURCE = """\
---
to: "{{ name | kebab }}.txt"
---
Hello, {{ name | title }}!
"""
EXAMPLE = "example/greeting"
EXAMPLE_MANIFEST = """\
# What `unjucks list` shows.
description: Greets somebody; an example to change or delete
variables:
  name:                  # set by NAME on the command line
    type: name           # string, name, boolean, integer, number or list
    prompt: Who is greeted?
  language:
    choices: [en, fr]
    default: en          # no prompt and a default: never asked
"""
EXAMPLE_SOURCE = """\
---
# Where the file goes, below the folder that unjucks runs in. Nothing is written where this comes out empty.
to: "greetings/{{ name | kebab }}.txt"
# Others: inject with before/after/append/prepend, skip_if, unless_exists, force, chmod, sh: see docs/unjucks.md
---
{% if language == "fr" %}
Bonjour, {{ name | title }} !
{% else %}
Hello, {{ name | title }}!
{% endif %}
"""


def init(argv: list[str], console: "Console") -> int:
    """Make `_templates` in the current folder with an example, or add what of it is missing."""
    options = arguments.read("init", argv, ())
    if options.words:
        raise options.wrong("unexpected word", repr(options.words[0]))
    root = os.path.join(find.here(), find.FOLDER)
    if os.path.lexists(f"{root}/{EXAMPLE}"):
        console.say(f"{shown(root)} is there with its example: nothing to do")
    else:
        files = {"template.yaml": EXAMPLE_MANIFEST, "greeting.txt.t": EXAMPLE_SOURCE}
        _write(root, {f"{EXAMPLE}/{path}": text for path, text in files.items()}, console)
    console.say("next: unjucks generate example greeting World")
    return 0


def new(argv: list[str], console: "Console") -> int:
    """Add a template to the project's root, making that in the current folder if there is none."""
    options = arguments.read("new", argv, ())
    if len(options.words) == 1 and "/" not in options.words[0]:
        options.words.append("new")
    generator, name = arguments.generator_and_template(options)
    if options.words:
        raise options.wrong("unexpected word", repr(options.words[0]))
    for part in (generator, name):
        if not find.is_name(part):
            raise options.wrong("no slash, no leading '.' or '_' in a name", repr(part))
    root = find.project_folder(find.here()) or os.path.join(find.here(), find.FOLDER)
    if os.path.lexists(f"{root}/{generator}/{name}"):
        raise FileExists(
            "is there already", place=f"{root}/{generator}/{name}", hint=f"unjucks help {generator} {name}"
        )
    files = {"template.yaml": MANIFEST.format(title=f"{generator} {name}"), f"{generator}.txt.t": SOURCE}
    _write(root, {f"{generator}/{name}/{path}": text for path, text in files.items()}, console)
    console.say(f"next: edit them, then unjucks generate {generator} {name} NAME")
    return 0


def _write(root: str, files: dict[str, str], console: "Console") -> None:
    changes = [Change(path, None, text.encode(), "create", None) for path, text in files.items()]
    apply.apply(Plan(changes, []), os.path.realpath(root))
    for change in changes:
        console.say(f"create     {shown(f'{root}/{change.path}')}")
