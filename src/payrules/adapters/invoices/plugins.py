"""The plugins of invoices that payrules keeps itself."""

from payrules.adapters.invoices.embedded import EmbeddedInvoices
from payrules.adapters.invoices.files import InvoiceFiles
from payrules.adapters.plugins import Kind, NoSettings, Plugin, PluginError, Surroundings
from payrules.adapters.store.ledger import SqlLedger


def _ledger(around: Surroundings) -> SqlLedger:
    if not isinstance(around.ledger, SqlLedger):
        raise PluginError("embedded invoices are kept in a store: SQLite or PostgreSQL")
    return around.ledger


EMBEDDED = Plugin(
    "embedded", Kind.INVOICES, NoSettings, lambda _, around: EmbeddedInvoices(_ledger(around), around.link_base)
)
FILES = Plugin(
    "files", Kind.INVOICES, NoSettings, lambda _, around: InvoiceFiles(_ledger(around), around.out, around.link_base)
)
