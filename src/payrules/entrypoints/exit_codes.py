"""Exit codes of the command line: stable, documented, told apart by scripts."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended. Where several hold: DIAGNOSTICS, then REFUSED, UNMET, UNDECIDED, CHANGES."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    DIAGNOSTICS = 3
    UNMET = 4
    UNDECIDED = 5
    CHANGES = 6
    REFUSED = 7


MEANINGS = {
    ExitCode.OK: "all is well",
    ExitCode.FAILURE: "the command failed or was refused: it says why",
    ExitCode.USAGE: "the command line is wrong",
    ExitCode.DIAGNOSTICS: "a clinic file has errors (the others were done)",
    ExitCode.UNMET: "an expectation was not met (`simulate --expect`, `test`)",
    ExitCode.UNDECIDED: "a booking is undecided (`simulate --fail-undecided`)",
    ExitCode.CHANGES: "something changes (`plan --detailed-exitcode`)",
    ExitCode.REFUSED: "some records, bookings or actions were refused (the others were done)",
}
"""What each code means, for the help and the reference."""
