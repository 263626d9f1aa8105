"""`unjucks help`: the commands; one command; a generator's templates; a template's variables and files."""

from unjucks import arguments, ask, find
from unjucks.console import printable, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from unjucks.console import Console
    from unjucks.model import Root, Source, Template, Variable

COMMANDS = {
    "list": ("[--root DIR] [--json]", "Show every template"),
    "generate": ("GENERATOR TEMPLATE [NAME] [OPTION …]", "Write the files of a template"),
    "new": ("GENERATOR [TEMPLATE]", "Start a template in this project"),
    "init": ("", "Make _templates here, with an example"),
    "help": ("[COMMAND | GENERATOR [TEMPLATE]]", "Show commands, or what a template asks for and writes"),
    "telemetry": (
        "[status | show | on | off | purge] [--json]",
        "Show or change what is recorded about runs",
    ),
    "templates": ("verify [ROOT] [--json]", "Check a root's files against its MANIFEST.sha256"),
    "doctor": ("[--json]", "Check this installation and its templates"),
}
OPTIONS = {
    "--vars k=v,…": "values for variables; also a JSON object; may be repeated",
    "--KEY VALUE": "the same for one declared variable; --KEY and --no-KEY for true and false",
    "--to DIR": "write below DIR instead of the current folder",
    "--root DIR": "take templates from DIR only; they run under limits, and none of their commands",
    "-n, --dry-run": "show what would happen and change nothing",
    "-f, --force": "overwrite files that differ",
    "-y, --yes": "ask nothing: take defaults, agree to the template's commands",
    "--json": "answer with a JSON document",
    "--allow-outside": "let values that you give lead out of the target folder; restricted",
}


def run(argv: list[str], console: "Console") -> int:
    """Print help; raises UnjucksError for names that do not exist."""
    options = arguments.read("help", argv, (), ("--root",))
    words = options.words
    if not words:
        _overview(console)
    elif len(words) == 1 and words[0] in COMMANDS:
        _command(words[0], console)
    elif len(words) == 1 and "/" not in words[0]:
        _generator(words[0], find.roots(find.here(), options.value("--root")), console)
    else:
        generator, name = arguments.generator_and_template(options)
        if words:
            raise options.wrong("unexpected word", repr(words[0]))
        _template(find.lookup(find.roots(find.here(), options.value("--root")), generator, name), console)
    return 0


def _overview(console: "Console") -> None:
    console.say("unjucks: generate files from templates\n")
    for name, (usage, summary) in COMMANDS.items():
        console.say(f"  unjucks {name} {usage}".rstrip() + f"\n      {summary}")
    console.say("\nFirst: unjucks list; then for example: unjucks generate component react Button")
    console.say(
        "Exit codes: 0 done, 1 failed, 2 the command line is wrong, 77 refused by policy, 130 interrupted. unjucks --version"
    )


def _command(name: str, console: "Console") -> None:
    usage, summary = COMMANDS[name]
    console.say(f"usage: unjucks {name} {usage}".rstrip() + f"\n\n{summary}.")
    if name == "generate":
        console.say("")
        for option, meaning in OPTIONS.items():
            console.say(f"  {option:<15}  {meaning}")


def _generator(name: str, roots: "list[Root]", console: "Console") -> None:
    found = find.templates_of(roots, name)
    if not found:
        find.lookup(roots, name, "")
    for one in found:
        template = find.lookup(roots, name, one)
        note = "  (restricted)" if template.restricted else ""
        console.say(f"{template.title}  {template.description}{note}".rstrip())
    console.say(f"\nmore: unjucks help {name} {found[0]}")


def _template(template: "Template", console: "Console") -> None:
    console.say(f"{template.title}  {template.description}".rstrip())
    console.say(
        f"from {shown(template.folder)} ({template.root.kind}{', restricted' if template.restricted else ''})"
    )
    asked = [variable for variable in template.variables if variable.declared or variable.name == "name"]
    name = " NAME" if any(variable.name == "name" for variable in asked) else ""
    console.say(f"\nusage: unjucks generate {template.generator} {template.name}{name} [--KEY VALUE …]")
    if template.variables:
        console.say("\nvariables")
    for variable in template.variables:
        console.say(f"  {variable.name:<12}  {printable(_about(variable))}")
    console.say("\nfiles")
    for source in template.sources:
        console.say(f"  {printable(source.path)}")
        for line in _head(source):
            console.say(f"    {printable(line)}")


def _about(variable: "Variable") -> str:
    if not variable.declared:
        return "used in the text, not declared"
    default = "required" if variable.default is None else f"default {variable.default!r}"
    return f"{ask.wanted(variable)}; {default}" + (f"; {variable.prompt}" if variable.prompt else "")


def _head(source: "Source") -> list[str]:
    lines = []
    for key, value in source.head.items():
        texts = (
            value
            if isinstance(value, list)
            else ["true" if value is True else "false" if value is False else value]
        )
        lines += [f"{key}: {text}" for text in texts]
    return lines
