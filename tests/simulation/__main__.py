"""Play simulations from their seeds: `python -m tests.simulation 17 17d 17w 17@53`."""

import sys
import tempfile
from collections import Counter
from pathlib import Path

import click
from tests.simulation.case import Case
from tests.simulation.processes import Disk
from tests.simulation.running import simulate

from payrules.adapters.store import open_store


def _say(line: str) -> None:
    click.echo(line)


@click.command()
@click.argument("cases", nargs=-1)
@click.option("--quiet", is_flag=True, help="Say only what is wrong.")
def main(cases: tuple[str, ...], *, quiet: bool) -> None:
    """Play CASES, such as 17, 17d (on a disk), 17w (real adapters) or 17@53 (one death), and tell every step."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.db"
        open_store(str(template)).close()
        counts: Counter[str] = Counter()
        for text in cases:
            case = Case.read(text)
            place = Path(folder) / text
            place.mkdir()
            outcome = simulate(case, lambda place=place: Disk(place, template), None if quiet else _say)  # type: ignore[misc]  # a bound default
            counts += outcome.counts
            for violation in outcome.violations:
                click.echo(f"{case}: {violation}", err=True)
            wrong += bool(outcome.violations)
    click.echo(f"{len(cases)} played, {wrong} wrong", err=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
