"""What a ledger keeps of clinics: timelines, verifications, holds, policies and files."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.builders import at
from tests.contracts.making import (
    DIGEST,
    OTHER_DIGEST,
    T0,
    activation_row,
    add,
    facts,
    minutes,
    new,
    open_clinic,
    policy_row,
    stored,
)

from payrules.app.ports import ConflictError, Ledger, LedgerError, Lock, Transaction
from payrules.app.rows import FileRow, HoldRow, LegalForm, VerificationRow
from payrules.domain.timeline import ActivationState

HOLD = HoldRow(1, 1, "wrong rule", "per@nordlys.example", T0)
VERIFIED = VerificationRow(1, True, LegalForm.COMPANY, "Nordlys Helse AS", "974760673", T0, "payments")
WITHDRAWN = VerificationRow(2, False, None, None, None, T0 + minutes(1), "payments")


def test_a_clinic_is_known_once_it_was_added(ledger: Ledger) -> None:
    with ledger.writing() as tx:
        assert tx.clinics(["nordlys", "vika"]) == {}
        nordlys, vika = tx.add_clinic("nordlys"), tx.add_clinic("vika")
        assert tx.add_clinic("nordlys") == nordlys

    assert (nordlys.clinic, vika.clinic) == ("nordlys", "vika")
    assert nordlys.clinic_no != vika.clinic_no
    with ledger.reading() as tx:
        assert tx.clinics(["vika", "nordlys", "typo"]) == {"nordlys": nordlys, "vika": vika}
        assert tx.all_clinics() == [nordlys, vika]


def test_many_clinics_are_added_at_once_the_known_ones_left_as_they_are(ledger: Ledger) -> None:
    with ledger.writing() as tx:
        vika = tx.add_clinic("vika")
        added = tx.add_clinics(["vika", "nordlys", "fjord", "nordlys"])
        assert tx.add_clinics([]) == {}

    assert added["vika"] == vika
    assert {(row.clinic, row.version) for row in added.values()} == {("vika", 1), ("nordlys", 1), ("fjord", 1)}
    with ledger.reading() as tx:
        assert {row.clinic: row for row in tx.all_clinics()} == added


@pytest.mark.parametrize("lock", Lock)
def test_locks_change_nothing_of_the_answer(ledger: Ledger, lock: Lock) -> None:
    open_clinic(ledger)
    with ledger.writing() as tx:
        assert tx.clinics(["nordlys", "typo"], lock).keys() == {"nordlys"}


CHANGES: dict[str, Callable[[Transaction, int], object]] = {
    "activation": lambda tx, clinic_no: tx.add_activation(clinic_no, activation_row(2)),
    "changed activation": lambda tx, clinic_no: tx.change_activation(clinic_no, 1, ActivationState.SUPERSEDED, T0),
    "verification": lambda tx, clinic_no: tx.add_verification(clinic_no, VERIFIED),
    "hold": lambda tx, clinic_no: tx.add_hold(clinic_no, HOLD),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_raises_the_version_of_its_clinic_alone(
    ledger: Ledger, change: Callable[[Transaction, int], object]
) -> None:
    clinic_no = open_clinic(ledger)
    open_clinic(ledger, "vika")
    with ledger.writing() as tx:
        before = tx.clinics(["nordlys", "vika"])
        change(tx, clinic_no)

    with ledger.reading() as tx:
        after = tx.clinics(["nordlys", "vika"])
    assert after["nordlys"].version > before["nordlys"].version
    assert after["vika"] == before["vika"]


def test_releasing_a_hold_raises_the_version(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    with ledger.writing() as tx:
        tx.add_hold(clinic_no, HOLD)
        held = tx.clinics(["nordlys"])["nordlys"].version
        tx.release_hold(clinic_no, 1, T0 + minutes(5), "ola@nordlys.example", "corrected")
        assert tx.clinics(["nordlys"])["nordlys"].version > held


# ---- timelines


def test_a_timeline_is_read_back_as_it_was_written(ledger: Ledger) -> None:
    rows = [
        activation_row(1),
        activation_row(2, state=ActivationState.WITHDRAWN, effective_from=T0 + minutes(30))._replace(source=None),
        activation_row(3, digest=None)._replace(source=None, revision=None, content_hash=None),
        activation_row(4, digest=OTHER_DIGEST, effective_at=None, state=ActivationState.AWAITING),
    ]
    with ledger.writing() as tx:
        tx.add_policy(policy_row())
        tx.add_policy(policy_row(OTHER_DIGEST))
        clinic_no, other = tx.add_clinic("nordlys").clinic_no, tx.add_clinic("vika").clinic_no
        for row in rows:
            tx.add_activation(clinic_no, row)
        tx.add_activation(other, activation_row(1))

    with ledger.reading() as tx:
        found = tx.timelines([clinic_no, other])
    assert found == {clinic_no: rows, other: [activation_row(1)]}


def test_many_activations_are_added_at_once(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")
    rows = [activation_row(2, digest=OTHER_DIGEST), activation_row(3, digest=None)]
    with ledger.writing() as tx:
        before = tx.clinics(["nordlys", "vika"])
        tx.add_policies(
            [policy_row(), policy_row(OTHER_DIGEST), policy_row(OTHER_DIGEST)._replace(source="later.yaml")]
        )
        tx.add_activations([(clinic_no, rows[0]), (other, activation_row(2)), (clinic_no, rows[1])])

    with ledger.reading() as tx:
        assert tx.policies([OTHER_DIGEST]) == {OTHER_DIGEST: policy_row(OTHER_DIGEST)}
        found, after = tx.timelines([clinic_no, other]), tx.clinics(["nordlys", "vika"])
    assert (found[clinic_no][1:], found[other][1:]) == (rows, [activation_row(2)])
    assert all(after[name].version > before[name].version for name in before)


def test_nothing_of_many_activations_is_added_where_one_cannot_be(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")
    with pytest.raises(ConflictError), ledger.writing() as tx:
        tx.add_activations([(clinic_no, activation_row(2)), (other, activation_row(1))])
    with pytest.raises(LedgerError), ledger.writing() as tx:
        tx.add_activations([(clinic_no, activation_row(2)), (other + 1, activation_row(1))])

    with ledger.reading() as tx:
        assert {number: len(rows) for number, rows in tx.timelines([clinic_no, other]).items()} == {
            clinic_no: 1,
            other: 1,
        }


def test_a_clinic_without_activations_has_an_empty_timeline(ledger: Ledger) -> None:
    with ledger.writing() as tx:
        clinic_no = tx.add_clinic("nordlys").clinic_no
        assert list(tx.timelines([clinic_no]).get(clinic_no, [])) == []


def test_an_activation_changes_state_and_time(ledger: Ledger) -> None:
    awaiting = activation_row(2, effective_at=None, state=ActivationState.AWAITING)
    clinic_no = open_clinic(ledger)
    with ledger.writing() as tx:
        tx.add_activation(clinic_no, awaiting)
        tx.change_activation(clinic_no, 2, ActivationState.RECORDED, T0 + minutes(95))
        tx.change_activation(clinic_no, 1, ActivationState.SUPERSEDED, activation_row(1).activation.effective_at)

    superseded = replace(activation_row(1).activation, state=ActivationState.SUPERSEDED)
    recorded = replace(awaiting.activation, state=ActivationState.RECORDED, effective_at=T0 + minutes(95))
    with ledger.reading() as tx:
        assert tx.timelines([clinic_no])[clinic_no] == [
            activation_row(1)._replace(activation=superseded),
            awaiting._replace(activation=recorded),
        ]


def test_no_two_activations_that_count_share_an_instant(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    same = activation_row(2, effective_at=activation_row(1).activation.effective_at)

    with pytest.raises(ConflictError), ledger.writing() as tx:
        tx.add_activation(clinic_no, same)

    with ledger.reading() as tx:
        assert tx.timelines([clinic_no])[clinic_no] == [activation_row(1)]


def test_what_never_took_effect_may_share_an_instant(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    instant = activation_row(1).activation.effective_at
    with ledger.writing() as tx:
        tx.change_activation(clinic_no, 1, ActivationState.SUPERSEDED, instant)
        tx.add_activation(clinic_no, activation_row(2, effective_at=instant))

    with ledger.reading() as tx:
        assert [row.activation.effective_at for row in tx.timelines([clinic_no])[clinic_no]] == [instant, instant]


def test_a_change_cannot_make_two_activations_share_an_instant(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    with ledger.writing() as tx:
        tx.add_activation(clinic_no, activation_row(2, effective_at=None, state=ActivationState.AWAITING))

    with pytest.raises(ConflictError), ledger.writing() as tx:
        tx.change_activation(clinic_no, 2, ActivationState.RECORDED, activation_row(1).activation.effective_at)


def test_a_sequence_number_is_given_once(ledger: Ledger) -> None:
    clinic_no = open_clinic(ledger)
    with pytest.raises(ConflictError), ledger.writing() as tx:
        tx.add_activation(clinic_no, activation_row(1, effective_at=T0 + minutes(999)))


@pytest.mark.parametrize(
    "impossible",
    [activation_row(2, digest="d" * 64), activation_row(2, effective_at=None)],
    ids=["unknown policy", "counts without a time"],
)
def test_activations_that_cannot_be_are_refused(ledger: Ledger, impossible: object) -> None:
    clinic_no = open_clinic(ledger)
    with pytest.raises(LedgerError), ledger.writing() as tx:
        tx.add_activation(clinic_no, impossible)  # type: ignore[arg-type]  # parametrize does not know the type


# ---- verifications, holds


def test_verifications_are_read_back_the_latest_last(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")
    with ledger.writing() as tx:
        tx.add_verification(clinic_no, VERIFIED)
        tx.add_verification(clinic_no, WITHDRAWN)

    with ledger.reading() as tx:
        found = tx.verifications([clinic_no, other])
    assert found[clinic_no] == [VERIFIED, WITHDRAWN]
    assert list(found.get(other, [])) == []


def test_holds_are_read_back_until_and_after_their_release(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")
    second = HoldRow(2, None, "all of it", "per@nordlys.example", T0 + minutes(1))
    with ledger.writing() as tx:
        tx.add_hold(clinic_no, HOLD)
        tx.add_hold(clinic_no, second)
        tx.release_hold(clinic_no, 1, T0 + minutes(2), "ola@nordlys.example", "corrected")

    with ledger.reading() as tx:
        found = tx.holds([clinic_no, other])
    released = HOLD._replace(released_at=T0 + minutes(2), released_by="ola@nordlys.example", release_reason="corrected")
    assert found[clinic_no] == [released, second]
    assert list(found.get(other, [])) == []


@pytest.mark.parametrize(
    "write",
    [
        lambda tx, clinic_no: tx.add_verification(clinic_no, VERIFIED),
        lambda tx, clinic_no: tx.add_hold(clinic_no, HOLD),
    ],
    ids=["verification", "hold"],
)
def test_a_number_is_given_once(ledger: Ledger, write: Callable[[Transaction, int], object]) -> None:
    clinic_no = open_clinic(ledger)
    with ledger.writing() as tx:
        write(tx, clinic_no)
    with pytest.raises(ConflictError), ledger.writing() as tx:
        write(tx, clinic_no)


# ---- what was stamped, policies, files


def test_the_latest_booked_at_is_that_of_its_clinic(ledger: Ledger) -> None:
    clinic_no, other = open_clinic(ledger), open_clinic(ledger, "vika")
    booked = {"bk-1": "2026-11-20T10:00:00+01:00", "bk-2": "2026-11-22T23:30:00-05:00", "bk-3": "2026-11-21T00:00:00Z"}
    for number, (booking_id, booked_at) in enumerate(booked.items(), 100):
        add(ledger, stored(clinic_no, number, booking_id, facts(booked_at=booked_at)))

    with ledger.writing() as tx:
        assert tx.latest_booked_at(clinic_no) == at("2026-11-23T04:30:00Z")
        assert tx.latest_booked_at(other) is None
        tx.add_bookings([new(stored(clinic_no, 200, "bk-4", facts(booked_at="2026-11-23T05:30:00+01:00")))])
        assert tx.latest_booked_at(clinic_no) == at("2026-11-23T04:30:00Z")


def test_a_policy_is_kept_as_it_first_came(ledger: Ledger) -> None:
    with ledger.writing() as tx:
        tx.add_policy(policy_row())
        tx.add_policy(policy_row()._replace(source="clinics/renamed.yaml"))
        tx.add_policy(policy_row(OTHER_DIGEST))

    with ledger.reading() as tx:
        assert tx.policies([DIGEST, "c" * 64]) == {DIGEST: policy_row()}
        assert tx.policies([DIGEST, OTHER_DIGEST]).keys() == {DIGEST, OTHER_DIGEST}


def test_files_are_put_anew_and_dropped(ledger: Ledger) -> None:
    good = FileRow("clinics/nordlys.yaml", "nordlys", T0, "f" * 64)
    broken = FileRow("clinics/æ.yaml", None, T0, None, "e" * 64, "rejected", ('{"code":"PR101"}', '{"code":"PR201"}'))
    with ledger.writing() as tx:
        tx.put_files([good, broken])
    with ledger.reading() as tx:
        assert tx.files() == {good.path: good, broken.path: broken}

    mended = broken._replace(clinic="vika", activated_hash="e" * 64, problem=None, diagnostics=())
    with ledger.writing() as tx:
        tx.put_files([mended])
        tx.drop_files([good.path, "clinics/never.yaml"])
    with ledger.reading() as tx:
        assert tx.files() == {broken.path: mended}
