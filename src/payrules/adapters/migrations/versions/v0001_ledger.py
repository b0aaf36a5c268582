"""The first version of the ledger."""

import sqlalchemy as sa
from alembic import op

from payrules.adapters.migrations.v0001_guards import POSTGRESQL, SQLITE

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make everything."""
    op.create_table(
        "actions",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("booking_no", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("type", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("occurrence", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("shifted_by", sa.SmallInteger()),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("attempt", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("cause", sa.Text()),
        sa.Column("stopping", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("receipt", sa.Text()),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("tried_at", sa.BigInteger()),
        sa.CheckConstraint("next_at IS NULL OR state IN (1, 2)", name="actions_next_at"),
        sa.CheckConstraint("ordinal >= 1 AND occurrence >= 1 AND attempt >= 0", name="actions_counts"),
        sa.CheckConstraint("state <> 2 OR (next_at IS NOT NULL AND attempt >= 1)", name="actions_lease"),
        sa.CheckConstraint("state = 2 OR NOT stopping", name="actions_stopping"),
        sa.CheckConstraint("state BETWEEN 1 AND 7", name="actions_state"),
        sa.CheckConstraint(
            "type BETWEEN 1 AND 7 AND channel BETWEEN 0 AND 2 AND lane BETWEEN 1 AND 3", name="actions_key"
        ),
        sa.PrimaryKeyConstraint(
            "booking_no", "clinic_no", "ordinal", "type", "channel", "occurrence", name="actions_pkey"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "actions_next",
        "actions",
        ["lane", "next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "actions_stuck",
        "actions",
        ["state", "due_at"],
        sqlite_where=sa.text("state = 6 OR state = 7"),
        postgresql_where=sa.text("state = 6 OR state = 7"),
    )
    op.create_table(
        "attempts",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("booking_no", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("type", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("occurrence", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "booking_no", "clinic_no", "ordinal", "type", "channel", "occurrence", "attempt", name="attempts_pkey"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "booking_ids",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("booking_id", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("booking_no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("booking_id", "clinic_no", name="booking_ids_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "bookings",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("booking_no", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("stamp", sa.SmallInteger(), nullable=False),
        sa.Column("decision", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Text()),
        sa.Column("client_event", sa.BigInteger()),
        sa.Column("payer_event", sa.BigInteger()),
        sa.Column("first_id", sa.Text()),
        sa.Column("invoice_ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("invoice_state", sa.SmallInteger(), nullable=False),
        sa.Column("total", sa.BigInteger()),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("invoice_number", sa.Text()),
        sa.Column("invoice_link", sa.Text()),
        sa.Column("invoice_due_on", sa.Text()),
        sa.Column("by_person", sa.Text()),
        sa.Column("applied", sa.Text(), nullable=False),
        sa.Column("has_open", sa.Boolean(), nullable=False),
        sa.CheckConstraint("invoice_state BETWEEN 1 AND 5", name="bookings_invoice_state"),
        sa.CheckConstraint("state BETWEEN 1 AND 9", name="bookings_state"),
        sa.PrimaryKeyConstraint("booking_no", "clinic_no", name="bookings_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index("bookings_clinic_no_booked_at_booking_no", "bookings", ["clinic_no", "booked_at", "booking_no"])
    op.create_index(
        "bookings_open",
        "bookings",
        ["clinic_no", "booking_no"],
        sqlite_where=sa.text("has_open = 1"),
        postgresql_where=sa.text("has_open"),
    )
    overpaid = "paid > CASE WHEN invoice_state = 3 AND state <> 9 THEN coalesce(total, 0) ELSE 0 END"
    for name, where in (("bookings_waiting", "state IN (1, 6)"), ("bookings_overpaid", overpaid)):
        op.create_index(
            name,
            "bookings",
            ["clinic_no", "booked_at", "booking_no"],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "clinics",
        sa.Column("clinic_no", sa.Integer(), nullable=False),
        sa.Column("clinic", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_no", name="clinics_pkey"),
        sa.UniqueConstraint("clinic", name="clinics_clinic_key"),
    )
    op.create_table(
        "contacts",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("event_no", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("party", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("name", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.CheckConstraint("party IN (1, 2)", name="contacts_party"),
        sa.PrimaryKeyConstraint("event_no", "clinic_no", "party", name="contacts_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decisions",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("booking_no", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("stamp", sa.SmallInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.Column("rule", sa.Integer()),
        sa.Column("price", sa.BigInteger()),
        sa.Column("currency", sa.Text()),
        sa.Column("missing", sa.Text()),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("booking_no", "clinic_no", "number", name="decisions_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "deeds",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("booking_no", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("occurrence", sa.SmallInteger(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("booking_no", "clinic_no", "number", name="deeds_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "engines",
        sa.Column("engine_no", sa.Integer(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("tzdata", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("engine_no", name="engines_pkey"),
        sa.UniqueConstraint("engine", "tzdata", name="engines_engine_tzdata_key"),
    )
    op.create_table(
        "events",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("event_no", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("booking_no", sa.BigInteger()),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint("state BETWEEN 1 AND 4", name="events_state"),
        sa.CheckConstraint("type BETWEEN 1 AND 16", name="events_type"),
        sa.PrimaryKeyConstraint("event_no", "clinic_no", name="events_pkey"),
        sa.UniqueConstraint("event_id", "clinic_no", name="events_event_id_clinic_no_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("events_booking_id_clinic_no", "events", ["booking_id", "clinic_no"])
    op.create_index(
        "events_early",
        "events",
        ["booking_id", "clinic_no"],
        sqlite_where=sa.text("state = 3"),
        postgresql_where=sa.text("state = 3"),
    )
    op.create_table(
        "files",
        sa.Column("path", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("clinic", sa.Text()),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("activated_hash", sa.Text()),
        sa.Column("rejected_hash", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.Column("diagnostics", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("path", name="files_pkey"),
    )
    op.create_table(
        "invoice_answers",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("key", sa.Text(), nullable=False, autoincrement=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_no", "key", name="invoice_answers_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "invoice_counters",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("last_issued_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_no", name="invoice_counters_pkey"),
    )
    op.create_table(
        "invoices",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("booking_no", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("total", sa.BigInteger()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("vat", sa.BigInteger()),
        sa.Column("number", sa.Integer()),
        sa.Column("number_text", sa.Text()),
        sa.Column("issued_on", sa.Date()),
        sa.Column("due_on", sa.Date()),
        sa.CheckConstraint("(issued_on IS NULL) = (number IS NULL)", name="invoices_issued_on"),
        sa.CheckConstraint("(number IS NULL) = (state IN (1, 4))", name="invoices_number"),
        sa.CheckConstraint("kind = 1 OR state = 2", name="invoices_credit_note"),
        sa.CheckConstraint("kind IN (1, 2)", name="invoices_kind"),
        sa.CheckConstraint(
            "number IS NULL OR (number_text IS NOT NULL AND total IS NOT NULL AND vat IS NOT NULL)",
            name="invoices_issued",
        ),
        sa.CheckConstraint("state BETWEEN 1 AND 4", name="invoices_state"),
        sa.PrimaryKeyConstraint("clinic_no", "booking_no", "ordinal", "kind", name="invoices_pkey"),
        sa.UniqueConstraint("clinic_no", "number", name="invoices_clinic_no_number_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "policies",
        sa.Column("policy_no", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("policy_no", name="policies_pkey"),
        sa.UniqueConstraint("digest", name="policies_digest_key"),
    )
    op.create_table(
        "stamps",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("booking_no", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("number", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("sequence", sa.Integer()),
        sa.Column("policy_no", sa.Integer()),
        sa.Column("engine_no", sa.Integer(), nullable=False),
        sa.Column("stamped_at", sa.BigInteger(), nullable=False),
        sa.Column("stamped_by", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint("policy_no IS NULL OR sequence IS NOT NULL", name="stamps_activation"),
        sa.PrimaryKeyConstraint("booking_no", "clinic_no", "number", name="stamps_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "activations",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("sequence", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("policy_no", sa.Integer()),
        sa.Column("effective_at", sa.BigInteger()),
        sa.Column("effective_from", sa.BigInteger()),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("revision", sa.Text()),
        sa.Column("content_hash", sa.Text()),
        sa.CheckConstraint("state <> 'recorded' OR effective_at IS NOT NULL", name="activations_effective"),
        sa.CheckConstraint("state IN ('recorded', 'superseded', 'withdrawn', 'awaiting')", name="activations_state"),
        sa.CheckConstraint("sequence >= 1", name="activations_sequence"),
        sa.ForeignKeyConstraint(["clinic_no"], ["clinics.clinic_no"], name="activations_clinics_fkey"),
        sa.ForeignKeyConstraint(["policy_no"], ["policies.policy_no"], name="activations_policies_fkey"),
        sa.PrimaryKeyConstraint("clinic_no", "sequence", name="activations_pkey"),
    )
    op.create_index(
        "activations_effective_key",
        "activations",
        ["clinic_no", "effective_at"],
        unique=True,
        sqlite_where=sa.text("state = 'recorded'"),
        postgresql_where=sa.text("state = 'recorded'"),
    )
    op.create_table(
        "holds",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("sequence", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("held_at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger()),
        sa.Column("released_by", sa.Text()),
        sa.Column("release_reason", sa.Text()),
        sa.ForeignKeyConstraint(["clinic_no"], ["clinics.clinic_no"], name="holds_clinics_fkey"),
        sa.PrimaryKeyConstraint("clinic_no", "number", name="holds_pkey"),
    )
    op.create_table(
        "verifications",
        sa.Column("clinic_no", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("legal_form", sa.Text()),
        sa.Column("legal_name", sa.Text()),
        sa.Column("organisation_number", sa.Text()),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_no"], ["clinics.clinic_no"], name="verifications_clinics_fkey"),
        sa.PrimaryKeyConstraint("clinic_no", "number", name="verifications_pkey"),
    )

    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if on_sqlite else POSTGRESQL:
        op.execute(statement)
