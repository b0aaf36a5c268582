"""Clinic files as clinics write them, of any number of rules, the same at every run.

The rules ask for all kinds of facts, none of them is in vain, and the last one wins what is left: an everyday
booking by a client who has been there before, paid automatically with reminders.
"""

import json
from datetime import date, timedelta

CLINIC = "bench-clinic"
"""The clinic of the files, unless another is asked for."""

_TOP = """\
# yaml-language-server: $schema=../schema/clinic.v1.schema.json
# Several practitioners, each with agreements of their own. Questions: the front desk.
payrules: 1
clinic: {clinic}
name: Nordlys Psykologi og Fysioterapi AS
country: NO
language: nb
contact: {{email: post@nordlys.example}}
timezone: Europe/Oslo
currency: NOK
payments: active

process: automatic

notification:
  # A quarter of an hour gives us time to correct the booking after a session.
  send: after_appointment
  offset: 15m
  channels: [sms, email]
  delivery: all
  quiet_hours: {{from: "21:00", to: "08:00", channels: [sms]}}
reminders: [7d, 21d]

manual:
  create_draft: true
  default_method: card_terminal

invoice:
  due_in: 14d
  vat_rate: "0"          # health care is exempt
  number_prefix: NP-

session_types:
"""

_SESSION_TYPES = (
    ("individual-50", "Individual therapy 50 min", "1250.00"),
    ("couples-90", "Couples therapy 90 min", "2100.00"),
    ("family-120", "Family session 2 h", "3600.00"),
    ("physio-30", "Physiotherapy 30 min", "690.00"),
    ("physio-60", "Physiotherapy 60 min", "1090.00"),
    ("group-45", "Group training", "220.00"),
)

# One agreement of each kind for a practitioner; the fields are told in `_agreement`.
_AGREEMENTS = (
    """\
  - id: couples-by-hand-{n}
    why: the price is often adjusted after the session
    when: {{session_type: [couples-90, family-120], practitioner: {practitioner}, price: {{at_least: "2000.00"}}}}
    set: {{process: manual, manual: {{default_method: bank_transfer}}}}
""",
    """\
  - id: insurer-{n}
    why: the insurer takes our mailed invoice, and pays once a month
    when: {{payer: insurer, client_tags: {{any: [{tag}, framework-{n}]}}}}
    set:
      notification: {{send: after_appointment, offset: 1d, channels: [email]}}
      reminders: []
      invoice: {{due_in: 30d}}
""",
    """\
  - id: member-{n}
    why: members pay at the desk
    when: {{client_tags: {{all: [{tag}, member]}}, location: in_person}}
    set: {{process: manual, manual: {{create_draft: false}}}}
""",
    """\
  - id: weekend-{n}
    why: nobody is at the desk then
    when: {{practitioner: {practitioner}, weekday: [sat, sun]}}
    set: {{notification: {{send: after_booking}}}}
""",
    """\
  - id: first-visit-{n}
    why: most missed appointments are first ones
    when: {{first_visit: true, practitioner: {practitioner}, lead_time: {{at_least: 1d}}}}
    set: {{notification: {{send: before_appointment, offset: 1d}}, reminders: [1d]}}
""",
    """\
  - id: season-{n}
    when: {{starts_on: {{from: {first}, before: {after}}}, practitioner: {practitioner}, location: [online, phone]}}
    set: {{reminders: [14d, 28d], invoice: {{due_in: 28d}}}}
""",
    """\
  - id: evening-{n}
    why: evening sessions are not disturbed by messages
    when: {{practitioner: {practitioner}, start_time: {{from: "18:00", to: "23:00"}}}}
    set: {{notification: {{send: after_appointment, offset: 12h, channels: [email, sms], delivery: first_available}}}}
""",
    """\
  - id: long-session-{n}
    when: {{duration: {{at_least: 90m}}, payer: [employer, guardian], practitioner: {practitioner}}}
    set: {{invoice: {{due_in: 21d, number_prefix: NP-{n}-}}}}
""",
    """\
  - id: short-notice-{n}
    why: booked on the day, paid on the day
    when: {{lead_time: {{below: 1d}}, client_tags: {{none: [plan-{n}]}}, practitioner: {practitioner}}}
    set: {{notification: {{send: after_booking}}, invoice: {{due_in: 3d}}}}
""",
)

_LAST = """\
  - id: known-clients
    why: who has been here before gets three friendly reminders, and nothing at night
    when: {first_visit: false, session_type: [individual-50, physio-30, physio-60], client_tags: {none: [no-reminders]}}
    set:
      process: automatic
      notification: {send: after_appointment, quiet_hours: {from: "20:30", to: "08:30"}}
      reminders: [3d, 10d, 24d]
"""


def clinic_file(rules: int, clinic: str = CLINIC) -> bytes:
    """The text of a clinic file with so many rules (at least one)."""
    listed = [f'  {key}: {{name: {json.dumps(name)}, price: "{price}"}}\n' for key, name, price in _SESSION_TYPES]
    agreements = [_agreement(number) for number in range(rules - 1)]
    return (_TOP.format(clinic=clinic) + "".join(listed) + "\nrules:\n" + "\n".join([*agreements, _LAST])).encode()


def practitioner(number: int) -> str:
    """The id of a practitioner; the rules speak of the first ones."""
    return f"practitioner-{number}"


def _agreement(rule: int) -> str:
    number, kind = divmod(rule, len(_AGREEMENTS))
    first = date(2026, 12, 14) + timedelta(days=number % 40)
    return _AGREEMENTS[kind].format(
        n=number,
        practitioner=practitioner(number),
        tag=f"agreement-{number}",
        first=first,
        after=first + timedelta(days=21),
    )
