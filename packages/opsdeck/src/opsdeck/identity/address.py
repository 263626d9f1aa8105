"""A client's address → a hash that says "the same as a minute ago" today, and nothing at all tomorrow.

In: an address and the moment. Out: 32 hexadecimal digits of a keyed hash. The key is new each day (UTC) and the old
one is overwritten, so yesterday's hashes cannot be computed again, not even for all addresses in turn
(readings, Words and numbers). It must not know events.
"""

import ipaddress
import secrets
import threading
from datetime import UTC, datetime
from hashlib import blake2b

from opsdeck.model import Setting
from opsdeck.stores.api import StateStore

SETTING = "address_key"
KEY_BYTES = 32
HASH_BYTES = 16
REMEMBERED = 10_000
# The part of an IPv6 address that names a network: within it a machine changes its address as it likes (RFC 8981).
IPV6_NETWORK = 64


class Hasher:
    """Hashes addresses with the key of the day, which all servers of a deck share through the state. Thread-safe."""

    def __init__(self, state: StateStore) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._day = ""
        self._key = b""
        self._known: dict[str, str] = {}

    def hash(self, address: str, now: datetime) -> str:
        """The address's hash for the day of `now`; "" for no address."""
        if not address:
            return ""
        day = f"{now.astimezone(UTC):%Y-%m-%d}"
        with self._lock:
            if day != self._day:
                self._key = self._key_of(day)
                self._day, self._known = day, {}
            found = self._known.get(address)
            if found is None:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                found = self._known[address] = self._digest(address)
            return found

    def _key_of(self, day: str) -> bytes:
        with self._state.begin() as tx:
            kept = tx.get(Setting, SETTING)
            if kept is not None and kept.value.startswith(day):
                return bytes.fromhex(kept.value[len(day) :])
            key = secrets.token_bytes(KEY_BYTES)
            tx.put(Setting(SETTING, f"{day} {key.hex()}"))
            return key

    def _digest(self, address: str) -> str:
        return blake2b(_network(address).encode(), key=self._key, digest_size=HASH_BYTES).hexdigest()


def _network(address: str) -> str:
    """One spelling per client: IPv4 as itself, also where IPv6 wraps it; IPv6 as its /64; anything else as it is."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((parsed, IPV6_NETWORK), strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)
