"""PR1xx: the text of a clinic file is not the plain YAML that the format allows."""

from typing import Final

from payrules.domain.diagnostics import Code, Severity

SYNTAX: Final = (
    Code(
        "PR101",
        "the file is not YAML",
        Severity.ERROR,
        """\
The text breaks the rules of YAML: a bracket or a quotation mark that is not closed, a line that is
indented differently from its neighbours, a colon inside a text without quotation marks.

Nothing of the file can be used. The place that is shown is where reading failed; the cause is
often a line above.

Wrong:

```yaml
name: Nordlys: Psykologi AS
```

Right:

```yaml
name: "Nordlys: Psykologi AS"
```
""",
    ),
    Code(
        "PR102",
        "a tab is used for indentation",
        Severity.ERROR,
        """\
YAML is indented with spaces; a tab is not allowed there, since its width differs from editor to
editor, and the width decides which key a line belongs to.

Wrong (the second line begins with a tab):

```yaml
manual:
\tcreate_draft: false
```

Right:

```yaml
manual:
  create_draft: false
```
""",
    ),
    Code(
        "PR103",
        "a key is set twice",
        Severity.ERROR,
        """\
The same key stands twice in one mapping. Both places are shown.

Most YAML readers take the last one without a word. Which one its author meant cannot be known,
and with `process` or `price` the difference is money.

Wrong:

```yaml
manual:
  create_draft: true
  default_method: cash
  create_draft: false
```

Right:

```yaml
manual:
  create_draft: false
  default_method: cash
```
""",
    ),
    Code(
        "PR104",
        "an alias is used",
        Severity.ERROR,
        """\
`*name` repeats a value that was marked elsewhere with `&name`. Clinic files do without.

A reviewer who reads a rule should see what it does without searching for the mark, and a change at
the mark would change rules that the pull request does not show. Nested aliases can also swell a
small file until it fills the memory.

Wrong:

```yaml
manual: &by-hand {create_draft: true}
rules:
  - id: insured
    when: {payer: insurer}
    set: {process: manual, manual: *by-hand}
```

Right: write the value out.

```yaml
manual: {create_draft: true}
rules:
  - id: insured
    when: {payer: insurer}
    set: {process: manual, manual: {create_draft: true}}
```
""",
    ),
    Code(
        "PR105",
        "the nesting is too deep",
        Severity.ERROR,
        """\
Lists and mappings stand inside each other more than 32 levels deep. The format needs eight. A file
like this was damaged, or made to bring a reader down.

Wrong:

```yaml
rules: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
```

Right:

```yaml
rules: []
```
""",
    ),
    Code(
        "PR106",
        "the file holds more than one document",
        Severity.ERROR,
        """\
A line `---` begins a second YAML document in the same file.

A clinic file holds one clinic. What stands in a second document would be easy to overlook, in a
review and by a program.

Wrong:

```yaml
payments: active
---
payments: inactive
```

Right: one file for each clinic. A single `---` at the very top is fine.

```yaml
payments: active
```
""",
    ),
    Code(
        "PR107",
        "the file is not a mapping",
        Severity.ERROR,
        """\
At its top a clinic file has keys with values. This file has a list there, or a single text.

Wrong:

```yaml
- payments: active
- process: manual
```

Right:

```yaml
payments: active
process: manual
```
""",
    ),
    Code(
        "PR108",
        "an explicit tag is used",
        Severity.ERROR,
        """\
A word with an exclamation mark, such as `!!str`, gives a value another type. Clinic files do
without: what a value is can be seen from how it is written.

Wrong:

```yaml
invoice: {vat_rate: !!str 25}
```

Right: put text that looks like a number in quotation marks.

```yaml
invoice: {vat_rate: "25"}
```
""",
    ),
    Code(
        "PR109",
        "a key is a list or a mapping",
        Severity.ERROR,
        """\
Where a key should stand there is a list or a mapping. The usual cause is a template that was not
filled in: to YAML, double braces are a mapping inside a mapping.

Such a file would print the template's text on invoices, if it were read at all.

Wrong:

```yaml
name: {{ clinic_name }}
```

Right:

```yaml
name: Nordlys Psykologi AS
```
""",
    ),
    Code(
        "PR110",
        "a control character stands in the text",
        Severity.ERROR,
        """\
The text holds a character that cannot be seen or printed and that YAML does not allow, for example
a backspace (U+0008) or an escape (U+001B). It usually came along when text was pasted from a
document or a terminal.

Such a character would go into messages to clients, and two texts that look the same would differ.

The message names the character, and the line and column show where it stands. Delete it and type
the text around it anew.
""",
    ),
    Code(
        "PR111",
        "a directive of YAML",
        Severity.ERROR,
        """\
A line above the document begins with `%TAG`, or with `%YAML` and another version than 1.2. Such
lines change how a reader takes the text below; a clinic file is always read in the same way.

Wrong:

```text
%YAML 1.1
---
payrules: 1
```

Right:

```yaml
payrules: 1
```
""",
    ),
)
