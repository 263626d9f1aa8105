"""`unjucks generate`: find → ask → render → apply, with what a person must agree to in between."""

import os
import time

from unjucks import arguments, ask, find, recording, standing
from unjucks.console import printable, shown
from unjucks.errors import FileExists, PathEscape, PathOutside, ShellRefused, ShellUnconfirmed, UnjucksError
from unjucks.model import WRITES, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from opsdeck_emit import Run
    from unjucks.arguments import Options
    from unjucks.console import Console
    from unjucks.engine import Engine
    from unjucks.model import Template
    from unjucks.recording import Unrecorded

FLAGS = ("--dry-run", "--force", "--yes", "--json", "--allow-outside")
TAKES = ("--vars", "--to", "--root")


class Job:
    """What one run was asked for, once the template is found."""

    __slots__ = ("base", "console", "event", "flags", "given", "target", "template", "to")

    def __init__(
        self, options: "Options", template: "Template", console: "Console", event: "Run | Unrecorded"
    ) -> None:
        """Read what was typed in the light of the template."""
        self.flags = options.flags
        self.to = options.value("--to")
        self.target = os.path.realpath(self.to or ".")
        self.base = ""  # what the plan's paths are relative to, if that is not the target
        self.template = template
        self.given = arguments.given(options, template)
        self.console = console
        self.event = event

    @property
    def dry(self) -> bool:
        """Whether nothing is to be written."""
        return "--dry-run" in self.flags

    @property
    def asks(self) -> bool:
        """Whether a person is there to decide what was left open."""
        return self.console.interactive and not self.flags & {"--yes", "--dry-run"}


def run(argv: list[str], console: "Console", event: "Run | Unrecorded") -> int:
    """Generate; raises UnjucksError with nothing changed (ShellFailed: with the files in place)."""
    event.operation("template_generation")
    options = arguments.read("generate", argv, FLAGS, TAKES, loose=True)
    event.metadata(dryRun="--dry-run" in options.flags)
    generator, name = arguments.generator_and_template(options)
    asked = options.words[0] if options.words and not options.words[0].startswith("-") else None
    event.operation("template_generation", f"{generator}/{name}", asked)

    def found() -> "Template":
        with event.phase("find"):
            return find.lookup(find.roots(find.here(), options.value("--root")), generator, name)

    template = recording.retry(found, event, "TEMPLATE_UNREADABLE")
    job = Job(options, template, console, event)
    kind = "template_injection" if template.injects_only else "template_generation"
    event.operation(kind, template.title, str(job.given["name"]) if "name" in job.given else None)
    event.metadata(templateRoot=template.root.kind)
    standing.admit(event, standing.features(template, job.flags), time.time())
    plan = _decide(job)
    if not job.dry:
        recording.retry(lambda: _apply(plan, job), event, "WRITE_FAILED")
    _report(plan, job)
    return 0


def _apply(plan: Plan, job: Job) -> None:
    with job.event.phase("apply"):
        from unjucks import apply

        apply.apply(plan, job.base or job.target, job.target)


def _decide(job: Job) -> Plan:
    """Ask and render: everything that is needed before anything is done."""
    machine = recording.retry(lambda: _engine(job), job.event, "MODULE_NOT_LOADED")
    bounded = _bounded(job.template)
    with job.event.phase("ask"):
        prompt = job.console.prompt if job.console.interactive and "--yes" not in job.flags else None
        values = ask.values(job.template, job.given, machine.render, bounded, prompt)

    def planned() -> Plan:
        with job.event.phase("render"):
            return Plan.of(bounded(_plan, job, values, machine))

    plan = recording.retry(planned, job.event, "TARGET_UNREADABLE")
    _settle_conflicts(plan, job)
    _settle_commands(plan, job)
    return plan


def _engine(job: Job) -> "Engine":
    from unjucks import engine

    return engine.Engine(job.template.partials, job.target)


def _bounded(template: "Template") -> "Callable[..., Any]":
    """Give what calls a function for a template: directly, or under limits when nobody vouched for it."""
    if template.root.trusted:
        return lambda compute, *given: compute(*given)
    from unjucks import limits

    return lambda compute, *given: limits.in_child(lambda: compute(*given), template.folder)


def _plan(job: Job, values: "dict[str, Any]", machine: "Engine") -> "tuple[Any, ...]":
    from unjucks import plan, render

    files = render.render(job.template, values, machine)
    try:
        return plan.plan(files, job.target, force="--force" in job.flags).record()
    except PathEscape as error:
        if not job.template.root.trusted or not _stays_inside(job, values, machine):
            raise
        if "--allow-outside" not in job.flags:
            raise PathOutside(error.message, given=error.given, place=error.place, hint=error.hint) from None
    from unjucks import outside

    job.base = outside.rebase(files, job.target)
    return plan.plan(files, job.base, force="--force" in job.flags).record()


def _stays_inside(job: Job, values: "dict[str, Any]", machine: "Engine") -> bool:
    """Whether the template by itself, with harmless values, keeps to the target: then a given value led out."""
    from unjucks import paths

    try:
        plain = ask.harmless(job.template, values, machine.render)
        for source in job.template.sources:
            to = machine.render(str(source.head.get("to", "")), plain, job.template.folder).strip()
            if to:
                paths.resolve(job.target, to, "")
    except UnjucksError:
        return False
    return True


def _settle_conflicts(plan: Plan, job: Job) -> None:
    """Let a person decide about each file in the way; without one, that is an error. A dry run only shows it."""
    conflicts = [change for change in plan.changes if change.action == "conflict"]
    if job.dry:
        return
    if conflicts and not job.asks:
        what = (
            "a file exists and differs" if len(conflicts) == 1 else f"{len(conflicts)} files exist and differ"
        )
        names = ", ".join(os.path.join(job.base, change.path) for change in conflicts)
        hint = "add --dry-run to see the difference, --force to overwrite"
        raise FileExists(what, given=names, hint=hint)
    answer = ""
    for change in conflicts:
        if answer != "a":
            path = os.path.join(job.base, change.path)
            answer = job.console.question(f"{path} exists. Overwrite? [y]es, [N]o, [a]ll:").lower()[:1]
        change.action = "overwrite" if answer in ("y", "a") else "skip"


def _settle_commands(plan: Plan, job: Job) -> None:
    """Refuse, confirm or drop the commands that the template asks for."""
    if not plan.commands:
        return
    first = plan.commands[0]
    trusted = job.template.root.trusted
    if not trusted and not standing.entitled(job.event, standing.UNTRUSTED_SHELL, time.time()):
        message = "a command; those of templates that nobody vouched for never run"
        raise ShellRefused(message, given=first.text, place=first.place)
    if job.flags & {"--yes", "--dry-run"} or (trusted and job.template.root.kind == "user"):
        return
    if not job.asks:
        hint = "add --yes to agree, --dry-run to look"
        raise ShellUnconfirmed(
            "a command, and nobody is here to agree", given=first.text, place=first.place, hint=hint
        )
    for command in plan.commands:
        job.console.say(f"run        {printable(command.text)}")
    if not job.console.agrees("Run this after writing the files?"):
        plan.commands = []


def _report(plan: Plan, job: Job) -> None:
    """Tell the person and the record what was, or would be, done."""
    written = [change for change in plan.changes if change.action in WRITES]
    size = sum(len(change.after) for change in written)
    job.event.metadata(fileCount=len(written), outputSize=size)
    if job.console.json:
        job.console.document(_record(plan, job))
        return
    for change in plan.changes:
        job.console.say(f"{change.action:<9}  {shown(os.path.join(job.base or job.to, change.path))}")
        if job.dry and change.before is not None and change.action in (*WRITES, "conflict"):
            job.console.say(_difference(change.before, change.after))
    for command in plan.commands:
        job.console.say(f"{'run' if job.dry else 'ran':<9}  {printable(command.text)}")
    files = f"{len(written)} file{'' if len(written) == 1 else 's'}, {size} bytes"
    job.console.say(f"{files}{'; a dry run: nothing was written' if job.dry else ''}")


def _record(plan: Plan, job: Job) -> "dict[str, Any]":
    files = [
        {"path": os.path.join(job.base, one.path), "action": one.action, "bytes": len(one.after)}
        for one in plan.changes
    ]
    return {
        "template": job.template.title,
        "target": job.target,
        "dryRun": job.dry,
        "files": files,
        "commands": [command.text for command in plan.commands],
    }


def _difference(before: bytes, after: bytes) -> str:
    import difflib

    old, new = (content.decode(errors="replace").splitlines() for content in (before, after))
    lines = list(difflib.unified_diff(old, new, n=1, lineterm=""))[2:]
    return "\n".join("    " + printable(line) for line in lines)
