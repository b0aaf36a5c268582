"""PR300 to PR349: a clinic file has the right form, but what it says cannot be."""

from typing import Final

from payrules.domain.diagnostics import Code, Severity

CHECKS: Final = (
    Code(
        "PR301",
        "the clinic differs from the file's name",
        Severity.ERROR,
        """\
The value of `clinic` must be the file's name without `.yaml`. It is the name by which bookings
find their clinic.

The usual cause is a copied file in which the clinic was not changed: bookings would be billed with
the prices and the name of another clinic.

Wrong, in `clinics/nordlys-psykologi.yaml`:

```yaml
clinic: nordlys
```

Right:

```yaml
clinic: nordlys-psykologi
```

The id is permanent. A clinic with another id is another clinic to payrules, with its own timeline.
""",
    ),
    Code(
        "PR302",
        "the time zone is not known",
        Severity.ERROR,
        """\
`timezone` must be a name of the IANA time zone database, usually a continent and a city.

Quiet hours, weekdays, due dates and the time of every message are counted in this zone. A fixed
offset would be an hour off for half of the year.

Wrong:

```yaml
timezone: Europe/Olso
```

Right:

```yaml
timezone: Europe/Oslo
```
""",
    ),
    Code(
        "PR303",
        "the currency is not known",
        Severity.ERROR,
        """\
`currency` must be the code of a currency in use, after ISO 4217: NOK, SEK, DKK, EUR, GBP, USD.
Signs and everyday names (`kr`, `£`, `UKP`) and currencies of the past are none.

The currency also decides how many decimals an amount has.

Wrong:

```yaml
currency: UKP
```

Right:

```yaml
currency: GBP
```
""",
    ),
    Code(
        "PR304",
        "the amount has more decimals than the currency",
        Severity.ERROR,
        """\
The amount is finer than the smallest unit of the clinic's currency: the krone, pound and dollar
have two decimals, the yen and the Icelandic króna none.

Rounding would charge clients an amount that nobody wrote down. Fewer decimals are fine: `"1250"`
is `"1250.00"`.

Wrong:

```yaml
session_types:
  individual-50: {name: Individual therapy 50 min, price: "1250.005"}
```

Right:

```yaml
session_types:
  individual-50: {name: Individual therapy 50 min, price: "1250.01"}
```
""",
    ),
    Code(
        "PR305",
        "two rules have the same id",
        Severity.ERROR,
        """\
Each rule of a file needs an id of its own. Both places are shown.

A decision names the rule that made it. With two rules of one id, nobody could tell a client which
of them led to the invoice.

Wrong:

```yaml
rules:
  - id: by-hand
    when: {session_type: couples-90}
    set: {process: manual}
  - id: by-hand
    when: {payer: insurer}
    set: {process: manual}
```

Right:

```yaml
rules:
  - id: couples-by-hand
    when: {session_type: couples-90}
    set: {process: manual}
  - id: insurers-by-hand
    when: {payer: insurer}
    set: {process: manual}
```
""",
    ),
    Code(
        "PR306",
        "the range is empty",
        Severity.ERROR,
        """\
The range ends before it begins, or where it begins, so nothing lies in it and the rule can never
match. `at_least` and `from` count themselves; `below`, `before` and `to` do not.
Times of day may run over midnight; there only two equal ends are a mistake.

The two ends are probably the wrong way round. The bookings that the rule is meant for would be
billed as if it were not there.

Wrong:

```yaml
rules:
  - id: dear-ones-by-hand
    when: {price: {at_least: "3000", below: "2000"}}
    set: {process: manual}
```

Right:

```yaml
rules:
  - id: dear-ones-by-hand
    when: {price: {at_least: "2000", below: "3000"}}
    set: {process: manual}
```
""",
    ),
    Code(
        "PR307",
        "effective_from does not exist that day",
        Severity.ERROR,
        """\
On the night on which summer time begins, an hour of wall time is left out. `effective_from` names a
time in that hour, which no clock of the clinic ever shows.

It could be meant an hour earlier or later, and bookings made in between would get the old settings
or the new ones. So payrules does not choose.

Wrong, with `timezone: Europe/Oslo`:

```yaml
effective_from: 2027-03-28T02:30
```

Right: a time that exists, or one with an offset.

```yaml
effective_from: 2027-03-28T03:00
```
""",
    ),
    Code(
        "PR308",
        "effective_from exists twice that day",
        Severity.ERROR,
        """\
On the night on which summer time ends, the clock shows one hour twice. `effective_from` names a
time in that hour, and does not say which of the two.

Bookings made in the hour between would get the old settings or the new ones. So payrules does not
choose.

Wrong, with `timezone: Europe/Oslo`:

```yaml
effective_from: 2027-10-31T02:30
```

Right: add the offset. `+02:00` is the first of the two here, `+01:00` the second.

```yaml
effective_from: 2027-10-31T02:30+01:00
```
""",
    ),
    Code(
        "PR309",
        "the quiet hours never end",
        Severity.ERROR,
        """\
`from` and `to` of the quiet hours are the same time, so they would last the whole day and every
day, and no message could ever be sent.

Wrong:

```yaml
notification:
  send: after_appointment
  quiet_hours: {from: "21:00", to: "21:00"}
```

Right: give the hours in which clients are left alone. They may run over midnight.

```yaml
notification:
  send: after_appointment
  quiet_hours: {from: "21:00", to: "08:00"}
```

To have none at all, leave `quiet_hours` out. To send no message at all, use `process: manual`.
""",
    ),
    Code(
        "PR310",
        "the rule names an unknown session type",
        Severity.ERROR,
        """\
The file has a price list, and the rule asks for a session type that is not in it.

The id is probably misspelt, or was changed in the list and not in the rule. The rule would never
match, and its bookings would be billed as if it were not there.

Wrong:

```yaml
session_types:
  couples-90: {name: Couples therapy 90 min, price: "2100.00"}
rules:
  - id: couples-by-hand
    when: {session_type: couple-90}
    set: {process: manual}
```

Right:

```yaml
session_types:
  couples-90: {name: Couples therapy 90 min, price: "2100.00"}
rules:
  - id: couples-by-hand
    when: {session_type: couples-90}
    set: {process: manual}
```

A session type whose bookings always bring their own price may stand in the list without one.
""",
    ),
    Code(
        "PR311",
        "the country is not known",
        Severity.ERROR,
        """\
`country` must be a code of ISO 3166: two capital letters, such as NO, SE, DK, GB or US. The United
Kingdom is `GB`.

Codes that people use beside it (UK, EU, SCO) are not in the list, and the systems that get the
invoices do not know them.

Wrong:

```yaml
country: UK
```

Right:

```yaml
country: GB
```
""",
    ),
    Code(
        "PR312",
        "there is no such day or time",
        Severity.ERROR,
        """\
The date or time looks right, but the calendar does not have it.

Programs that accept such a date move it without a word, to 28 February or to 1 March. New settings
would then begin, or a rule hold, on a day that nobody chose.

Wrong:

```yaml
effective_from: 2027-02-29T00:00
```

Right:

```yaml
effective_from: 2027-03-01T00:00
```
""",
    ),
    Code(
        "PR313",
        "two reminders are due at the same time",
        Severity.ERROR,
        """\
Two entries of `reminders` are equally long, such as `24h` and `1d`. A client who has not paid would
get two messages at once, and be right to complain.

Wrong:

```yaml
reminders: [24h, 1d, 7d]
```

Right:

```yaml
reminders: [1d, 7d]
```
""",
    ),
    Code(
        "PR314",
        "nothing says when the payment link is sent",
        Severity.ERROR,
        """\
A rule makes bookings automatic, but neither the rule nor the clinic says when the payment link is
sent.

The invoices of these bookings would never be issued, and the clients never asked to pay.

Wrong:

```yaml
process: manual
rules:
  - id: online-automatic
    when: {location: online}
    set: {process: automatic}
```

Right: say it in the rule, or for the whole clinic.

```yaml
process: manual
rules:
  - id: online-automatic
    when: {location: online}
    set: {process: automatic, notification: {send: after_appointment, offset: 15m}}
```
""",
    ),
)
