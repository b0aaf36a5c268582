"""PR320 to PR349: the clinic's own texts of messages could fail, or leave a client without the link."""

from typing import Final

from payrules.domain.diagnostics import Code, Severity

MESSAGES: Final = (
    Code(
        "PR320",
        "the text of a message cannot be read",
        Severity.ERROR,
        """\
A text under `messages` is a template: `{{ name }}` stands for a variable, and what stands between
`{% if name %}` and `{% endif %}` is left out where there is no name. Here a brace is missing, a
tag is not closed, or a tag has a name that does not exist.

A message with a broken text would fail when it is due. It is found here instead.

Wrong:

```yaml
messages:
  en:
    payment_link:
      sms: "{{ clinic_name }}: pay {{ amount } here: {{ link }}"
```

Right:

```yaml
messages:
  en:
    payment_link:
      sms: "{{ clinic_name }}: pay {{ amount }} here: {{ link }}"
```

The line in the message is a line of the text, counted from its own first line.
""",
    ),
    Code(
        "PR321",
        "the text of a message uses what it may not",
        Severity.ERROR,
        """\
A text may hold variables, `{% if %}`, `{% elif %}`, `{% else %}` and `{% endif %}`, with `and`,
`or` and `not`. It may compare `reminder` with a number up to 20. It may hold no loops, no filters
(`|`), no calls, and nothing else of the template language.

So every way through a text can be tried when the file is validated, and none fails when the
message is due.

Wrong:

```yaml
messages:
  en:
    reminder:
      subject: "{{ clinic_name|upper }}: your invoice is not paid yet"
```

Right:

```yaml
messages:
  en:
    reminder:
      subject: "{{ clinic_name }}: your invoice is not paid yet"
```

Amounts and dates come in the form that the language of the message writes them in.
""",
    ),
    Code(
        "PR322",
        "the text of a message names an unknown variable",
        Severity.ERROR,
        """\
A text can name `clinic_name`, `name`, `amount`, `due_on`, `invoice_number`, `starts_at`, `link`
and `reminder`, and no others.

There is no variable for what the session was about or who held it: messages are read by others,
too.

Wrong:

```yaml
messages:
  en:
    payment_link:
      sms: "{{ clinic }}: pay {{ amount }} here: {{ link }}"
```

Right:

```yaml
messages:
  en:
    payment_link:
      sms: "{{ clinic_name }}: pay {{ amount }} here: {{ link }}"
```
""",
    ),
    Code(
        "PR323",
        "a client would not get the payment link",
        Severity.ERROR,
        """\
Every SMS and every email must hold `{{ link }}`, whatever is known of the client and of the
invoice. A message without it asks for money that cannot be paid.

Where `{{ link }}` stands inside an `{% if %}`, the message says in which case it is missing.

Wrong:

```yaml
messages:
  en:
    payment_link:
      sms: "{{ clinic_name }}{% if due_on %}: pay by {{ due_on }}, {{ link }}{% endif %}"
```

Right:

```yaml
messages:
  en:
    payment_link:
      sms: "{{ clinic_name }}: pay{% if due_on %} by {{ due_on }}{% endif %}, {{ link }}"
```
""",
    ),
    Code(
        "PR324",
        "the text of a message shows what may be missing",
        Severity.ERROR,
        """\
The name of the client, the due date and the number of the invoice may be missing: `name`,
`due_on` and `invoice_number`. A text that shows one of them must say what it says without it.

Otherwise a client without a name is greeted with `Hello ,`.

Wrong:

```yaml
messages:
  en:
    payment_link:
      email: |
        Hello {{ name }},

        please pay {{ amount }} here: {{ link }}
```

Right:

```yaml
messages:
  en:
    payment_link:
      email: |
        Hello{% if name %} {{ name }}{% endif %},

        please pay {{ amount }} here: {{ link }}
```
""",
    ),
    Code(
        "PR325",
        "an email has a subject or a text, but not both",
        Severity.ERROR,
        """\
payrules has texts of its own in English, Norwegian and Swedish. In another language an email
needs a `subject` and an `email` text, since nobody wants a subject in one language over a text in
another.

As long as one of them is missing the other is not used, and the client gets the email in the
clinic's language, or in English.

Wrong:

```yaml
messages:
  fr:
    payment_link:
      email: "Votre facture de {{ amount }} : {{ link }}"
```

Right:

```yaml
messages:
  fr:
    payment_link:
      subject: "Votre facture"
      email: "Votre facture de {{ amount }} : {{ link }}"
```
""",
    ),
    Code(
        "PR326",
        "the text of a message can be empty",
        Severity.ERROR,
        """\
In some case nothing is left of the text, since all of it stands inside an `{% if %}`. The message
says in which case.

An empty message costs money and trust, and an email without a subject is taken for spam.

Wrong:

```yaml
messages:
  en:
    reminder:
      subject: "{% if reminder > 1 %}Your invoice is still open{% endif %}"
```

Right:

```yaml
messages:
  en:
    reminder:
      subject: "Your invoice is{% if reminder > 1 %} still{% endif %} open"
```
""",
    ),
)
