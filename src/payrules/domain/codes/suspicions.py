"""From PR350 on: a clinic file can be used, but probably does not say what its author meant."""

from typing import Final

from payrules.domain.diagnostics import Code, Severity

SUSPICIONS: Final = (
    Code(
        "PR350",
        "effective_from is already past",
        Severity.WARNING,
        """\
`effective_from` names a time that is over. Settings never take effect in the past: bookings made
before keep what they were booked under.

- Where the content of the file is new, it takes effect at once, and the record says how late it
  came. Bookings made between `effective_from` and now are not touched.
- A file that is in force already is not affected. It keeps the time from which it held, and nothing
  has to be done.
- `payrules simulate` takes each file as in force from its `effective_from`, so it shows bookings of
  the time between as if the file had come in time.

If the new settings were meant for a certain day, write a time that is still to come. If they were
meant for now, leave the key out:

```yaml
payments: active
```
""",
    ),
    Code(
        "PR351",
        "the rule can never match: its conditions exclude each other",
        Severity.WARNING,
        """\
Each condition of the rule can hold, but not all of them for one booking. All keys of `when` must
hold together.

The bookings that the rule was meant for are billed as if it were not there.

Wrong (18 and 19 June 2027 are a Friday and a Saturday):

```yaml
rules:
  - id: fair-days-by-hand
    when: {weekday: sun, starts_on: {from: 2027-06-18, before: 2027-06-20}}
    set: {process: manual}
```

Right:

```yaml
rules:
  - id: fair-days-by-hand
    when: {starts_on: {from: 2027-06-18, before: 2027-06-20}}
    set: {process: manual}
```

Where either of two conditions was meant to be enough, write two rules.
""",
    ),
    Code(
        "PR352",
        "the rule can never match: earlier rules cover it",
        Severity.WARNING,
        """\
The first rule that matches wins, and every booking that this rule would match is taken by a rule
above it. Those rules are shown with it.

The rule looks as if it were in force, and is not. What it sets, a manual process or another time
for the link, happens to nobody.

Wrong:

```yaml
rules:
  - id: weekends-by-hand
    when: {weekday: [sat, sun]}
    set: {process: manual}
  - id: sundays-at-once
    when: {weekday: sun}
    set: {process: automatic, notification: {send: after_booking}}
```

Right: the special case first.

```yaml
rules:
  - id: sundays-at-once
    when: {weekday: sun}
    set: {process: automatic, notification: {send: after_booking}}
  - id: weekends-by-hand
    when: {weekday: [sat, sun]}
    set: {process: manual}
```

This is found exactly, for all possible bookings; there is no false alarm.
""",
    ),
    Code(
        "PR353",
        "without the rule no decision would change",
        Severity.WARNING,
        """\
Every booking that this rule wins would be decided the same without it: by a later rule that sets
the same, or by the clinic's own settings.

Such a rule is harmless. But it is read in every review, and the next person to change the clinic's
settings may not know that it now begins to matter.

Wrong:

```yaml
process: manual
rules:
  - id: couples-by-hand
    when: {session_type: couples-90}
    set: {process: manual}
```

Right: remove the rule, or give its `set` what was meant.

```yaml
process: manual
rules: []
```

A rule is named only if it also changes nothing once the rules that can never match (PR352) are
gone: whoever removes everything that these two warnings name changes no decision.

This speaks of bookings whose facts are all known. A booking that does not tell its session type is
held for a person as long as a rule asks for it; without the rule it may be decided.
""",
    ),
    Code(
        "PR354",
        "no price of the price list lies in the rule's range",
        Severity.WARNING,
        """\
The rule asks for a price range, and no price of the price list lies in it. The rule can match only
bookings that bring their own price.

A price list is often raised while the rules keep the old limits. The rule is then silently out of
use.

Wrong:

```yaml
session_types:
  individual-50: {name: Individual therapy 50 min, price: "1250.00"}
  couples-90: {name: Couples therapy 90 min, price: "2100.00"}
rules:
  - id: dear-ones-by-hand
    when: {price: {at_least: "2500"}}
    set: {process: manual}
```

Right:

```yaml
session_types:
  individual-50: {name: Individual therapy 50 min, price: "1250.00"}
  couples-90: {name: Couples therapy 90 min, price: "2100.00"}
rules:
  - id: dear-ones-by-hand
    when: {price: {at_least: "2000"}}
    set: {process: manual}
```

Where the rule is meant for bookings with a price of their own, all is well.
""",
    ),
    Code(
        "PR355",
        "not settled whether the rule matters",
        Severity.WARNING,
        """\
payrules looks for a booking that the rule wins, and for one whose decision it changes. For this
rule it has stopped the search after a fixed number of steps. The message says which of two it is:

- It could not be settled whether the rule can ever match. Nothing is known of the rule: PR351,
  PR352 and PR353 are not to be had for it.
- The rule can match, and only whether it changes anything is open: PR353 is not to be had for it.

Nothing is wrong with the file, and every booking is decided as always. It happens in files with
very many rules that overlap in many different ways, or that speak of hundreds of tags.

Fewer rules, with lists in their conditions, help. So does trying a booking of your own, which says
which rule wins and why the others do not:

```console
$ payrules simulate clinics/nordlys-psykologi.yaml --bookings sample.jsonl --explain
```
""",
    ),
)
