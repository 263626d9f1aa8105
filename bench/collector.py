"""Collection alone as a process: the ingest endpoint, the journal and the loader over a folder; for benches and kills.

In: a folder and an event store's scheme. Out: one line of JSON on stdout with port and key, then service until SIGTERM.
Run: `python bench/collector.py FOLDER [duckdb|memory]`.
"""

import json
import signal
import socket
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from opsdeck import spec
from opsdeck.collect.door import Door
from opsdeck.collect.journal import Journal
from opsdeck.collect.loader import Loader
from opsdeck.identity import keys
from opsdeck.identity.keys import Keyring
from opsdeck.model import Match, Window
from opsdeck.server.ingest import router
from opsdeck.stores.events import open_events
from opsdeck.stores.state import open_state
from opsdeck.timing import SystemClock


def main(folder: Path, scheme: str) -> None:
    """Serve until SIGTERM, then load what is journaled."""
    clock = SystemClock()
    state = open_state("memory://")
    with state.begin() as tx:
        key = keys.mint(tx, "*", "", "bench", clock.now())
    journal = Journal(folder / "journal")
    events = open_events(f"{scheme}://{folder / 'events.duckdb' if scheme == 'duckdb' else ''}")
    door = Door(journal, spec.load(None), clock, state)
    loader = Loader(journal, events)
    stopped = threading.Event()
    thread = threading.Thread(target=_load, args=(loader, stopped))
    thread.start()
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(json.dumps({"port": listener.getsockname()[1], "key": key}) + "\n")
    sys.stdout.flush()

    def seen(request: Request) -> JSONResponse:
        """How many stored events of the last day have this id."""
        window = Window.last(timedelta(days=1), datetime.now(UTC))
        found = events.find(Match.of(event_id=request.path_params["event_id"]), window, 2)
        return JSONResponse(len(found))

    app = Starlette(routes=[*router(door, Keyring(state)).routes, Route("/seen/{event_id}", seen)])
    # uvicorn raises the signal once more after it has shut down: without a handler that would be the end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning")).run([listener])
    finally:
        stopped.set()
        thread.join()
        journal.close()
        events.close()


def _load(loader: Loader, stopped: threading.Event) -> None:
    while not stopped.is_set():
        loader.wait(0.1)
        loader.tick()
    loader.tick()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "duckdb")
