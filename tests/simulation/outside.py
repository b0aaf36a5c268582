"""What is outside of the ledger: providers that are recorded, or the real adapters over stores, files and wires."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from tests.simulation.books import Embedded, Files
from tests.simulation.processes import Disk
from tests.simulation.providers import Invoices, Messages
from tests.simulation.senders import Gateway, Mail, Sender, Twilio

from payrules.adapters.store import SqlLedger
from payrules.adapters.texts import MessageTexts
from payrules.adapters.writing import Writer
from payrules.app.ports import Ledger, MessageRequest
from payrules.app.requests import Write
from payrules.domain.action import Rejected
from payrules.domain.policy import Channel, Policy

if TYPE_CHECKING:
    from tests.simulation.world import World

FOR_EVER = 3.2e9


class Real(StrEnum):
    """Which adapters are the real ones, by the letter a case is named with."""

    NONE = ""
    MESSAGES = "w"
    """Messages over wires."""
    EMBEDDED = "e"
    """The same, and invoices in a store."""
    FILES = "f"
    """The same, and as files too."""


class Way(NamedTuple):
    """How the outside is played. `books` is a store for invoices where the ledger is none, `folder` for files."""

    real: Real = Real.NONE
    books: Disk | None = None
    folder: Path | None = None


class Outside:
    """Providers, and who writes messages to them."""

    def __init__(
        self,
        invoices: Invoices | Embedded,
        messages: Mapping[Channel, Messages | Sender],
        write: Write,
        books: Disk | None,
    ) -> None:
        self.invoices, self.messages, self.write = invoices, messages, write
        self._books = books

    @classmethod
    def of(cls, world: "World", rng: Random) -> "Outside":
        """As the way of the world says."""
        way, windows = world.way, (0.0, 3_600.0, 86_400.0, FOR_EVER)
        if way.real is Real.NONE:
            recorded = {channel: Messages(world, channel.value, rng.choice(windows)) for channel in Channel}
            return cls(Invoices(world, rng.choice((0.0, 86_400.0, FOR_EVER, FOR_EVER))), recorded, _as_it_is, None)
        hours = rng.choice((None, 0, 1, 24))
        sms = Twilio(world) if hours is None else Gateway(world, hours)
        invoices: Invoices | Embedded
        if way.real is Real.MESSAGES:
            invoices = Invoices(world, FOR_EVER)
        elif way.real is Real.EMBEDDED:
            invoices = Embedded(world)
        else:
            assert way.folder is not None
            invoices = Files(world, way.folder)
        messages = {Channel.SMS: sms, Channel.EMAIL: Mail(world)}
        return cls(invoices, messages, Writer(MessageTexts()).write, way.books)

    def open(self, ledger: Ledger) -> None:
        """Begin anew on what is durable: in the ledger's own store where it has one."""
        store = ledger if isinstance(ledger, SqlLedger) else None if self._books is None else self._books.open()
        self.invoices.open(store)

    def cut(self) -> None:
        """The power is cut."""
        if self._books is not None:
            self._books.cut()


def _as_it_is(_: Policy, message: MessageRequest) -> MessageRequest | Rejected:
    return message
