"""PR0xx: a clinic file cannot be found, read or told apart from another one."""

from typing import Final

from payrules.domain.diagnostics import Code, Severity

READING: Final = (
    Code(
        "PR001",
        "the file cannot be read",
        Severity.ERROR,
        """\
The file is not there, or the system does not let payrules read it: its permissions, a broken
link, a disk that fails.

A clinic whose file cannot be read cannot be checked, and no new settings can be taken from it.

Look at the reason in the message. Check the spelling of the path, and that the user who runs
payrules may read the file:

```console
$ ls -l clinics/nordlys-psykologi.yaml
$ chmod a+r clinics/nordlys-psykologi.yaml
```
""",
    ),
    Code(
        "PR002",
        "the file is empty",
        Severity.ERROR,
        """\
The file holds nothing, or nothing but blank lines and comments.

An empty file is more often an accident (an editor that crashed, a merge gone wrong) than a wish.
It never means that payments are switched off.

To switch payments off, keep the file and write so:

```yaml
payments: inactive
```

Otherwise bring the settings back from the history of the repository.
""",
    ),
    Code(
        "PR003",
        "the file is binary",
        Severity.ERROR,
        """\
The file holds NUL bytes, which no text has. It is probably a document of a word processor or a
spreadsheet, an archive, or damaged.

Wrong:

```text
clinics/nordlys-psykologi.yaml     a Word document that was renamed
```

Right: a plain text file, written with a text editor, in the format of the reference page of the
clinic file.
""",
    ),
    Code(
        "PR004",
        "the file is not UTF-8",
        Severity.ERROR,
        """\
A byte of the file is not UTF-8 text. Older editors save `æ`, `ø`, `å` or `é` in an encoding of
their own (Latin-1, Windows-1252), and some save as UTF-16.

payrules does not guess: a wrong guess would print a wrong name on every invoice, or make a
session type of a rule differ from the one in the bookings.

The line and column show the first such byte. Save the file as UTF-8 in the editor, or convert it:

```console
$ iconv -f WINDOWS-1252 -t UTF-8 old.yaml > clinics/nordlys-psykologi.yaml
```
""",
    ),
    Code(
        "PR005",
        "the file is too large",
        Severity.ERROR,
        """\
The file is larger than 1 MiB (1,048,576 bytes), the most that is read.

The largest real clinic files are some tens of kilobytes. A file of more than a megabyte is
usually something else: an export of bookings, a log, the same rules pasted many times.

Keep bookings and client lists out of the clinic file. Where the rules are that many, look for
rules that can be one: a condition takes a list.

Wrong:

```yaml
rules:
  - {id: by-hand-1, when: {practitioner: practitioner-1}, set: {process: manual}}
  - {id: by-hand-2, when: {practitioner: practitioner-2}, set: {process: manual}}
```

Right:

```yaml
rules:
  - {id: by-hand, when: {practitioner: [practitioner-1, practitioner-2]}, set: {process: manual}}
```
""",
    ),
    Code(
        "PR006",
        "the file begins with a byte order mark",
        Severity.WARNING,
        """\
The first three bytes of the file are a byte order mark (`EF BB BF`), which some Windows editors
put there. It cannot be seen.

The meaning of the file does not change, and it is used as it is. Other programs stumble over the
mark, though, and each change of the first line then looks odd in a review.

Save the file as "UTF-8" instead of "UTF-8 with BOM".
""",
    ),
    Code(
        "PR007",
        "lines end in CRLF",
        Severity.WARNING,
        """\
Lines of the file end in CRLF, as on Windows, and not in LF.

The meaning of the file does not change, and it is used as it is. But when one editor writes CRLF
and the next one LF, a review shows every line as changed, and the one line that moves money is
easy to miss.

Let the editor end lines in LF, or let git do it for everybody:

```text
# .gitattributes
*.yaml text eol=lf
```
""",
    ),
    Code(
        "PR008",
        "a link leads out of the tree",
        Severity.ERROR,
        """\
A symbolic link in the directory of clinic files points to a file or directory outside of it.

What lies outside is not part of the reviewed files: it can change without a pull request, and
then bookings would be billed by settings that nobody has seen.

Wrong:

```text
clinics/nordlys-psykologi.yaml -> /srv/shared/nordlys.yaml
```

Right: put the file itself into the directory. A link from one file of the directory to another
place inside it is fine.
""",
    ),
    Code(
        "PR009",
        "the directory holds no clinic file",
        Severity.ERROR,
        """\
The directory was found, but no file in it ends in `.yaml`.

Zero files checked would look like success. More likely the path is wrong, or a build step did not
copy the files.

Wrong:

```console
$ payrules validate clinic/
```

Right:

```console
$ payrules validate clinics/
```
""",
    ),
    Code(
        "PR010",
        "this is not a regular file",
        Severity.ERROR,
        """\
The path names something other than a file with text in it: a device, a pipe or a socket.

Reading from such a thing can wait for ever, or give another answer each time. A clinic's settings
must be the same whenever they are read.

Replace it by a plain file.
""",
    ),
    Code(
        "PR011",
        "the file's name does not end in .yaml",
        Severity.ERROR,
        """\
Clinic files are called `<clinic>.yaml`. A file of another name, `.yml` included, is not taken for
one.

If payrules left such a file out without a word, its clinic would have no payment settings, and its
bookings no invoices.

Wrong:

```text
clinics/nordlys-psykologi.yml
```

Right:

```text
clinics/nordlys-psykologi.yaml
```
""",
    ),
    Code(
        "PR012",
        "two files define one clinic",
        Severity.ERROR,
        """\
Two of the files have the same name, in different directories, and so speak of the same clinic.

Which one holds would depend on the order in which they are read, and a booking could be billed by
either. So neither is used.

Wrong:

```text
clinics/nordlys-psykologi.yaml
clinics/oslo/nordlys-psykologi.yaml
```

Right: keep the one that holds and remove the other. The history of the repository keeps the old
settings.
""",
    ),
    Code(
        "PR013",
        "more findings than are shown",
        Severity.WARNING,
        """\
A file that is wrong in one way is often wrong in that way everywhere. The first 100 findings are
shown, errors before warnings, and this one stands where the first of the others is.

Nothing is hidden that would change the result: where the file has an error, an error is shown.

Correct what is shown and check the file again. Where the findings are all alike, look for one
cause: rules that were pasted in another form, or a rule at the top that takes every booking.
""",
    ),
    Code(
        "PR014",
        "a tests file is not a clinic file",
        Severity.ERROR,
        """\
A file called `<clinic>.tests.yaml` holds the policy tests of a clinic. It was named where a clinic
file is wanted.

In a folder tests files are passed over, and so they are beside other paths, as in
`payrules validate clinics/*.yaml`. Named alone it is a mistake: nothing would be checked.

Name the clinic file, or run the tests:

```console
$ payrules validate clinics/nordlys-psykologi.yaml
$ payrules test clinics/nordlys-psykologi.tests.yaml
```
""",
    ),
)
