"""The process's own settings: from `payrules.toml` and the environment, which wins.

Every setting has a variable: `store` is PAYRULES_STORE, `host` in the table of the adapter `smtp` is
PAYRULES_SMTP_HOST. Secrets are in variables only: one that stands in the file is an error.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from payrules.domain.errors import PayrulesError

DEFAULT_FILE = "payrules.toml"
"""The settings file that is read where none is named; it need not be there."""

M = TypeVar("M", bound=BaseModel)


class SettingsError(PayrulesError):
    """The settings cannot be used. The message names the key or the variable, never a secret."""


class AdapterNames(BaseModel):
    """Which adapter does what, by its name."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    invoices: str = Field("files", description="Who keeps and issues invoices: `embedded`, `files`.")
    email: str = Field("files", description="Who sends emails: `smtp`, `files`.")
    sms: str = Field("files", description="Who sends SMS: `twilio`, `http`, `files`.")


class Basics(BaseModel):
    """The settings of the process itself; each adapter has a table of its own beside them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    store: str = Field("payrules.db", description="The store: a file for SQLite, or a postgresql:// URL.")
    out: Path = Field(Path("outbox"), description="The folder that adapters write files to.")
    link_base: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+/$",
        description="What a payment link begins with, such as `https://pay.clinic.example/`; ends with a slash.",
    )
    adapters: AdapterNames = Field(AdapterNames(), description="The adapters that are used.")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. `file` is what they were read from, None without one; `tables` are not checked yet."""

    basics: Basics
    file: str | None
    tables: Mapping[str, Mapping[str, object]]
    environment: Mapping[str, str]

    def table(self, name: str, model: type[M]) -> M:
        """The settings of the adapter `name`, as its model has them. Raises SettingsError."""
        written = dict(self.tables.get(name, {}))
        prefix = f"PAYRULES_{name.upper().replace('-', '_')}_"
        variables = {key: prefix + key.upper() for key in model.model_fields}
        for key, field in model.model_fields.items():
            if _is_secret(field) and key in written:
                raise SettingsError(
                    f"{self._file}: `{name}.{key}` is a secret and may not stand in the file; take it out (and change"
                    f" it, where others could read the file) and set the variable {variables[key]}"
                )
            if self.environment.get(variables[key]):
                written[key] = self.environment[variables[key]]
        try:
            return model.model_validate(written)
        except ValidationError as error:
            from_variables = {key: variables[key] for key, field in model.model_fields.items() if _is_secret(field)} | {
                key: variable for key, variable in variables.items() if self.environment.get(variable)
            }
            raise SettingsError("\n".join(_sentences(error, self._file, f"{name}.", model, from_variables))) from None

    def place(self, path: str) -> str:
        """Where a basic setting such as `adapters.sms` is told, or would be: a variable, or a place in the file."""
        variable = f"PAYRULES_{path.upper().replace('.', '_')}"
        return variable if self.environment.get(variable) else f"{self._file}: `{path}`"

    @property
    def _file(self) -> str:
        return self.file or f"settings (no {DEFAULT_FILE} here)"


def load_settings(path: str | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `path`, else the file that PAYRULES_SETTINGS names, else `payrules.toml` if it is there.

    Raises SettingsError where a file that was named cannot be read, or something in it is wrong.
    """
    known = os.environ if environment is None else environment
    named = path or known.get("PAYRULES_SETTINGS") or None
    content = _read(named or DEFAULT_FILE, required=named is not None)
    file = None if content is None else named or DEFAULT_FILE
    top = content or {}
    tables = {key: value for key, value in top.items() if key not in Basics.model_fields and isinstance(value, dict)}
    stray = [key for key in top if key not in Basics.model_fields and key not in tables]
    if stray:
        raise SettingsError("\n".join(f"{file}: `{key}` is no setting{_hint(key, Basics)}" for key in stray))
    written = {key: value for key, value in top.items() if key in Basics.model_fields}
    variables = {path: variable for path, variable in _variables_of(Basics, "PAYRULES") if known.get(variable)}
    for (*tables_above, key), variable in variables.items():
        place: Any = written
        for name in tables_above:
            place = place.setdefault(name, {})
        # What should be a table and is none is told below, as it stands in the file.
        if isinstance(place, dict):
            place[key] = known[variable]
    try:
        basics = Basics.model_validate(written)
    except ValidationError as error:
        named_so = {".".join(path): variable for path, variable in variables.items()}
        raise SettingsError("\n".join(_sentences(error, file or "settings", "", Basics, named_so))) from None
    return Settings(basics, file, tables, dict(known))


def _variables_of(
    model: type[BaseModel], prefix: str, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, field in model.model_fields.items():
        variable = f"{prefix}_{key.upper()}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _variables_of(field.annotation, variable, (*path, key))
        else:
            yield (*path, key), variable


def _read(path: str, *, required: bool) -> dict[str, Any] | None:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        if required:
            raise SettingsError(f"{path}: there is no such settings file") from None
        return None
    except OSError as error:
        raise SettingsError(f"{path}: the settings file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: the settings file is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in (field.annotation, *get_args(field.annotation))


def _sentences(
    error: ValidationError, file: str, prefix: str, model: type[BaseModel], variables: Mapping[str, str]
) -> Iterator[str]:
    """One line a fault: where, what, and what to do. Values are not repeated: one may be a secret.

    `variables` names the variable of each key that is, or can only be, in the environment.
    """
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        path = ".".join(map(str, fault["loc"]))
        variable = variables.get(path)
        place = f"{file}: `{prefix}{path}`" if path else f"{file}: `{prefix.rstrip('.')}`"
        if fault["type"] == "missing":
            yield f"{place} is missing; set the variable {variable}" if variable else f"{place} is missing"
        elif fault["type"] == "extra_forbidden":
            yield f"{place} is no setting{_hint(path, model)}"
        else:
            what = fault["msg"].removeprefix("Value error, ")
            yield f"{variable}: {what}" if variable else f"{place}: {what}"


def _hint(path: str, model: type[BaseModel]) -> str:
    *parents, key = path.split(".")
    for parent in parents:
        inner = model.model_fields[parent].annotation if parent in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return ""
        model = inner
    close = get_close_matches(key, model.model_fields, n=1)
    return f"; did you mean `{'.'.join([*parents, close[0]])}`?" if close else ""
