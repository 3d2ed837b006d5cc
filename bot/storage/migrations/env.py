"""What Alembic runs first: it migrates over the connection that it is handed, in its transaction."""

from alembic import context

from bot.storage.tables import metadata

# SQLite changes a column only by copying its table, which is Alembic's batch mode.
context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
