"""Adapters by name: what a package, this one or a third party's, declares under the entry point group
`payrules.adapters`.

An entry point is called `<kind>.<name>`, such as `sms.twilio`, and stands for a Plugin. Only the one that is asked
for is loaded, so that a broken package disturbs nobody who does not use it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from payrules.app.ports import InvoiceAdapter, Ledger, MessageAdapter
from payrules.domain.errors import PayrulesError

GROUP = "payrules.adapters"

S = TypeVar("S", bound=BaseModel)


class PluginError(PayrulesError):
    """No adapter of that name, or one that cannot be loaded."""


class Kind(StrEnum):
    """What an adapter is for."""

    INVOICES = "invoices"
    EMAIL = "email"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an adapter may use of the process: the ledger, the folder for files, and what payment links begin with."""

    ledger: Ledger
    out: Path
    link_base: str | None = None


class AdapterSettings(BaseModel):
    """The base of an adapter's settings: frozen, nothing unknown, and no value in the text of an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class NoSettings(AdapterSettings):
    """For adapters that have none."""


@dataclass(frozen=True, slots=True)
class Plugin(Generic[S]):
    """An adapter that can be built: by kind and name, with the model of its table in the settings file.

    Plugins of one name share one table, so those of several kinds share a model too. `build` may raise PayrulesError.
    """

    name: str
    kind: Kind
    settings: type[S]
    build: Callable[[S, Surroundings], InvoiceAdapter | MessageAdapter]


def find_plugin(kind: Kind, name: str, declared: Iterable[EntryPoint] | None = None) -> Plugin[Any]:
    """The plugin of a kind by its name. Raises PluginError."""
    points = tuple(entry_points(group=GROUP) if declared is None else declared)
    found = {point.value: point for point in points if point.name == f"{kind}.{name}"}
    if not found:
        names = sorted({n for point in points for k, _, n in [point.name.partition(".")] if k == kind})
        close = get_close_matches(name, names, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"there are: {', '.join(names) or 'none'}"
        raise PluginError(f"no adapter for {kind} is called `{name}`; {hint}")
    if len(found) > 1:
        raise PluginError(f"several packages bring an adapter for {kind} called `{name}`: {', '.join(sorted(found))}")
    (point,) = found.values()
    try:
        plugin = point.load()
    except (ImportError, AttributeError) as error:
        raise PluginError(f"the adapter `{name}` for {kind} cannot be loaded ({point.value}): {error}") from error
    if not isinstance(plugin, Plugin) or (plugin.kind, plugin.name) != (kind, name):
        raise PluginError(f"{point.value} is not the plugin of an adapter for {kind} called `{name}`")
    return plugin
