"""Alembic's entry: migrate.py hands over an open connection."""

from alembic import context

from bot.store import tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables.source.metadata,
    render_as_batch=True,
    compare_server_default=False,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
