"""Compiling a clinic file from its bytes, against what PyYAML alone takes to load them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import yaml

from benchmarks.measuring import Row, compared, in_turns
from benchmarks.texts import CLINIC, clinic_file
from payrules.bootstrap import build
from payrules.compiler.compile import Compiler

_AGAINST = "yaml.load, CSafeLoader"
_WITHOUT, _WITH = 1.0, 1.6


def rows(clinics: Path, repetitions: int) -> Iterator[Row]:
    """Files of 10 and 100 rules; beyond the targets, one of 1,000 and the sample clinics of the repository."""
    compiler = build().compiler
    for rules, loops in ((10, 20), (100, 3)):
        files = [(f"{CLINIC}.yaml", clinic_file(rules))]
        yield from _rows(compiler, f"compile a file of {rules} rules", files, repetitions, loops, judged=True)
    paths = sorted(path for path in clinics.glob("*.yaml") if path.suffixes == [".yaml"])
    samples = [(path.name, path.read_bytes()) for path in paths]
    yield from _rows(compiler, f"compile the {len(samples)} sample clinics", samples, repetitions, 2, judged=False)


def _rows(
    compiler: Compiler,
    workload: str,
    files: list[tuple[str, bytes]],
    repetitions: int,
    loops: int,
    *,
    judged: bool,
) -> Iterator[Row]:
    def load() -> None:
        for _, content in files:
            yaml.load(content, yaml.CSafeLoader)

    def compile_all(*, analysis: bool) -> None:
        for file, content in files:
            compiler.compile(content, file, analysis=analysis)

    for file, content in files:
        compiled = compiler.compile(content, file)
        assert compiled.version is not None
        assert not compiled.diagnostics, compiled.diagnostics[:3]
    without, whole = partial(compile_all, analysis=False), partial(compile_all, analysis=True)
    loaded, plain, analysed = in_turns((load, without, whole), repetitions, loops)
    for name, spent, target in (("", plain, _WITHOUT), (", with rule analysis", analysed, _WITH)):
        yield compared(workload + name, _AGAINST, spent, loaded, target if judged else None)
