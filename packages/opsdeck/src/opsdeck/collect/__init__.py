"""Collection: bytes of any client → validated, redacted, stamped entries in the journal → the event store.

One door for everyone (`door.Door`): the HTTP endpoint, the probes and tests hand in bytes and a key, and get an
answer only when what was accepted is on disk.
"""
