"""PR2xx: a clinic file is YAML, but not of the form that the schema describes."""

from typing import Final

from payrules.domain.diagnostics import Code, Severity

SCHEMA: Final = (
    Code(
        "PR201",
        "the key is not known",
        Severity.ERROR,
        """\
The format has no key of this name at this place. It is misspelt, indented too far or too little, or
belongs elsewhere.

A key that is not known is never skipped: a misspelt `reminders` would mean that no client is ever
reminded, and nobody would notice.

Wrong:

```yaml
reminder: [7d, 21d]
```

Right:

```yaml
reminders: [7d, 21d]
```
""",
    ),
    Code(
        "PR202",
        "a key is missing",
        Severity.ERROR,
        """\
A key that must be there is not. Some keys are always needed; `notification` is needed where
`process` is `automatic`, because then nobody but the file says when the payment link is sent.

payrules makes up no value where a wrong one would cost money or reach a client at a wrong time.

Wrong:

```yaml
notification:
  offset: 15m
```

Right:

```yaml
notification:
  send: after_appointment
  offset: 15m
```
""",
    ),
    Code(
        "PR203",
        "the value is of the wrong type",
        Severity.ERROR,
        """\
The key wants another kind of value: text where a number stands, a list where a single value
stands, or anything at all where nothing stands after the colon.

Amounts and percentages are text, in quotation marks. As a number, `1250.10` is kept by computers
only nearly, and loses its last zero; an invoice must be right to the last cent.

Wrong:

```yaml
session_types:
  individual-50: {name: Individual therapy 50 min, price: 1250.00}
```

Right:

```yaml
session_types:
  individual-50: {name: Individual therapy 50 min, price: "1250.00"}
```

A switch is `true` or `false`. Other words are text here, as in YAML 1.2: `yes`, `on` and `NO` need
no quotation marks (`country: NO` is Norway), and are no switches.

Wrong:

```yaml
manual: {create_draft: yes}
```

Right:

```yaml
manual: {create_draft: true}
```
""",
    ),
    Code(
        "PR204",
        "the value is not one of those allowed",
        Severity.ERROR,
        """\
The key takes one of a few words, and this is none of them. The message lists them. Small and
capital letters differ.

A word that is nearly right is not taken for the right one: whether a client is asked to pay before
or after the appointment must not rest on a guess.

Wrong:

```yaml
process: automatc
```

Right:

```yaml
process: automatic
```
""",
    ),
    Code(
        "PR205",
        "the value does not have the right form",
        Severity.ERROR,
        """\
The value is of the right type, but not written as the key wants it. The message says which form is
meant. Those most often mistaken:

- a duration is a whole number and `m`, `h` or `d`, without a space: `15m`, `2h`, `3d`;
- an amount has a point before its decimals, and no currency or thousands separator: `"1250.00"`;
- a time of day has four digits, in quotation marks: `"08:00"`;
- a date is year, month, day: `2027-07-01`;
- an id has small letters, digits and hyphens: `first-visit-prepaid`.

Wrong:

```yaml
notification: {send: after_appointment, offset: 15 min}
```

Right:

```yaml
notification: {send: after_appointment, offset: 15m}
```
""",
    ),
    Code(
        "PR206",
        "too few or too many",
        Severity.ERROR,
        """\
A list or mapping has too few or too many entries, or a text too few or too many characters.

A rule with an empty `when` is the case that matters most: it would hold for every booking, and the
rules below it for none.

Wrong:

```yaml
rules:
  - id: by-hand
    when: {}
    set: {process: manual}
```

Right: name the bookings that are meant, or make it the clinic's own setting.

```yaml
process: manual
```
""",
    ),
    Code(
        "PR207",
        "the same entry stands twice",
        Severity.ERROR,
        """\
A list has the same entry twice. One of them is a slip of the pen, and often another entry was
meant in its place; in a list of channels or reminders it would be a second message to a client.

Wrong:

```yaml
reminders: [7d, 21d, 21d]
```

Right:

```yaml
reminders: [7d, 21d, 42d]
```
""",
    ),
    Code(
        "PR208",
        "the format version is not supported",
        Severity.ERROR,
        """\
`payrules:` at the top of the file names the version of the file format, and this payrules does not
know that version. It is 1; it does not count the changes of your settings.

A file of a later format could mean something else by the same words, so it is not read at all.

Wrong:

```yaml
payrules: 2
```

Right:

```yaml
payrules: 1
```

If the file was written for a newer payrules, install that.
""",
    ),
)
