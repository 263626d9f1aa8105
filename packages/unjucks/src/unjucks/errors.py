"""Every way a run can fail, as one tree; no I/O, no printing.

    UnjucksError
    ├── UserError        what was typed or asked for     user_errors
    │     UsageError · GeneratorNotFound · TemplateNotFound · VariableMissing · VariableInvalid
    │     VariableUnknown · PathOutside · FileExists · InjectTargetMissing · InjectAnchorMissing · ShellUnconfirmed
    │     Blocked · RateLimited
    ├── SystemFailure    the template, disk or command   system_errors
    │     TemplateUnreadable · FrontMatterInvalid · RenderFailed · TargetUnreadable · WriteFailed · ShellFailed
    │     EmitMissing · ModuleNotLoaded · EntitlementUnknown
    └── CriticalError    a border was about to be crossed   critical_errors
          PathEscape · ShellRefused · BundleTampered · Restricted

The categories are the framework's ("Error Tracking Implementation"). Codes are stable: they are what
operations groups by, and docs/unjucks.md lists every one.
"""
# ruff: noqa: N818 - a leaf's name says what happened; that it is an error, its base says

REFUSED = 77  # the exit code of what a policy of the deck refuses


class UnjucksError(Exception):
    """An expected failure: printed without a traceback.

    `message` may be recorded, so it holds names and places of templates, but no value that somebody typed, no path
    of the target and no text: that is `given`, and only the person sees it. `place` is `file` or `file:line` of the
    template; `hint` is the next command to type.
    """

    code = ""
    category = ""
    exit_code = 1
    transient = False  # whether another attempt may do better

    def __init__(self, message: str, *, given: str = "", place: str = "", hint: str = "") -> None:
        """Keep what happened, to what, where, and what to type next."""
        super().__init__(message)
        self.message = message
        self.given = given
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        """Give `place: message`, fit to be recorded."""
        return f"{self.place}: {self.message}" if self.place else self.message

    @property
    def told(self) -> str:
        """The whole message, for the person at the terminal."""
        return f"{self.message}: {self.given}" if self.given else self.message


class UserError(UnjucksError):
    """Invalid input; nothing is wrong with the tool or the templates."""

    category = "user_errors"


class UsageError(UserError):
    """The command line itself cannot be read."""

    code = "USAGE"
    exit_code = 2


class GeneratorNotFound(UserError):
    """No root has a generator of that name."""

    code = "GENERATOR_NOT_FOUND"


class TemplateNotFound(UserError):
    """The generator has no template of that name."""

    code = "TEMPLATE_NOT_FOUND"


class VariableMissing(UserError):
    """A variable without a default got no value."""

    code = "VARIABLE_MISSING"


class VariableInvalid(UserError):
    """A value does not fit its variable's type, choices or pattern."""

    code = "VARIABLE_INVALID"


class VariableUnknown(UserError):
    """The template has no such variable."""

    code = "VARIABLE_UNKNOWN"


class PathOutside(UserError):
    """A value that was given would lead out of the target folder; the template by itself does not."""

    code = "PATH_OUTSIDE"


class FileExists(UserError):
    """A file stands where another is to be written."""

    code = "FILE_EXISTS"


class InjectTargetMissing(UserError):
    """The file to inject into does not exist."""

    code = "INJECT_TARGET_MISSING"


class InjectAnchorMissing(UserError):
    """The text to inject before or after is not in the file."""

    code = "INJECT_ANCHOR_MISSING"


class ShellUnconfirmed(UserError):
    """Commands would run, and nobody was there to agree."""

    code = "SHELL_UNCONFIRMED"


class Blocked(UserError):
    """The deck blocks this user for a while."""

    code = "BLOCKED"
    exit_code = REFUSED


class RateLimited(UserError):
    """The deck limits this user for a while."""

    code = "RATE_LIMITED"
    exit_code = REFUSED


class SystemFailure(UnjucksError):
    """File system, template or command trouble."""

    category = "system_errors"


class TemplateUnreadable(SystemFailure):
    """A root, folder or file of templates cannot be read as text."""

    code = "TEMPLATE_UNREADABLE"
    transient = True


class FrontMatterInvalid(SystemFailure):
    """Front matter or template.yaml is not what the format asks for."""

    code = "FRONT_MATTER_INVALID"


class RenderFailed(SystemFailure):
    """The template engine refused the template, or a limit stopped it."""

    code = "RENDER_FAILED"


class TargetUnreadable(SystemFailure):
    """A file or folder of the target cannot be read."""

    code = "TARGET_UNREADABLE"
    transient = True


class WriteFailed(SystemFailure):
    """Writing failed; what had been written was undone."""

    code = "WRITE_FAILED"
    transient = True


class ShellFailed(SystemFailure):
    """A template's command ended with a failure; the files stay."""

    code = "SHELL_FAILED"


class EmitMissing(SystemFailure):
    """The package that records runs is not there or broken."""

    code = "EMIT_MISSING"


class ModuleNotLoaded(SystemFailure):
    """A part of unjucks, or the engine, cannot be loaded."""

    code = "MODULE_NOT_LOADED"
    transient = True


class EntitlementUnknown(SystemFailure):
    """Something restricted was asked for, and no policy of the deck stands that could allow it."""

    code = "ENTITLEMENT_UNKNOWN"
    exit_code = REFUSED


class CriticalError(UnjucksError):
    """Something tried to leave the space it was given."""

    category = "critical_errors"


class PathEscape(CriticalError):
    """A template's path would leave the target folder, whatever was given."""

    code = "PATH_ESCAPE"


class ShellRefused(CriticalError):
    """A template that nobody vouched for asked to run commands."""

    code = "SHELL_REFUSED"


class BundleTampered(CriticalError):
    """A file of a template is not what the bundle's manifest says, or the manifest does not know it."""

    code = "BUNDLE_TAMPERED"


class Restricted(CriticalError):
    """Something restricted was asked for by a user who is not entitled to it."""

    code = "RESTRICTED"
    exit_code = REFUSED


def did_you_mean(word: str, known: "list[str]") -> str:
    """Give `; did you mean 'x' or 'y'?`, or nothing when no name is near."""
    import difflib

    near = difflib.get_close_matches(word, known, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
