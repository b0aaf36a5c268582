"""The texts that come with payrules, one file a language."""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from payrules.domain.policy import MessageKind, TextPart

_FOLDER = Path(__file__).parent / "built_in"


class BuiltIn(NamedTuple):
    """The templates of one language, and the words on the button of an email."""

    templates: dict[tuple[MessageKind, TextPart], str]
    button: str


@cache
def built_in(language: str) -> BuiltIn:
    """The texts of one of `BUILT_IN`. Raises OSError where the package is incomplete."""
    content = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    templates = {(kind, part): content[kind][part] for kind in MessageKind for part in TextPart}
    return BuiltIn(templates, content["button"])


@cache
def page_template() -> str:
    """The HTML page of every email, a Jinja2 template that escapes what is filled in."""
    return (_FOLDER / "email.html").read_text(encoding="utf-8")
