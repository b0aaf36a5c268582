"""What the first version of the tables needs beside them: numbers, and triggers that hold what must never change."""

# Numbers that nobody else gets, whatever becomes of the transaction that took them.
_SQLITE = (
    "CREATE TABLE numbers (next BIGINT NOT NULL)",
    "INSERT INTO numbers VALUES (1)",
    # The file's head tells whose it is: `payr`.
    "PRAGMA application_id = 1885436274",
    # Figures of a large store, since SQLite takes none by itself: events are found by ids, never by reading them all.
    "ANALYZE",
    "INSERT INTO sqlite_stat1 VALUES ('events', 'events', '1000000 1 1')",
    "INSERT INTO sqlite_stat1 VALUES ('events', 'events_booking_id_clinic_no', '1000000 4 4')",
    "ANALYZE sqlite_master",
)
_POSTGRESQL = (
    "CREATE SEQUENCE numbers AS BIGINT",
    """
    CREATE FUNCTION take_numbers(count INTEGER) RETURNS BIGINT LANGUAGE plpgsql AS $$
    DECLARE
        first BIGINT;
    BEGIN
        -- Held for this call only: numbers that follow each other are taken by one at a time.
        PERFORM pg_advisory_lock(1885436275);
        first := nextval('numbers');
        PERFORM setval('numbers', first + count - 1);
        PERFORM pg_advisory_unlock(1885436275);
        RETURN first;
    END $$
    """,
)

# A stamp is written once and rests on an activation of its clinic; what a person did stays; of an issued invoice
# nothing changes but that it was credited.
_SQLITE_GUARDS = (
    """
    CREATE TRIGGER stamps_on_activations BEFORE INSERT ON stamps
    WHEN NEW.sequence IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM activations WHERE clinic_no = NEW.clinic_no AND sequence = NEW.sequence
    )
    BEGIN SELECT RAISE(ABORT, 'a stamp rests on an activation of its clinic'); END
    """,
    """
    CREATE TRIGGER activations_not_deleted BEFORE DELETE ON activations
    BEGIN SELECT RAISE(ABORT, 'an activation is never deleted'); END
    """,
    """
    CREATE TRIGGER stamps_not_updated BEFORE UPDATE ON stamps
    BEGIN SELECT RAISE(ABORT, 'a stamp is written once'); END
    """,
    """
    CREATE TRIGGER stamps_not_deleted BEFORE DELETE ON stamps
    BEGIN SELECT RAISE(ABORT, 'a stamp is written once'); END
    """,
    """
    CREATE TRIGGER deeds_not_updated BEFORE UPDATE ON deeds
    BEGIN SELECT RAISE(ABORT, 'what a person did stays'); END
    """,
    """
    CREATE TRIGGER deeds_not_deleted BEFORE DELETE ON deeds
    BEGIN SELECT RAISE(ABORT, 'what a person did stays'); END
    """,
    """
    CREATE TRIGGER invoices_not_updated
    BEFORE UPDATE OF clinic_no, booking_no, ordinal, kind, total, currency, vat, number, number_text, issued_on, due_on
    ON invoices WHEN OLD.number IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END
    """,
    """
    CREATE TRIGGER invoices_not_deleted BEFORE DELETE ON invoices WHEN OLD.number IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes'); END
    """,
)
_POSTGRESQL_GUARDS = (
    """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$
    """,
    """
    CREATE FUNCTION refuse_loose_stamps() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- Distinct first: a batch has many stamps of few activations.
        IF EXISTS (
            SELECT FROM (SELECT DISTINCT clinic_no, sequence FROM added WHERE sequence IS NOT NULL) AS used
            WHERE NOT EXISTS (
                SELECT FROM activations
                WHERE activations.clinic_no = used.clinic_no AND activations.sequence = used.sequence
            )
        ) THEN
            RAISE EXCEPTION 'a stamp rests on an activation of its clinic';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER stamps_on_activations AFTER INSERT ON stamps REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_loose_stamps()
    """,
    """
    CREATE TRIGGER activations_not_deleted BEFORE DELETE OR TRUNCATE ON activations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('an activation is never deleted')
    """,
    """
    CREATE TRIGGER stamps_not_updated BEFORE UPDATE OR DELETE OR TRUNCATE ON stamps
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('a stamp is written once')
    """,
    """
    CREATE TRIGGER deeds_not_updated BEFORE UPDATE OR DELETE OR TRUNCATE ON deeds
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('what a person did stays')
    """,
    """
    CREATE TRIGGER invoices_not_updated
    BEFORE UPDATE OF clinic_no, booking_no, ordinal, kind, total, currency, vat, number, number_text, issued_on, due_on
    ON invoices FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION refuse('an issued invoice never changes')
    """,
    """
    CREATE TRIGGER invoices_not_deleted BEFORE DELETE ON invoices
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION refuse('an issued invoice never changes')
    """,
)

SQLITE = (*_SQLITE, *_SQLITE_GUARDS)
POSTGRESQL = (*_POSTGRESQL, *_POSTGRESQL_GUARDS)
"""The statements for each database, in order."""
