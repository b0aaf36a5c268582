"""What an issued invoice shows, whom it is for, and the token of its payment link."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_FROZEN = (
    "clinic_no, booking_no, ordinal, kind, total, currency, vat, number, number_text, issued_on, due_on,"
    " content, contact_event, contact_party, token"
)
_SQLITE = (
    "DROP TRIGGER invoices_not_updated",
    f"""
    CREATE TRIGGER invoices_not_updated BEFORE UPDATE OF {_FROZEN} ON invoices WHEN OLD.number IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END
    """,
)
_POSTGRESQL = (
    "DROP TRIGGER invoices_not_updated ON invoices",
    f"""
    CREATE TRIGGER invoices_not_updated BEFORE UPDATE OF {_FROZEN} ON invoices
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION refuse('an issued invoice never changes')
    """,
)


def upgrade() -> None:
    """Add the columns, and guard them as the others are."""
    op.add_column("invoices", sa.Column("content", sa.Text()))
    op.add_column("invoices", sa.Column("contact_event", sa.BigInteger()))
    op.add_column("invoices", sa.Column("contact_party", sa.SmallInteger()))
    op.add_column("invoices", sa.Column("token", sa.Text()))
    op.create_index("invoices_token_key", "invoices", ["token"], unique=True)
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
