"""When to try again: attempts made and the key in, a delay out. Pure, so that a test can say it in advance.

Exponential backoff with a cap. The jitter spreads deliveries that failed together; it comes from the key, so that
every deck works out the same moment.
"""

import hashlib
from datetime import timedelta

BASE = timedelta(seconds=5)
CAP = timedelta(minutes=15)
# The delay varies by this share either way.
SPREAD = 0.2
# About a day of trying; after that the page is history and the failure itself is the news.
ATTEMPTS = 100


def delay(key: str, attempts: int) -> timedelta:
    """How long to wait after the given number of attempts (1 or more)."""
    doublings = min(attempts - 1, 16)
    digest = hashlib.sha256(f"{key}#{attempts}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    return min(CAP, BASE * (1 << doublings)) * (1 - SPREAD + 2 * SPREAD * share)
