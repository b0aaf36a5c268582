"""The page docs/reference/settings.md: every setting of the process and of the built-in adapters, from their models."""

from pathlib import Path
from typing import get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from payrules.adapters.messages.gateway_settings import GatewaySettings
from payrules.adapters.messages.smtp import SmtpSettings
from payrules.adapters.messages.twilio import TwilioSettings
from payrules.settings import AdapterNames, Basics

SOURCE = "src/payrules/settings.py and the settings of the adapters"
_TABLES: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("smtp", "Emails by SMTP.", SmtpSettings),
    ("twilio", "SMS through Twilio; needs `payrules[twilio]`.", TwilioSettings),
    ("http", "SMS through any HTTP gateway.", GatewaySettings),
)


def settings_lines() -> list[str]:
    """The lines of the page, without the remark on where it comes from."""
    lines = [
        "# Settings",
        "",
        "The settings of the process, as opposed to those of clinics. They come from a TOML file: the one that",
        "PAYRULES_SETTINGS names, else `payrules.toml` in the current folder, if it is there. Every",
        "setting that is a single value has a variable too, which wins. **Secrets are in variables only.** How to use",
        "them: [connect a provider](../how-to/connect-a-provider.md).",
        "",
        "## The process",
        "",
        *_rows(Basics, "PAYRULES", skip=("adapters",)),
        "",
        "## `[adapters]`",
        "",
        *_rows(AdapterNames, "PAYRULES_ADAPTERS"),
        "",
        "The adapters called `files` and `embedded` have no settings of their own.",
    ]
    for name, what, model in _TABLES:
        lines += ["", f"## `[{name}]`", "", what, "", *_rows(model, f"PAYRULES_{name.upper()}")]
    return lines


def _rows(model: type[BaseModel], prefix: str, skip: tuple[str, ...] = ()) -> list[str]:
    lines = ["| key | variable | default | what it is |", "| --- | --- | --- | --- |"]
    for key, field in model.model_fields.items():
        if key in skip:
            continue
        name = "" if _is_secret(field) else f"`{key}`"
        variable = f"`{prefix}_{key.upper()}`" if not _has_parts(field) else ""
        lines.append(
            f"| {name} | {variable} | {_default(field)} | {(field.description or '').replace('|', chr(92) + '|')} |"
        )
    return lines


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in (field.annotation, *get_args(field.annotation))


def _has_parts(field: FieldInfo) -> bool:
    """Whether it is a table or a list, which no variable can hold."""
    return any(word in str(field.annotation) for word in ("dict[", "frozenset["))


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "needed"
    match field.default:
        case None | "":
            return ""
        case bool():
            return f"`{str(field.default).lower()}`"
        case frozenset():
            return f"`{sorted(field.default)}`"
        case Path() | str() | int() | float():
            return f"`{field.default}`"
    return ""
