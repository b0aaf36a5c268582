"""The tables of the ledger, for SQLite and PostgreSQL alike.

Keys are narrow integers; text ids are unique columns beside them. Hot tables lead with the booking's or the event's
number, which grows: what is written together lies together, however many clinics it is for. Led by the clinic's number,
a batch for 10,000 clinics would touch every page. Indexes of ids lead with the id for the same reason: a booking system
mostly counts up for all its clinics. Instants are microseconds since 1970, enums of hot tables small numbers (`codes`).
Foreign keys stand where they do not slow intake down. On SQLite the rows of hot tables lie in the order of their key
(`with_rowid`): one tree instead of two. Triggers and the numbering of events are in the migrations, which make what is
described here.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

METADATA = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s",
        "fk": "%(table_name)s_%(referred_table_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def _key(name: str, kind: type[Integer] | type[Text] = Integer) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _number(name: str, kind: type[Integer] = Integer, *, nullable: bool = False) -> Column[int]:
    return Column(name, kind, nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


# ---- clinics, timelines, files

CLINICS = Table(
    "clinics",
    METADATA,
    Column("clinic_no", Integer, primary_key=True),
    Column("clinic", Text, nullable=False, unique=True),
    _number("version"),
)
POLICIES = Table(
    "policies",
    METADATA,
    Column("policy_no", Integer, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("canonical", LargeBinary, nullable=False),
    _text("source"),
    Column("content", LargeBinary, nullable=False),
)
ACTIVATIONS = Table(
    "activations",
    METADATA,
    Column("clinic_no", Integer, ForeignKey(CLINICS.c.clinic_no), primary_key=True, autoincrement=False),
    _key("sequence"),
    Column("policy_no", Integer, ForeignKey(POLICIES.c.policy_no)),
    _instant("effective_at", nullable=True),
    _instant("effective_from", nullable=True),
    _instant("recorded_at"),
    _text("state"),
    _text("actor"),
    _text("source", nullable=True),
    _text("revision", nullable=True),
    _text("content_hash", nullable=True),
    CheckConstraint("sequence >= 1", name="sequence"),
    CheckConstraint("state IN ('recorded', 'superseded', 'withdrawn', 'awaiting')", name="state"),
    CheckConstraint("state <> 'recorded' OR effective_at IS NOT NULL", name="effective"),
)
Index(
    "activations_effective_key",
    ACTIVATIONS.c.clinic_no,
    ACTIVATIONS.c.effective_at,
    unique=True,
    sqlite_where=text("state = 'recorded'"),
    postgresql_where=text("state = 'recorded'"),
)
VERIFICATIONS = Table(
    "verifications",
    METADATA,
    Column("clinic_no", Integer, ForeignKey(CLINICS.c.clinic_no), primary_key=True, autoincrement=False),
    _key("number"),
    Column("verified", Boolean, nullable=False),
    _text("legal_form", nullable=True),
    _text("legal_name", nullable=True),
    _text("organisation_number", nullable=True),
    _instant("recorded_at"),
    _text("actor"),
)
HOLDS = Table(
    "holds",
    METADATA,
    Column("clinic_no", Integer, ForeignKey(CLINICS.c.clinic_no), primary_key=True, autoincrement=False),
    _key("number"),
    _number("sequence", nullable=True),
    _text("reason"),
    _text("actor"),
    _instant("held_at"),
    _instant("released_at", nullable=True),
)
FILES = Table(
    "files",
    METADATA,
    _key("path", Text),
    _text("clinic", nullable=True),
    _instant("seen_at"),
    _text("activated_hash", nullable=True),
    _text("rejected_hash", nullable=True),
    _text("problem", nullable=True),
    _text("diagnostics"),
)
ENGINES = Table(
    "engines",
    METADATA,
    Column("engine_no", Integer, primary_key=True),
    _text("engine"),
    _text("tzdata"),
    UniqueConstraint("engine", "tzdata"),
)

# ---- events and bookings

EVENTS = Table(
    "events",
    METADATA,
    _key("clinic_no"),
    _key("event_no", BigInteger),
    _text("event_id"),
    _number("type", SmallInteger),
    _text("booking_id"),
    _number("booking_no", BigInteger, nullable=True),
    _instant("occurred_at"),
    _instant("received_at"),
    _number("state", SmallInteger),
    Column("fingerprint", LargeBinary, nullable=False),
    _text("body", nullable=True),
    _text("reason", nullable=True),
    UniqueConstraint("event_id", "clinic_no"),
    Index(None, "booking_id", "clinic_no"),
    CheckConstraint("type BETWEEN 1 AND 16", name="type"),
    CheckConstraint("state BETWEEN 1 AND 4", name="state"),
    PrimaryKeyConstraint("event_no", "clinic_no"),
    sqlite_with_rowid=False,
)
BOOKINGS = Table(
    "bookings",
    METADATA,
    _key("clinic_no"),
    _key("booking_no", BigInteger),
    _text("booking_id"),
    _instant("booked_at"),
    _number("state", SmallInteger),
    # The numbers of the stamp and of the decision that hold.
    _number("stamp", SmallInteger),
    _number("decision"),
    # Null where they are those of the decision that holds: they are most of what is written.
    _text("facts", nullable=True),
    _number("client_event", BigInteger, nullable=True),
    _number("payer_event", BigInteger, nullable=True),
    # Idempotency keys are made of it; null where the booking still has it.
    _text("first_id", nullable=True),
    _number("invoice_ordinal", SmallInteger),
    _number("invoice_state", SmallInteger),
    _number("total", BigInteger, nullable=True),
    _number("paid", BigInteger),
    _text("invoice_number", nullable=True),
    _text("invoice_link", nullable=True),
    _text("by_person", nullable=True),
    _text("applied"),
    # A clinic's bookings in order, and the latest `booked_at` among them.
    Index(None, "clinic_no", "booking_no", "booked_at"),
    CheckConstraint("state BETWEEN 1 AND 9", name="state"),
    CheckConstraint("invoice_state BETWEEN 1 AND 5", name="invoice_state"),
    PrimaryKeyConstraint("booking_no", "clinic_no"),
    sqlite_with_rowid=False,
)
# Every id a booking has or had. Its key takes the place of a unique index on the bookings.
BOOKING_IDS = Table(
    "booking_ids",
    METADATA,
    _key("clinic_no"),
    _key("booking_id", Text),
    _number("booking_no", BigInteger),
    PrimaryKeyConstraint("booking_id", "clinic_no"),
    sqlite_with_rowid=False,
)
STAMPS = Table(
    "stamps",
    METADATA,
    _key("clinic_no"),
    _key("booking_no", BigInteger),
    _key("number", SmallInteger),
    _number("sequence", nullable=True),
    _number("policy_no", nullable=True),
    _number("engine_no"),
    _instant("stamped_at"),
    _text("stamped_by", nullable=True),
    _text("reason", nullable=True),
    # That `sequence` is an activation of the clinic, a trigger sees to: a foreign key costs PostgreSQL a query a row.
    CheckConstraint("policy_no IS NULL OR sequence IS NOT NULL", name="activation"),
    PrimaryKeyConstraint("booking_no", "clinic_no", "number"),
    sqlite_with_rowid=False,
)
DECISIONS = Table(
    "decisions",
    METADATA,
    _key("clinic_no"),
    _key("booking_no", BigInteger),
    _key("number"),
    _number("stamp", SmallInteger),
    _instant("decided_at"),
    _instant("not_before"),
    _number("outcome", SmallInteger),
    _number("reason", SmallInteger),
    _number("rule", nullable=True),
    _number("price", BigInteger, nullable=True),
    _text("currency", nullable=True),
    _text("missing", nullable=True),
    _text("facts"),
    _text("actions"),
    PrimaryKeyConstraint("booking_no", "clinic_no", "number"),
    sqlite_with_rowid=False,
)
CONTACTS = Table(
    "contacts",
    METADATA,
    _key("clinic_no"),
    _key("event_no", BigInteger),
    _key("party", SmallInteger),
    _text("name", nullable=True),
    _text("email", nullable=True),
    _text("phone", nullable=True),
    CheckConstraint("party IN (1, 2)", name="party"),
    PrimaryKeyConstraint("event_no", "clinic_no", "party"),
    sqlite_with_rowid=False,
)

# ---- the outbox

ACTIONS = Table(
    "actions",
    METADATA,
    _key("clinic_no"),
    _key("booking_no", BigInteger),
    _key("ordinal", SmallInteger),
    _key("type", SmallInteger),
    _key("channel", SmallInteger),
    _key("occurrence", SmallInteger),
    _number("lane", SmallInteger),
    _instant("due_at"),
    _number("shifted_by", SmallInteger, nullable=True),
    _number("state", SmallInteger),
    _instant("next_at", nullable=True),
    Column("attempt", SmallInteger, nullable=False, server_default="0"),
    _text("cause", nullable=True),
    Column("stopping", Boolean, nullable=False, server_default=false()),
    Column("by_hand", Boolean, nullable=False, server_default=false()),
    _text("receipt", nullable=True),
    _instant("settled_at", nullable=True),
    _instant("tried_at", nullable=True),
    CheckConstraint("ordinal >= 1 AND occurrence >= 1 AND attempt >= 0", name="counts"),
    CheckConstraint("type BETWEEN 1 AND 7 AND channel BETWEEN 0 AND 2 AND lane BETWEEN 1 AND 3", name="key"),
    CheckConstraint("state BETWEEN 1 AND 7", name="state"),
    # Waiting (1) may have a time; claimed (2) must: the end of its lease. Nothing else is looked at.
    CheckConstraint("next_at IS NULL OR state IN (1, 2)", name="next_at"),
    CheckConstraint("state <> 2 OR (next_at IS NOT NULL AND attempt >= 1)", name="lease"),
    CheckConstraint("state = 2 OR NOT stopping", name="stopping"),
    PrimaryKeyConstraint("booking_no", "clinic_no", "ordinal", "type", "channel", "occurrence"),
    sqlite_with_rowid=False,
)
Index(
    "actions_next",
    ACTIONS.c.lane,
    ACTIONS.c.next_at,
    sqlite_where=text("next_at IS NOT NULL"),
    postgresql_where=text("next_at IS NOT NULL"),
)
# What waits for a person: held and dead.
Index(
    "actions_stuck",
    ACTIONS.c.state,
    ACTIONS.c.due_at,
    # Written so that SQLite, too, sees that it serves one of them.
    sqlite_where=text("state = 6 OR state = 7"),
    postgresql_where=text("state = 6 OR state = 7"),
)
ATTEMPTS = Table(
    "attempts",
    METADATA,
    _key("clinic_no"),
    _key("booking_no", BigInteger),
    _key("ordinal", SmallInteger),
    _key("type", SmallInteger),
    _key("channel", SmallInteger),
    _key("occurrence", SmallInteger),
    _key("attempt", SmallInteger),
    _instant("started_at"),
    _instant("ended_at"),
    _text("answer"),
    _text("detail"),
    _text("worker"),
    PrimaryKeyConstraint("booking_no", "clinic_no", "ordinal", "type", "channel", "occurrence", "attempt"),
    sqlite_with_rowid=False,
)

# ---- embedded invoices

INVOICES = Table(
    "invoices",
    METADATA,
    _key("clinic_no"),
    _key("booking_no", BigInteger),
    _key("ordinal", SmallInteger),
    # 1 is the invoice, 2 the credit note that takes it back.
    _key("kind", SmallInteger),
    _number("state", SmallInteger),
    _number("total", BigInteger, nullable=True),
    _text("currency"),
    _number("vat", BigInteger, nullable=True),
    _number("number", nullable=True),
    _text("number_text", nullable=True),
    Column("issued_on", Date),
    Column("due_on", Date),
    # What it shows (JSON), and whose contacts it is addressed to: names are in `contacts` alone.
    _text("content", nullable=True),
    _number("contact_event", BigInteger, nullable=True),
    _number("contact_party", SmallInteger, nullable=True),
    # The last part of the payment link of an issued invoice.
    _text("token", nullable=True),
    UniqueConstraint("clinic_no", "number"),
    Index("invoices_token_key", "token", unique=True),
    CheckConstraint("kind IN (1, 2)", name="kind"),
    CheckConstraint("state BETWEEN 1 AND 4", name="state"),
    # A draft (1), kept or deleted (4), has no number; what is issued (2) or credited (3) has everything.
    CheckConstraint("(number IS NULL) = (state IN (1, 4))", name="number"),
    CheckConstraint(
        "number IS NULL OR (number_text IS NOT NULL AND total IS NOT NULL AND vat IS NOT NULL)", name="issued"
    ),
    CheckConstraint("(issued_on IS NULL) = (number IS NULL)", name="issued_on"),
    CheckConstraint("kind = 1 OR state = 2", name="credit_note"),
    sqlite_with_rowid=False,
)
INVOICE_COUNTERS = Table(
    "invoice_counters",
    METADATA,
    _key("clinic_no"),
    _number("last_number"),
    Column("last_issued_on", Date, nullable=False),
)
# What was answered to an idempotency key, for ever.
INVOICE_ANSWERS = Table(
    "invoice_answers",
    METADATA,
    _key("clinic_no"),
    _key("key", Text),
    _text("receipt"),
    sqlite_with_rowid=False,
)
