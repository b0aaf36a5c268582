"""Run by alembic, which finds this file by its name: the scripts run in the transaction they are given."""

from alembic import context

from payrules.adapters.migrations import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
