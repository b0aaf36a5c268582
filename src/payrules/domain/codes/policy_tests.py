"""PR5xx: a tests file has the right form, but does not fit the clinic file it tests."""

from typing import Final

from payrules.domain.diagnostics import Code, Severity

POLICY_TESTS: Final = (
    Code(
        "PR501",
        "no clinic file stands beside the tests file",
        Severity.ERROR,
        """\
The tests of `clinics/nordlys-psykologi.yaml` stand in `clinics/nordlys-psykologi.tests.yaml`, in
the same folder. Here there is a tests file, and no clinic file of that name.

The usual causes are a typo in one of the two names, or a clinic file that was renamed or removed
without its tests. Such tests would run never again, and nobody would notice.

Rename the tests file like the clinic file, or remove it:

```console
$ git mv clinics/nordlys.tests.yaml clinics/nordlys-psykologi.tests.yaml
```
""",
    ),
    Code(
        "PR502",
        "the clinic differs from the tests file's name",
        Severity.ERROR,
        """\
The value of `clinic` must be the name of the tests file without `.tests.yaml`, which is that of the
clinic file beside it.

The usual cause is a copied tests file in which the clinic was not changed: its tests would speak of
another clinic than their author believes.

Wrong, in `clinics/nordlys-psykologi.tests.yaml`:

```yaml
clinic: nordlys
```

Right:

```yaml
clinic: nordlys-psykologi
```
""",
    ),
    Code(
        "PR503",
        "two tests have the same name",
        Severity.ERROR,
        """\
The name of a test says what it shows, and the output names a test that fails by it. Each name is
used once in the file.

The usual cause is a test that was copied, and of which only the booking was changed.

Wrong:

```yaml
tests:
  - {name: a first visit, booking: {first_visit: true}, expect: {rule: first-visit-prepaid}}
  - {name: a first visit, booking: {first_visit: false}, expect: {rule: null}}
```

Right:

```yaml
tests:
  - {name: a first visit, booking: {first_visit: true}, expect: {rule: first-visit-prepaid}}
  - {name: a later visit, booking: {first_visit: false}, expect: {rule: null}}
```
""",
    ),
    Code(
        "PR504",
        "a test expects a rule that the clinic does not have",
        Severity.ERROR,
        """\
`rule` names the rule that must decide by its `id` in the clinic file. There is none of that id.

The usual causes are a typo, and a rule that was renamed or removed without its tests.

Wrong:

```yaml
tests:
  - {name: a first visit, booking: {first_visit: true}, expect: {rule: first-visit}}
```

Right:

```yaml
tests:
  - {name: a first visit, booking: {first_visit: true}, expect: {rule: first-visit-prepaid}}
```

Where no rule is to decide, write `rule: null`, or `rule: defaults`.
""",
    ),
    Code(
        "PR505",
        "a time does not exist in the clinic's zone, or exists twice",
        Severity.ERROR,
        """\
Times of a tests file are what the clock on the clinic's wall shows. In the night in which clocks go
forward an hour of it is left out, and in the night in which they go back an hour comes twice, so
that nobody can tell which one is meant.

Take another time, or write the offset that you mean.

Wrong, since the clock in Oslo shows half past two twice in that night:

```yaml
given: {starts_at: 2026-10-25T02:30}
```

Right:

```yaml
given: {starts_at: 2026-10-25T02:30+01:00}
```
""",
    ),
    Code(
        "PR506",
        "a test books a session type that the price list does not have",
        Severity.WARNING,
        """\
The clinic file has a price list, `session_types`, and the booking of this test has a session type
that is not in it. A booking system may send such a booking, so the test runs; but then no rule that
asks for a session type applies to it, and its price is what it brings itself.

The usual causes are a typo, and a session type that was renamed or removed without its tests. Such
a test may go on passing, and no longer show what its name says.

Wrong, where the price list has `individual-50`:

```yaml
given: {session_type: individal-50, price: "100.00"}
```

Right:

```yaml
given: {session_type: individual-50, price: "100.00"}
```
""",
    ),
    Code(
        "PR510",
        "a policy test is not met",
        Severity.ERROR,
        """\
A test of the tests file expects something else of its booking than the clinic file says. Either
the clinic file does what nobody meant, or what is meant has changed and the test has not.

`payrules test` shows what was expected and what came out side by side, with the rule that decided
and its line. Look at the change under review first: a test that fails is what tests are for.

This code is written by `payrules test --format github`.
""",
    ),
    Code(
        "PR511",
        "no policy test covers this",
        Severity.ERROR,
        """\
`--min-coverage` asks for tests of more rules and boundaries than there are tests of. No test of
the clinic has a booking that this rule decides, or that lies on this side of the boundary.

A boundary is where mistakes are made that nobody sees in a file: `at_least` in the place of
`below`, a day too much, 2000.01 for 2000.00. A test on either side of it keeps it where it is.

The help names a booking to write a test with, where one was found. `payrules test --uncovered`
shows every such place, with whole tests to paste.

This code is written by `payrules test --format github`.
""",
    ),
)
