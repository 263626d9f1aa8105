"""`opsdeck services …` and `opsdeck keys …`: which CLIs are operated, and who may write their events."""

from pathlib import Path
from typing import Annotated

import typer

from opsdeck.cli import client
from opsdeck.cli.output import AsJson, ago, console, emit_json, table
from opsdeck.cli.spec import DEFAULT
from opsdeck.errors import UsageError

KEY_SHOWN = 12  # characters of a key's id, enough to name it

app = typer.Typer(help="The CLIs that this deck operates.", no_args_is_help=True)
keys = typer.Typer(help="Keys that may write events, each bound to one service.", no_args_is_help=True)


@app.command("list")
def list_services(as_json: AsJson = False) -> None:
    """Every service: declared in the spec, or seen in events."""
    found = client.get("/api/services")
    if as_json:
        emit_json(found)
        return
    rows = (
        (s["name"], s["title"], "declared" if s["declared"] else "seen only", ago(s["last_event"]))
        for s in found["services"]
    )
    table(("service", "title", "in the spec", "last event"), rows, "no service: opsdeck services add NAME")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the CLI, as in its events.")],
    title: Annotated[str, typer.Option(help="What people call it.")] = "",
    path: Annotated[Path, typer.Option("--spec", help="Spec file to add it to.")] = DEFAULT,
) -> None:
    """Add a CLI to the spec; it inherits every objective and rule."""
    from opsdeck import spec as specs

    if not path.exists():
        raise UsageError(f"{path} does not exist", hint="opsdeck init")
    specs.add_service(path, name, title)
    console.print(f"added {name} to {path}")
    console.print(f"next: opsdeck spec apply, then opsdeck exec --service {name} -- {name} --version")


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """Every key by label; the secrets themselves are not kept."""
    found = client.get("/api/keys")
    if as_json:
        emit_json(found)
        return
    rows = (
        (
            k["key"][:KEY_SHOWN],
            k["label"],
            k["service"],
            k["user_type"] or "as sent",
            ago(k["created_at"]),
            "revoked" if k["revoked_at"] else "valid",
        )
        for k in found["keys"]
    )
    table(("id", "label", "service", "user type", "made", "state"), rows, "no key: opsdeck keys add SERVICE")


@keys.command("add")
def add_key(
    service: Annotated[str, typer.Argument(help="The one service it may write for.")],
    label: Annotated[str, typer.Option(help="Where it will be used.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a key for another machine; it is shown once. Set it there as OPSDECK_KEY, with OPSDECK_URL."""
    made = client.request(
        "POST", "/api/keys", body={"service": service, "label": label or service, "user_type": ""}
    )
    if as_json:
        emit_json(made)
        return
    console.print(made["secret"], soft_wrap=True)


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="The first characters of its id, as `keys list` prints it.")],
    as_json: AsJson = False,
) -> None:
    """End a key: what it sends is refused from now on."""
    ended = client.request("POST", f"/api/keys/{key}/revoke")
    if as_json:
        emit_json(ended)
    else:
        console.print(f"revoked {ended['label']} ({ended['service']})", markup=False)
