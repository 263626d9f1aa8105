"""`opsdeck up`: server, probes and loops in one process on the loopback address, until Ctrl-C.

Numbered, because the order is the point:
1. take the home's lock, so that one process owns the stores;
2. bind the port, so that a taken one is said before anything starts;
3. open the deck, leave URL and keys in the home (mode 0600), start the loops;
4. serve; 5. stop the loops, take the URL away, load the rest of the journal, close.
"""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import uvicorn
from rich.console import Console

from opsdeck.cli import client
from opsdeck.deck import Deck, only_one
from opsdeck.errors import OpsdeckError, UnreachableError, UsageError
from opsdeck.server.app import create

HOST = "127.0.0.1"
CONNECTIONS = 512  # at once; the next gets a 503 instead of a deck without file handles
GRACE = 5  # seconds that running requests get to finish after Ctrl-C
LOAD_WAIT = timedelta(seconds=0.5)  # the journal wakes the loader long before


def run(port: int, spec: Path | None) -> None:
    """Start the deck and serve until a signal; a deck that runs already is said and that is all."""
    os.umask(0o077)  # what the stores write is nobody else's to read
    console = Console(highlight=False, soft_wrap=True)
    home = client.home()
    with only_one(home) as alone:
        if not alone:
            _say_running(console)
            if spec:
                raise UsageError(
                    "a deck that runs keeps its spec", hint="stop it first, then: opsdeck up --spec …"
                )
            return
        with _bound(port) as listener, _opened(home, spec or _beside()) as deck:
            url = f"http://{HOST}:{listener.getsockname()[1]}"
            deck.leave_keys(url)
            console.print(f"opsdeck is running at [bold]{url}[/bold]")
            console.print(f"sign in (once, within 5 minutes): {url}/sign-in?link={deck.link()}")
            console.print(
                f"home {home} · spec {deck.spec_path or 'as shipped (opsdeck init writes one to edit)'}"
            )
            console.print("stop with Ctrl-C")
            _serve(deck, listener, url)
    console.print("stopped")


def _beside() -> Path | None:
    path = Path("operations.yaml")
    return path.resolve() if path.exists() else None


def _say_running(console: Console) -> None:
    try:
        url = client.address()
        link = client.request("POST", "/api/links")["link"]
    except UnreachableError:
        raise OpsdeckError(
            f"another opsdeck process holds {client.home()} but does not answer yet",
            hint="wait a few seconds, or stop it and run: opsdeck up",
        ) from None
    console.print(f"opsdeck is already running at [bold]{url}[/bold]")
    console.print(f"sign in (once, within 5 minutes): {url}/sign-in?link={link}")


@contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise UsageError(
                f"port {port} on {HOST}: {error.strerror}", hint="opsdeck up --port 0"
            ) from error
        yield listener


@contextmanager
def _opened(home: Path, spec: Path | None) -> Iterator[Deck]:
    deck = Deck.open(home, spec)
    try:
        yield deck
    finally:
        deck.close()


def _serve(deck: Deck, listener: socket.socket, url: str) -> None:
    config = uvicorn.Config(
        create(deck, hosts=(url.removeprefix("http://"),)),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE,
        limit_concurrency=CONNECTIONS,
        server_header=False,
    )
    # uvicorn passes a signal on when it has shut down: both kinds then end this block in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stop = threading.Event()
    loops = [threading.Thread(target=_load, args=(deck, stop), name="loader")]
    loops += [
        threading.Thread(target=_repeat, args=(deck, tick.name, stop), name=tick.name) for tick in deck.ticks
    ]
    for loop in loops:
        loop.start()
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
        deck.take_url_away()
        for loop in loops:
            loop.join()


def _repeat(deck: Deck, name: str, stop: threading.Event) -> None:
    """Run a tick whenever it is due, until told to stop. A failing tick is shown in `opsdeck doctor` and tried again."""
    while not stop.is_set():
        wait = deck.run_due(deck.tick(name), deck.clock.now())
        stop.wait(wait / timedelta(seconds=1))


def _load(deck: Deck, stop: threading.Event) -> None:
    while not stop.is_set():
        stop.wait(deck.load(LOAD_WAIT) / timedelta(seconds=1))
