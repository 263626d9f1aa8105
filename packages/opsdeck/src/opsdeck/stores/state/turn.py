"""One writer at a time within this process, in the order of asking."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, get_ident

from opsdeck.errors import UsageError


class Turn:
    """A lock that refuses a thread that already holds it, where a plain lock would wait for ever."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._holder = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        if self._holder == get_ident():
            raise UsageError(
                "a transaction inside another one of the same thread: pass the first one on instead"
            )
        with self._lock:
            self._holder = get_ident()
            try:
                yield
            finally:
                self._holder = 0
