"""What is particular to a terminal: colour, width, and where errors go."""

import os
import shutil
import sys
from typing import TextIO

import click

from payrules.app.catalogue import Catalogue
from payrules.domain.diagnostics import Severity
from payrules.entrypoints.reporters.text import report_text


def in_colour(stream: TextIO) -> bool:
    """Whether to write colours: on a terminal, unless `NO_COLOR` is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def width_of(stream: TextIO) -> int:
    """Columns of the terminal; 100 where the output is not a terminal, unless `COLUMNS` says otherwise."""
    return shutil.get_terminal_size((100, 24)).columns if stream.isatty() or "COLUMNS" in os.environ else 100


def print_errors(catalogue: Catalogue) -> None:
    """Print the errors of clinic files to standard error; warnings are for `validate`."""
    errors = [d for d in catalogue.diagnostics if d.severity is Severity.ERROR]
    for line in report_text(errors, catalogue.sources.get, color=in_colour(sys.stderr)):
        click.echo(line, err=True)
