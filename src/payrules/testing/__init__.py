"""What whoever writes an adapter tests it with: suites for pytest that hold any adapter to the ports.

See docs/how-to/write-an-adapter.md.
"""

from payrules.testing.behaviour import Behaviour
from payrules.testing.invoices import Document, InvoiceConformance, InvoiceProvider, sample_invoice
from payrules.testing.messages import Arrived, MessageConformance, MessageProvider, sample_message

__all__ = [
    "Arrived",
    "Behaviour",
    "Document",
    "InvoiceConformance",
    "InvoiceProvider",
    "MessageConformance",
    "MessageProvider",
    "sample_invoice",
    "sample_message",
]
