"""Servers that lie: what a shipper must survive."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def liar(reply: Callable[[socket.socket], Any]) -> Iterator[str]:
    """A server that reads requests and does with each what it likes."""
    door = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                guest, _ = door.accept()
                with guest, contextlib.suppress(OSError):
                    guest.recv(65_536)
                    reply(guest)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    door.shutdown(socket.SHUT_RDWR)
    door.close()
    thread.join()


def dripping(guest: socket.socket) -> None:
    guest.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    guest.settimeout(0.01)
    while True:
        try:
            if not guest.recv(1):
                return
        except TimeoutError:
            guest.sendall(b"o")
