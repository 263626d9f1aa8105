"""`opsdeck audit …`: read the audit log, export it, verify it here without trusting the deck, witness it."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from opsdeck.cli import client
from opsdeck.cli.output import AsJson, clean, console, emit_json, local, table
from opsdeck.errors import OpsdeckError, UsageError

app = typer.Typer(help="The audit log: every change of state, verifiable by anybody.", no_args_is_help=True)

PUBLIC = "audit.pub"
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", help="A key to trust, or a file with one; default: audit.pub of the local deck."),
]


@app.command()
def show(
    number: Annotated[int, typer.Option("-n", help="How many of the newest.", min=1, max=1000)] = 20,
    kind: Annotated[str, typer.Option(help="Only this kind, such as alert.")] = "",
    subject: Annotated[str, typer.Option(help="Only about this.")] = "",
    actor: Annotated[str, typer.Option(help="Only by this actor.")] = "",
    as_json: AsJson = False,
) -> None:
    """Rows of the log, newest first."""
    found = client.get("/api/audit", limit=number, kind=kind, subject=subject, actor=actor)
    if as_json:
        emit_json(found)
        return
    rows = ((row["seq"], local(row["at"]), *_said(row["change"])) for row in found["rows"])
    table(
        ("row", "at", "kind", "subject", "by", "change", "reason"),
        rows,
        "no row: leave out a filter",
        prose=2,
    )
    stands = found["audit"]
    console.print(f"{stands['signed']} rows are signed as {stands['origin']}", markup=False)
    for key in stands["keys"]:
        console.print(f"key {key}", markup=False, soft_wrap=True)


def _said(change: dict[str, Any]) -> tuple[str, ...]:
    step = f"{change['old'] or '-'} \u2192 {change['new'] or '-'}"
    return change["kind"], change["subject"], change["actor"], step, change["reason"]


@app.command()
def export(
    target: Annotated[
        Path, typer.Argument(help="A file, or a folder for file, key and verifier; - for stdout.")
    ],
) -> None:
    """The whole log as text that verifies offline."""
    if str(target) == "-":
        with client.stream("/api/audit/export") as pieces:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
        return
    folder = target.is_dir()
    file = target / "audit.ndjson" if folder else target
    _write(file)
    if folder:
        _accompany(target)
    console.print(f"wrote {file}", markup=False)
    console.print(f"next: opsdeck audit verify {file}", markup=False)


def _write(file: Path) -> None:
    """Whole or not at all."""
    part = file.with_name(f"{file.name}.part")
    try:
        with client.stream("/api/audit/export") as pieces, part.open("wb") as out:
            for piece in pieces:
                out.write(piece)
        part.replace(file)
    except OSError as error:
        raise UsageError(
            f"cannot write {file}: {error.strerror}", hint="name a file in a folder of yours"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _accompany(folder: Path) -> None:
    """The keys that the deck names, and the verifier, which needs no opsdeck."""
    from opsdeck.merkle import verifier

    keys = client.get("/api/audit", limit=1)["audit"]["keys"]
    (folder / PUBLIC).write_text("".join(f"{key}\n" for key in keys), encoding="utf-8")
    (folder / "verifier.py").write_bytes(Path(verifier.__file__).read_bytes())


@app.command()
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="An export or a proof; without one, the running deck's log.")
    ] = None,
    key: Keys = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint known from elsewhere, such as a witness's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute everything here; exit code 1, and where, if something differs."""
    from opsdeck.merkle import verifier

    try:
        keys = [verifier.Key.read(one) for one in _keys(key)]
        known = [_text(path) for path in checkpoint or ()]
        with _opened(file) as source:
            found = verifier.examine(source, keys, known)
    except verifier.Broken as broken:
        if as_json:
            emit_json({"verified": False, "line": broken.line, "row": broken.row, "message": broken.message})
            raise typer.Exit(1) from None
        raise OpsdeckError(
            f"broken: {broken}", hint="compare that place with a backup or an older export"
        ) from None
    if not as_json:
        console.print(f"verified: {found}", markup=False, soft_wrap=True)
        return
    said = {"origin": found.origin, "rows": found.rows, "root": found.root.hex()}
    about = {"row": found.row} if found.row else {"checkpoints": found.checkpoints, "known": found.known}
    emit_json({"verified": True, **said, **about})


@contextmanager
def _opened(file: Path | None) -> Iterator[io.BufferedReader]:
    if file is None:
        with client.stream("/api/audit/export") as pieces:
            yield io.BufferedReader(_Pieces(pieces))
    elif str(file) == "-":
        yield open(0, "rb")  # noqa: SIM115  0 is standard input
    else:
        try:
            source = file.open("rb")
        except OSError as error:
            raise UsageError(
                f"cannot read {file}: {error.strerror}", hint="opsdeck audit export FILE"
            ) from error
        with source:
            yield source


class _Pieces(io.RawIOBase):
    """An answer that comes in pieces, as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = next(self._pieces, b"")
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count


def _keys(given: list[str] | None) -> list[str]:
    """The keys to trust. What a file says of its own key is no reason to trust it."""
    if not given:
        local_key = client.home() / PUBLIC
        if not local_key.is_file():
            raise UsageError(
                "which key is to be trusted? There is no local deck",
                hint="ask whoever runs the deck for its key (opsdeck audit show), then: --key VKEY",
            )
        given = [str(local_key)]
    return [line for one in given for line in (_text(Path(one)).split() if Path(one).is_file() else [one])]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}", hint="name a file") from error


@app.command()
def proof(seq: Annotated[int, typer.Argument(help="Number of the row.", min=1)]) -> None:
    """That one row is in the log, as a text of its own (c2sp.org/tlog-proof)."""
    with client.stream(f"/api/audit/proof/{seq}") as pieces:
        for piece in pieces:
            sys.stdout.buffer.write(piece)


@app.command()
def witness(
    folder: Annotated[Path, typer.Argument(help="Where the witness keeps its key and what it saw.")],
    key: Annotated[str, typer.Option(help="The key of the log to watch; needed once.")] = "",
) -> None:
    """Sign the newest checkpoint if it only adds to the one seen before; run it elsewhere, as somebody else."""
    from base64 import b64decode

    from opsdeck.govern import audit

    watching = audit.Witness.of(folder, key)
    old = watching.seen.size if watching.seen else 0
    found = client.get("/api/audit/checkpoint", old=old)
    proof = [b64decode(part) for part in found["proof"]]
    seen = watching.cosign(found["checkpoint"], proof, datetime.now(UTC))
    console.print(
        clean(f"saw {seen.size} rows of {seen.origin}, {seen.size - old} of them new"), markup=False
    )
