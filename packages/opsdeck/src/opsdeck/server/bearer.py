"""The ingest key that a request brings: shared by the routes that tools ask. In: a request. Out: its key, or a refusal."""

import asyncio

from starlette.requests import Request

from opsdeck.collect.codes import refuse
from opsdeck.identity.keys import Keyring
from opsdeck.model import IngestKey


async def ingest_key(request: Request, keyring: Keyring) -> IngestKey:
    """The key of `Authorization: Bearer odk_…`. Raises RejectedError (401) for none, or one that is worth nothing."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        known, key = keyring.cached(secret.strip())
        if not known:
            key = await asyncio.to_thread(keyring.find, secret.strip())
        if key is not None:
            return key
    raise refuse("unauthenticated", hint="send: Authorization: Bearer odk_…  (opsdeck keys add)")
