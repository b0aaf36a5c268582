"""payrules with a clock that a file sets forward or back: `python stepped.py FILE ARGUMENT…`.

FILE holds how many seconds the clock is ahead of the machine's. It is read at every look at the clock, so that the
time jumps while a process runs.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from payrules import bootstrap
from payrules.entrypoints.cli import main


def jump(file: Path) -> None:
    """Make the clock of this process the file's."""
    bootstrap.now = lambda: datetime.now(UTC) + timedelta(seconds=float(file.read_text(encoding="ascii")))


if __name__ == "__main__":
    jump(Path(sys.argv.pop(1)))
    sys.argv[0] = "payrules"
    main()
