"""What is in the files of a new repository. They come from `templates/`, in which `<<word>>` stands for a value."""

import json
import re
from pathlib import Path
from typing import Final, NamedTuple

from payrules.adapters.resources import read_schema

SCHEMAS: Final = tuple(f"{kind}.v1.schema.json" for kind in ("clinic", "tests"))
_TEMPLATES: Final = Path(__file__).parent / "templates"
# Their names in the package have no dots in front: git and packagers would obey them there.
_OF_EVERYBODY: Final = {
    ".gitattributes": "gitattributes",
    ".github/CODEOWNERS": "CODEOWNERS",
    ".github/workflows/payrules.yml": "workflow.yml",
    ".gitignore": "gitignore",
    ".pre-commit-config.yaml": "pre-commit-config.yaml",
    "README.md": "README.md",
    "requirements.txt": "requirements.txt",
}
# What payrules takes for text without quotation marks.
_PLAIN: Final = re.compile(r"(?!(?:true|false|null)$)[a-z][a-z0-9 /_+-]*", re.IGNORECASE)


class FirstClinic(NamedTuple):
    """What a first clinic file says of its clinic; each is text as in the file."""

    clinic: str
    country: str
    language: str
    timezone: str
    currency: str


def clinic_file(first: FirstClinic) -> str:
    """A clinic file that explains itself."""
    return _filled("clinic.yaml", first._asdict() | {"name": first.clinic.replace("-", " ").title()})


def policy_tests_file(first: FirstClinic) -> str:
    """The tests of that clinic file."""
    return _filled("clinic.tests.yaml", first._asdict())


def common_files(version: str) -> dict[str, str]:
    """What a repository needs beside its clinic files, by path; `version` is that of payrules."""
    files = {path: _filled(name, {"version": version}) for path, name in _OF_EVERYBODY.items()}
    return files | {f"schema/{name}": read_schema(name).decode() for name in SCHEMAS}


def _filled(name: str, values: dict[str, str]) -> str:
    text = (_TEMPLATES / name).read_text(encoding="utf-8")
    for word, value in values.items():
        text = text.replace(f": <<{word}>>", f": {_as_yaml(value)}").replace(f"<<{word}>>", value)
    return text


def _as_yaml(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
