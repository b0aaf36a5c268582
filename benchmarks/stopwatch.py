"""Runs one command and tells what it took: `[seconds, peak bytes, exit code]` as JSON on standard output.

Usage: stopwatch.py OUTPUT COMMAND… — the command's own output goes into the file OUTPUT. This script is small on
purpose: the peak memory of a child begins at that of the process that starts it.
"""

import os
import sys
from time import perf_counter


def main() -> None:
    """Run the command of the arguments."""
    output, *command = sys.argv[1:]
    wanted = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    start = perf_counter()
    actions = [(os.POSIX_SPAWN_DUP2, nothing, 0), (os.POSIX_SPAWN_DUP2, wanted, 1)]
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    seconds = perf_counter() - start
    # Kilobytes, but bytes on macOS.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(f"[{seconds}, {peak}, {os.waitstatus_to_exitcode(status)}]")


if __name__ == "__main__":
    main()
