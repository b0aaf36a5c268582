"""When the actions of a decision are due. Oslo is +01:00 in winter, so 10:50 is 09:50 in UTC."""

from typing import Any

import pytest
from tests.builders import AUTOMATIC, BOTH, at, booking, payer, policy, quiet

from payrules.domain.booking import Booking
from payrules.domain.decision import ActionType, Decision, Shift, decide
from payrules.domain.duration import parse_duration
from payrules.domain.policy import Channel, Delivery, PayerKind, QuietHours, Send, Terms

SMS, EMAIL = frozenset({Channel.SMS}), frozenset({Channel.EMAIL})
CREATE, ISSUE, LINK, REMINDER = list(ActionType)[:4]


def terms(reminders: str = "", **notification: Any) -> Terms:
    """Automatic terms: 15 minutes after the appointment, unless changed."""
    changes: dict[str, Any] = {k: parse_duration(v) if k == "offset" else v for k, v in notification.items()}
    return AUTOMATIC._replace(
        notification=AUTOMATIC.notification._replace(**changes),
        reminders=tuple(map(parse_duration, reminders.split())),
    )


def december(text: str) -> Any:
    """`01 10:50` is 1 December 2026, 10:50 in Oslo."""
    day, clock = text.split()
    return at(f"2026-12-{day}T{clock}+01:00")


def links(decision: Decision) -> dict[Channel | None, tuple[Any, Shift | None]]:
    return {a.channel: (a.due_at, a.shifted_by) for a in decision.actions if a.type is LINK}


def rows(decision: Decision) -> list[tuple[ActionType, Channel | None, Any]]:
    return [(a.type, a.channel, a.due_at) for a in decision.actions]


def decided(under: Terms, here: Booking, timezone: str = "Europe/Oslo") -> Decision:
    return decide(policy(terms=under, timezone=timezone), here, here.booked_at)


@pytest.mark.parametrize(
    ("send", "offset", "due"),
    [
        # Booked on 24 November 09:00, from 10:00 to 10:50 on 1 December.
        (Send.AFTER_BOOKING, "0m", at("2026-11-24T09:00+01:00")),
        (Send.AFTER_BOOKING, "3d", at("2026-11-27T09:00+01:00")),
        (Send.BEFORE_APPOINTMENT, "0m", december("01 10:00")),
        (Send.BEFORE_APPOINTMENT, "2h", december("01 08:00")),
        (Send.BEFORE_APPOINTMENT, "3d", at("2026-11-28T10:00+01:00")),
        (Send.AFTER_APPOINTMENT, "0m", december("01 10:50")),
        (Send.AFTER_APPOINTMENT, "15m", december("01 11:05")),
        (Send.AFTER_APPOINTMENT, "2d", december("03 10:50")),
    ],
)
def test_the_link_is_due_an_offset_from_its_base(send: Send, offset: str, due: Any) -> None:
    decision = decided(terms(send=send, offset=offset), booking())
    assert links(decision) == {Channel.SMS: (due, None), Channel.EMAIL: (due, None)}


def test_the_invoice_is_drafted_at_once_and_issued_with_the_first_link() -> None:
    decision = decided(terms(), booking())
    assert rows(decision) == [
        (CREATE, None, at("2026-11-24T09:00+01:00")),
        (ISSUE, None, december("01 11:05")),
        (LINK, Channel.SMS, december("01 11:05")),
        (LINK, Channel.EMAIL, december("01 11:05")),
    ]


def test_what_is_due_together_stands_in_the_order_it_runs() -> None:
    decision = decided(terms(send=Send.AFTER_BOOKING, offset="0m"), booking())
    assert [a.type for a in decision.actions] == [CREATE, ISSUE, LINK, LINK]
    assert len({a.due_at for a in decision.actions}) == 1


def test_days_are_the_clinics_calendar_days() -> None:
    # Two days before a start on the Monday after clocks went back (25 October): 10:00 on the wall.
    here = booking("2026-10-26T10:00+01:00", "2026-10-26T10:50+01:00", "2026-10-01T10:00+02:00")
    decision = decided(terms(send=Send.BEFORE_APPOINTMENT, offset="2d"), here)
    assert links(decision)[Channel.SMS] == (at("2026-10-24T10:00+02:00"), None)


@pytest.mark.parametrize(
    ("booked_at", "due", "shifted_by"),
    [
        # Three days before is 28 November 10:00.
        ("2026-11-28T09:59:59+01:00", at("2026-11-28T10:00+01:00"), None),
        ("2026-11-28T10:00:00+01:00", at("2026-11-28T10:00+01:00"), None),
        ("2026-11-28T10:00:01+01:00", at("2026-11-28T10:00:01+01:00"), Shift.NOT_BEFORE),
        # Booked after it was over.
        ("2026-12-01T12:00:00+01:00", december("01 12:00"), Shift.NOT_BEFORE),
    ],
)
def test_nothing_is_due_before_it_was_booked(booked_at: str, due: Any, shifted_by: Shift | None) -> None:
    decision = decided(terms(send=Send.BEFORE_APPOINTMENT, offset="3d"), booking(booked_at=booked_at))
    assert links(decision) == {Channel.SMS: (due, shifted_by), Channel.EMAIL: (due, shifted_by)}
    issue = decision.actions[1]
    assert (issue.type, issue.due_at, issue.shifted_by) == (ISSUE, due, shifted_by)
    assert all(a.due_at >= at(booked_at) for a in decision.actions)


def test_deciding_again_counts_from_the_event() -> None:
    here = booking()
    decision = decide(policy(terms=terms(send=Send.AFTER_BOOKING)), here, december("01 09:00"))
    assert links(decision)[Channel.SMS] == (december("01 09:00"), Shift.NOT_BEFORE)
    assert decision.actions[0].due_at == december("01 09:00")


NIGHT = quiet("21:00", "08:00", SMS)
LATE = booking("2026-12-01T21:30+01:00", "2026-12-01T22:20+01:00")


def test_quiet_hours_hold_their_channels_alone() -> None:
    decision = decided(terms(quiet_hours=NIGHT), LATE)
    assert rows(decision) == [
        (CREATE, None, at("2026-11-24T09:00+01:00")),
        # Issued with the first link that goes out.
        (ISSUE, None, december("01 22:35")),
        (LINK, Channel.EMAIL, december("01 22:35")),
        (LINK, Channel.SMS, december("02 08:00")),
    ]
    assert [a.shifted_by for a in decision.actions] == [None, None, None, Shift.QUIET_HOURS]


def test_the_invoice_waits_where_every_channel_is_quiet() -> None:
    decision = decided(terms(quiet_hours=quiet("21:00", "08:00")), LATE)
    issue = decision.actions[1]
    assert (issue.type, issue.due_at, issue.shifted_by) == (ISSUE, december("02 08:00"), Shift.QUIET_HOURS)


def test_quiet_hours_never_change_the_channel() -> None:
    decision = decided(terms(quiet_hours=NIGHT, delivery=Delivery.FIRST_AVAILABLE), LATE)
    assert links(decision) == {Channel.SMS: (december("02 08:00"), Shift.QUIET_HOURS)}


@pytest.mark.parametrize(
    ("here", "due"),
    [
        # In New York it is 16:35, and nobody sleeps.
        (booking("2026-12-01T21:30+01:00", "2026-12-01T22:20+01:00", client_zone="America/New_York"), "01 22:35"),
        # 14:05 in Oslo is 22:05 in Tokyo: until 08:00 there, midnight in Oslo.
        (booking("2026-12-01T13:00+01:00", "2026-12-01T13:50+01:00", client_zone="Asia/Tokyo"), "02 00:00"),
        # The payer's zone, not the client's.
        (
            booking(
                "2026-12-01T13:00+01:00",
                "2026-12-01T13:50+01:00",
                client_zone="Asia/Tokyo",
                payer=payer(PayerKind.GUARDIAN, BOTH, "Europe/Oslo"),
            ),
            "01 14:05",
        ),
        # A payer whose zone is unknown has the clinic's, not the client's.
        (
            booking(
                "2026-12-01T13:00+01:00",
                "2026-12-01T13:50+01:00",
                client_zone="Asia/Tokyo",
                payer=payer(PayerKind.GUARDIAN),
            ),
            "01 14:05",
        ),
    ],
)
def test_quiet_hours_are_the_payers(here: Booking, due: str) -> None:
    decision = decided(terms(quiet_hours=quiet("21:00", "08:00")), here)
    assert links(decision)[Channel.SMS][0] == december(due)


def test_quiet_hours_win_where_both_moved_a_send() -> None:
    # Due 3 days before, booked at night: at once would be 23:00, which is quiet.
    here = booking(booked_at="2026-11-30T23:00+01:00")
    decision = decided(terms(send=Send.BEFORE_APPOINTMENT, offset="3d", quiet_hours=NIGHT), here)
    assert links(decision) == {
        Channel.SMS: (december("01 08:00"), Shift.QUIET_HOURS),
        Channel.EMAIL: (at("2026-11-30T23:00+01:00"), Shift.NOT_BEFORE),
    }


def test_a_send_out_of_last_nights_quiet_hours_is_not_before_the_booking_either() -> None:
    # Due at 01:00, quiet until 08:00, but booked at 09:30.
    here = booking(booked_at="2026-12-01T09:30+01:00")
    decision = decided(terms(send=Send.BEFORE_APPOINTMENT, offset="9h", quiet_hours=quiet("21:00", "08:00")), here)
    assert links(decision)[Channel.SMS] == (december("01 09:30"), Shift.NOT_BEFORE)


def reminders(decision: Decision) -> list[tuple[Channel | None, int, Any]]:
    return [(a.channel, a.occurrence, a.due_at) for a in decision.actions if a.type is REMINDER]


def test_reminders_count_from_the_earliest_link() -> None:
    decision = decided(terms("1d 7d", quiet_hours=NIGHT), LATE)
    # The email goes out on 1 December 22:35, and every reminder counts from there, then keeps its quiet hours.
    assert reminders(decision) == [
        (Channel.EMAIL, 1, december("02 22:35")),
        (Channel.SMS, 1, december("03 08:00")),
        (Channel.EMAIL, 2, december("08 22:35")),
        (Channel.SMS, 2, december("09 08:00")),
    ]
    assert {a.shifted_by for a in decision.actions if a.type is REMINDER and a.channel is Channel.SMS} == {
        Shift.QUIET_HOURS
    }


def test_reminders_go_out_on_the_channels_of_the_link() -> None:
    decision = decided(terms("1d"), booking(contacts=EMAIL))
    assert reminders(decision) == [(Channel.EMAIL, 1, december("02 11:05"))]


@pytest.mark.parametrize(
    ("reminder", "due"),
    # The link on Saturday 28 March 11:05 (+01:00); the night has an hour less.
    [("1d", "2026-03-29T11:05+02:00"), ("24h", "2026-03-29T12:05+02:00")],
)
def test_reminders_keep_the_wall_time_over_the_night_clocks_change(reminder: str, due: str) -> None:
    here = booking("2026-03-28T10:00+01:00", "2026-03-28T10:50+01:00", "2026-03-01T10:00+01:00")
    assert reminders(decided(terms(reminder), here))[0] == (Channel.SMS, 1, at(due))


def test_no_reminder_is_lost_where_a_long_night_turns_their_order() -> None:
    # The link on Saturday 24 October 11:05 (+02:00). A day later is 25 hours on, so 1470 minutes come before it.
    here = booking("2026-10-24T10:00+02:00", "2026-10-24T10:50+02:00", "2026-10-01T10:00+02:00")
    found = reminders(decided(terms("1d 1470m"), here))
    assert [due for channel, _, due in found if channel is Channel.SMS] == [
        at("2026-10-25T10:35+01:00"),
        at("2026-10-25T11:05+01:00"),
    ]


def test_reminders_days_are_the_clinics_not_the_payers() -> None:
    # The link on Saturday 7 March 11:05 in Oslo. New York changes its clocks that night, Oslo does not.
    here = booking(
        "2026-03-07T10:00+01:00",
        "2026-03-07T10:50+01:00",
        "2026-03-01T10:00+01:00",
        client_zone="America/New_York",
    )
    decision = decided(terms("1d"), here)
    assert reminders(decision)[0] == (Channel.SMS, 1, at("2026-03-08T11:05+01:00"))


def test_one_message_is_enough_where_quiet_hours_push_several_together() -> None:
    # Links at 22:35, reminders one and two hours later: all in one night, so the morning brings one of each.
    decision = decided(terms("1h 2h 1d", quiet_hours=NIGHT), LATE)
    sms = [(a.type, a.occurrence, a.due_at) for a in decision.actions if a.channel is Channel.SMS]
    assert sms == [(LINK, 1, december("02 08:00")), (REMINDER, 3, december("03 08:00"))]
    email = [(a.type, a.occurrence, a.due_at) for a in decision.actions if a.channel is Channel.EMAIL]
    assert email == [
        (LINK, 1, december("01 22:35")),
        (REMINDER, 1, december("01 23:35")),
        (REMINDER, 2, december("02 00:35")),
        (REMINDER, 3, december("02 22:35")),
    ]


def test_a_link_runs_before_a_reminder_that_is_due_with_it() -> None:
    # The email's reminder nine and a half hours on meets the text message that waited for the morning.
    decision = decided(terms("565m", quiet_hours=NIGHT), LATE)
    assert rows(decision)[2:] == [
        (LINK, Channel.EMAIL, december("01 22:35")),
        (LINK, Channel.SMS, december("02 08:00")),
        (REMINDER, Channel.EMAIL, december("02 08:00")),
    ]


def test_reminders_that_are_due_together_stand_in_the_order_of_the_channels() -> None:
    # The link at 11:05. Emails rest from 21:00 to 08:00: the reminder of 12 hours, at 23:05, waits there until the
    # morning, and meets the text message of the one of 1255 minutes, at 08:00.
    rest: QuietHours = quiet("21:00", "08:00", EMAIL)
    decision = decided(terms("12h 1255m", quiet_hours=rest), booking())
    assert reminders(decision) == [
        (Channel.SMS, 1, december("01 23:05")),
        (Channel.SMS, 2, december("02 08:00")),
        (Channel.EMAIL, 1, december("02 08:00")),
    ]


def test_seconds_of_the_booking_are_kept() -> None:
    here = booking(ends_at="2026-12-01T10:50:42+01:00")
    assert links(decided(terms(), here))[Channel.SMS] == (at("2026-12-01T11:05:42+01:00"), None)


def test_deciding_twice_is_the_same() -> None:
    under = policy(terms=terms("1d 7d", quiet_hours=NIGHT))
    assert decide(under, LATE, LATE.booked_at) == decide(under, LATE, LATE.booked_at)
