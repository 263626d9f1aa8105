"""Alembic's entry: runs the migrations on the connection, and in the transaction, that migrate.py holds open."""

from alembic import context

from opsdeck.stores.state.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
)
context.run_migrations()
