"""The tables of the ledger, for SQLite and PostgreSQL alike.

Keys are narrow integers; text ids are unique columns beside them. Hot tables lead with the booking's or the event's
number, which grows: what is written together lies together, however many clinics it is for. Led by the clinic's number,
a batch for 10,000 clinics would touch every page. Indexes of ids lead with the id for the same reason: a booking system
mostly counts up for all its clinics. Instants are microseconds since 1970, enums of hot tables small numbers (`codes`).
Foreign keys stand where they do not slow intake down. On SQLite the rows of hot tables lie in the order of their key
(`with_rowid`): one tree instead of two. Triggers and the numbering of events are in the migrations, which make what is
described here.
"""

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

from payrules.adapters.store.columns import NAMES, index_of_some, instant, key, number, words

METADATA = MetaData(naming_convention=NAMES)

# ---- clinics, timelines, files

CLINICS = Table(
    "clinics",
    METADATA,
    Column("clinic_no", Integer, primary_key=True),
    Column("clinic", Text, nullable=False, unique=True),
    number("version"),
)
POLICIES = Table(
    "policies",
    METADATA,
    Column("policy_no", Integer, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("canonical", LargeBinary, nullable=False),
    words("source"),
    Column("content", LargeBinary, nullable=False),
)
ACTIVATIONS = Table(
    "activations",
    METADATA,
    Column("clinic_no", Integer, ForeignKey(CLINICS.c.clinic_no), primary_key=True, autoincrement=False),
    key("sequence"),
    Column("policy_no", Integer, ForeignKey(POLICIES.c.policy_no)),
    instant("effective_at", nullable=True),
    instant("effective_from", nullable=True),
    instant("recorded_at"),
    words("state"),
    words("actor"),
    words("source", nullable=True),
    words("revision", nullable=True),
    words("content_hash", nullable=True),
    CheckConstraint("sequence >= 1", name="sequence"),
    CheckConstraint("state IN ('recorded', 'superseded', 'withdrawn', 'awaiting')", name="state"),
    CheckConstraint("state <> 'recorded' OR effective_at IS NOT NULL", name="effective"),
)
index_of_some(
    "activations_effective_key",
    "state = 'recorded'",
    ACTIVATIONS.c.clinic_no,
    ACTIVATIONS.c.effective_at,
    unique=True,
)
VERIFICATIONS = Table(
    "verifications",
    METADATA,
    Column("clinic_no", Integer, ForeignKey(CLINICS.c.clinic_no), primary_key=True, autoincrement=False),
    key("number"),
    Column("verified", Boolean, nullable=False),
    words("legal_form", nullable=True),
    words("legal_name", nullable=True),
    words("organisation_number", nullable=True),
    instant("recorded_at"),
    words("actor"),
)
HOLDS = Table(
    "holds",
    METADATA,
    Column("clinic_no", Integer, ForeignKey(CLINICS.c.clinic_no), primary_key=True, autoincrement=False),
    key("number"),
    number("sequence", nullable=True),
    words("reason"),
    words("actor"),
    instant("held_at"),
    instant("released_at", nullable=True),
    words("released_by", nullable=True),
    words("release_reason", nullable=True),
)
FILES = Table(
    "files",
    METADATA,
    key("path", Text),
    words("clinic", nullable=True),
    instant("seen_at"),
    words("activated_hash", nullable=True),
    words("rejected_hash", nullable=True),
    words("problem", nullable=True),
    words("diagnostics"),
)
ENGINES = Table(
    "engines",
    METADATA,
    Column("engine_no", Integer, primary_key=True),
    words("engine"),
    words("tzdata"),
    UniqueConstraint("engine", "tzdata"),
)

# ---- events and bookings

EVENTS = Table(
    "events",
    METADATA,
    key("clinic_no"),
    key("event_no", BigInteger),
    words("event_id"),
    number("type", SmallInteger),
    words("booking_id"),
    number("booking_no", BigInteger, nullable=True),
    instant("occurred_at"),
    instant("received_at"),
    number("state", SmallInteger),
    Column("fingerprint", LargeBinary, nullable=False),
    words("body", nullable=True),
    words("reason", nullable=True),
    UniqueConstraint("event_id", "clinic_no"),
    Index(None, "booking_id", "clinic_no"),
    CheckConstraint("type BETWEEN 1 AND 16", name="type"),
    CheckConstraint("state BETWEEN 1 AND 4", name="state"),
    PrimaryKeyConstraint("event_no", "clinic_no"),
    sqlite_with_rowid=False,
)
# What waits for its booking: mostly nothing.
index_of_some("events_early", "state = 3", EVENTS.c.booking_id, EVENTS.c.clinic_no)

OVERPAID = "paid > CASE WHEN invoice_state = 3 AND state <> 9 THEN coalesce(total, 0) ELSE 0 END"
"""Which bookings more came in for than is owed: nothing, unless they are issued and not cancelled."""

BOOKINGS = Table(
    "bookings",
    METADATA,
    key("clinic_no"),
    key("booking_no", BigInteger),
    words("booking_id"),
    instant("booked_at"),
    number("state", SmallInteger),
    # The numbers of the stamp and of the decision that hold.
    number("stamp", SmallInteger),
    number("decision"),
    # Null where they are those of the decision that holds: they are most of what is written.
    words("facts", nullable=True),
    number("client_event", BigInteger, nullable=True),
    number("payer_event", BigInteger, nullable=True),
    # Idempotency keys are made of it; null where the booking still has it.
    words("first_id", nullable=True),
    number("invoice_ordinal", SmallInteger),
    number("invoice_state", SmallInteger),
    number("total", BigInteger, nullable=True),
    number("paid", BigInteger),
    words("invoice_number", nullable=True),
    words("invoice_link", nullable=True),
    words("invoice_due_on", nullable=True),
    words("by_person", nullable=True),
    words("applied"),
    # Whether any of its actions may still have an effect.
    Column("has_open", Boolean, nullable=False),
    # A clinic's bookings in the order they were made, and the latest `booked_at` among them.
    Index(None, "clinic_no", "booked_at", "booking_no"),
    # What a hold, a release or a withdrawn verification goes through, however much lies behind it.
    Index(
        "bookings_open",
        "clinic_no",
        "booking_no",
        sqlite_where=text("has_open = 1"),
        postgresql_where=text("has_open"),
    ),
    # What persons are shown: undecided and stopped bookings, and refunds. Mostly there are few.
    index_of_some("bookings_waiting", "state IN (1, 6)", "clinic_no", "booked_at", "booking_no"),
    index_of_some("bookings_overpaid", OVERPAID, "clinic_no", "booked_at", "booking_no"),
    CheckConstraint("state BETWEEN 1 AND 9", name="state"),
    CheckConstraint("invoice_state BETWEEN 1 AND 5", name="invoice_state"),
    PrimaryKeyConstraint("booking_no", "clinic_no"),
    sqlite_with_rowid=False,
)
# Every id a booking has or had. Its key takes the place of a unique index on the bookings.
BOOKING_IDS = Table(
    "booking_ids",
    METADATA,
    key("clinic_no"),
    key("booking_id", Text),
    number("booking_no", BigInteger),
    PrimaryKeyConstraint("booking_id", "clinic_no"),
    sqlite_with_rowid=False,
)
STAMPS = Table(
    "stamps",
    METADATA,
    key("clinic_no"),
    key("booking_no", BigInteger),
    key("number", SmallInteger),
    number("sequence", nullable=True),
    number("policy_no", nullable=True),
    number("engine_no"),
    instant("stamped_at"),
    words("stamped_by", nullable=True),
    words("reason", nullable=True),
    # That `sequence` is an activation of the clinic, a trigger sees to: a foreign key costs PostgreSQL a query a row.
    CheckConstraint("policy_no IS NULL OR sequence IS NOT NULL", name="activation"),
    PrimaryKeyConstraint("booking_no", "clinic_no", "number"),
    sqlite_with_rowid=False,
)
DECISIONS = Table(
    "decisions",
    METADATA,
    key("clinic_no"),
    key("booking_no", BigInteger),
    key("number"),
    number("stamp", SmallInteger),
    instant("decided_at"),
    instant("not_before"),
    number("outcome", SmallInteger),
    number("reason", SmallInteger),
    number("rule", nullable=True),
    number("price", BigInteger, nullable=True),
    words("currency", nullable=True),
    words("missing", nullable=True),
    words("facts"),
    words("actions"),
    PrimaryKeyConstraint("booking_no", "clinic_no", "number"),
    sqlite_with_rowid=False,
)
CONTACTS = Table(
    "contacts",
    METADATA,
    key("clinic_no"),
    key("event_no", BigInteger),
    key("party", SmallInteger),
    words("name", nullable=True),
    words("email", nullable=True),
    words("phone", nullable=True),
    CheckConstraint("party IN (1, 2)", name="party"),
    PrimaryKeyConstraint("event_no", "clinic_no", "party"),
    sqlite_with_rowid=False,
)

# ---- the outbox

ACTIONS = Table(
    "actions",
    METADATA,
    key("clinic_no"),
    key("booking_no", BigInteger),
    key("ordinal", SmallInteger),
    key("type", SmallInteger),
    key("channel", SmallInteger),
    key("occurrence", SmallInteger),
    number("lane", SmallInteger),
    instant("due_at"),
    number("shifted_by", SmallInteger, nullable=True),
    number("state", SmallInteger),
    instant("next_at", nullable=True),
    Column("attempt", SmallInteger, nullable=False, server_default="0"),
    words("cause", nullable=True),
    Column("stopping", Boolean, nullable=False, server_default=false()),
    Column("by_hand", Boolean, nullable=False, server_default=false()),
    words("receipt", nullable=True),
    instant("settled_at", nullable=True),
    instant("tried_at", nullable=True),
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
index_of_some("actions_next", "next_at IS NOT NULL", ACTIONS.c.lane, ACTIONS.c.next_at)
# What waits for a person, held and dead: written so that SQLite, too, sees that it serves one of them.
index_of_some("actions_stuck", "state = 6 OR state = 7", ACTIONS.c.state, ACTIONS.c.due_at)
ATTEMPTS = Table(
    "attempts",
    METADATA,
    key("clinic_no"),
    key("booking_no", BigInteger),
    key("ordinal", SmallInteger),
    key("type", SmallInteger),
    key("channel", SmallInteger),
    key("occurrence", SmallInteger),
    key("attempt", SmallInteger),
    instant("started_at"),
    instant("ended_at"),
    words("answer"),
    words("detail"),
    words("worker"),
    PrimaryKeyConstraint("booking_no", "clinic_no", "ordinal", "type", "channel", "occurrence", "attempt"),
    sqlite_with_rowid=False,
)
# What persons did about single actions; never changed.
DEEDS = Table(
    "deeds",
    METADATA,
    key("clinic_no"),
    key("booking_no", BigInteger),
    key("number"),
    number("ordinal", SmallInteger),
    number("type", SmallInteger),
    number("channel", SmallInteger),
    number("occurrence", SmallInteger),
    words("verb"),
    words("actor"),
    words("reason"),
    instant("done_at"),
    PrimaryKeyConstraint("booking_no", "clinic_no", "number"),
    sqlite_with_rowid=False,
)

# ---- embedded invoices

INVOICES = Table(
    "invoices",
    METADATA,
    key("clinic_no"),
    key("booking_no", BigInteger),
    key("ordinal", SmallInteger),
    # 1 is the invoice, 2 the credit note that takes it back.
    key("kind", SmallInteger),
    number("state", SmallInteger),
    number("total", BigInteger, nullable=True),
    words("currency"),
    number("vat", BigInteger, nullable=True),
    number("number", nullable=True),
    words("number_text", nullable=True),
    Column("issued_on", Date),
    Column("due_on", Date),
    # What it shows (JSON), and whose contacts it is addressed to: names are in `contacts` alone.
    words("content", nullable=True),
    number("contact_event", BigInteger, nullable=True),
    number("contact_party", SmallInteger, nullable=True),
    # The last part of the payment link of an issued invoice.
    words("token", nullable=True),
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
    key("clinic_no"),
    number("last_number"),
    Column("last_issued_on", Date, nullable=False),
)
# What was answered to an idempotency key, for ever.
INVOICE_ANSWERS = Table(
    "invoice_answers",
    METADATA,
    key("clinic_no"),
    key("key", Text),
    words("receipt"),
    sqlite_with_rowid=False,
)
