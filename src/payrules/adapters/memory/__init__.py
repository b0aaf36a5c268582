"""A ledger and a provider of invoices in plain dictionaries: for trying things out, tests and simulations.

They keep every promise of the ports, but nothing outlives the process.
"""

from payrules.adapters.memory.invoices import Invoice, MemoryInvoices
from payrules.adapters.memory.ledger import MemoryLedger

__all__ = ["Invoice", "MemoryInvoices", "MemoryLedger"]
