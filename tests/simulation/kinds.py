"""What must occur in the daily seeds, lest they show nothing: by the words of `World.counts`."""

from tests.simulation.books import FAULTS as STORE_FAULTS
from tests.simulation.books import FILE_FAULTS
from tests.simulation.outside import Real
from tests.simulation.providers import FAULTS
from tests.simulation.senders import Gateway, Mail, Sender

_DEATHS = ("begin", "before commit", "after commit", "after reading", "before start check", "before effect")
_EVENTS = (
    "booked", "rescheduled", "cancelled", "price_changed", "updated", "no_show", "override", "paid", "refunded",
    "credited",
)  # fmt: skip
_CALLS = (
    "create_invoice", "update_draft", "delete_draft", "issue_invoice", "send_payment_link", "send_reminder",
    "credit_invoice",
)  # fmt: skip

KINDS = (
    *(f"crash: {place}" for place in (*_DEATHS, "after effect")),
    *(f"between: {place}" for place in ("begin", "after commit", "after reading", "before start check")),
    *(f"between: {place}" for place in ("before effect", "after effect")),
    *(f"between between: {place}" for place in ("begin", "after commit", "after reading", "before start check")),
    *(f"between between: {place}" for place in ("before effect", "after effect")),
    "power cut",
    *(f"{actor} died" for actor in ("worker", "processor", "activator", "verifier", "person")),
    *(f"fault: {fault}" for fault in FAULTS),
    *(f"applied: {event}" for event in _EVENTS),
    *(f"called: {call}" for call in _CALLS),
    *(f"fate: {fate}" for fate in ("new", "applied", "repeated", "stale", "early", "refused")),
    *(f"event: {state}" for state in ("applied", "stale", "early", "refused")),
    *(f"file: {outcome}" for outcome in ("activated", "pending", "awaiting_verification", "unchanged", "rejected")),
    "file: missing",
    "file: withdrew_pending",
    "activation: superseded",
    *(
        f"person: {what}"
        for what in ("released", "dropped", "retried", "delivered", "hold", "let go", "send", "restamp")
    ),
    *(f"ends: {state}" for state in ("delivered", "rejected", "cancelled", "held")),
    "applied: booked with another id",
    "cancelled while claimed",
    "lease expired",
    "conflict",
    "long outage",
    "withdrawn",
)

MESSAGE_KINDS = tuple(f"fault: {fault}" for fault in (*Sender.anywhere, *Mail.faults, *Gateway.faults))
STORE_KINDS = tuple(f"fault: {fault}" for fault in STORE_FAULTS)
FILE_KINDS = tuple(f"fault: {fault}" for fault in FILE_FAULTS)
"""The same of the seeds with real adapters."""

_CALL = {"before effect", "after effect"}
_STORE = _CALL | {"invoice begin", "invoice before commit", "invoice after commit"}
ADAPTER_PLACES = {
    Real.MESSAGES: _CALL,
    Real.EMBEDDED: _STORE,
    Real.FILES: _STORE | {"before file", "in mid-file", "after file"},
}
"""Where a process can die in an adapter."""
