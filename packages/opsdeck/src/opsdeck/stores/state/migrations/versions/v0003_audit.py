"""The Merkle tree over the log, and what was signed of it."""

from opsdeck.stores.state.migrations.columns import record

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    record("tile", text="hashes salts")
    record("checkpoint", whole="size tile", text="note", time="at", indexed="tile")
