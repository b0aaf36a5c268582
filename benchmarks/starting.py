"""Whole processes: how quickly the command line starts, and how it checks a folder of files."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import Row, absent, compared, processes_in_turns, seconds_of
from benchmarks.texts import CLINIC, clinic_file

_VERSION, _ONE, _FOLDER = 2.0, 4.0, 5.0
_FILES, _RULES = 1_000, 10
_PEER = "check-jsonschema"


def rows(schema: Path, repetitions: int, folder_repetitions: int) -> Iterator[Row]:
    """Starting is compared with importing click; checking a folder with check-jsonschema on the same files."""
    with TemporaryDirectory() as folder:
        yield from _start(Path(folder), repetitions)
    with TemporaryDirectory() as folder:
        yield _whole_folder(Path(folder), schema, folder_repetitions)


def _start(folder: Path, repetitions: int) -> Iterator[Row]:
    one = folder / f"{CLINIC}.yaml"
    one.write_bytes(clinic_file(_RULES))
    commands = [
        [sys.executable, "-c", "import click"],
        [*_command("payrules"), "--version"],
        [*_command("payrules"), "validate", str(one)],
    ]
    click, version, validate = (seconds_of(runs) for runs in processes_in_turns(commands, repetitions))
    for name, spent, target in (
        ("payrules --version", version, _VERSION),
        (f"payrules validate, one file of {_RULES} rules", validate, _ONE),
    ):
        yield compared(name, 'python -c "import click"', spent, click, target)


def _whole_folder(folder: Path, schema: Path, repetitions: int) -> Row:
    workload = f"payrules validate, {_FILES:,} files of {_RULES} rules"
    peer = _command(_PEER)
    if not peer:
        return absent(workload, _PEER, _FOLDER, at_least=True)
    files = []
    for number in range(_FILES):
        clinic = f"{CLINIC}-{number}"
        file = folder / f"{clinic}.yaml"
        file.write_bytes(clinic_file(_RULES, clinic))
        files.append(str(file))
    commands = [
        [*_command("payrules"), "validate", str(folder)],
        [*peer, "--schemafile", str(schema), *files],
    ]
    ours, theirs = (seconds_of(runs) for runs in processes_in_turns(commands, repetitions))
    return compared(workload, _PEER, ours, theirs, _FOLDER, faster=True)


def _command(name: str) -> Sequence[str]:
    """The command installed beside the Python that runs this; empty where it is not."""
    path = Path(sys.executable).with_name(name)
    return [str(path)] if path.exists() else []
