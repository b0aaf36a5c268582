"""What persons send by hand: a draft, and a payment link once more."""

from payrules.domain.action import Action, ActionKey, ActionState
from payrules.domain.decision import ActionType
from payrules.domain.events import DraftSent, LinkResent
from payrules.domain.lifecycle.acting import EndCause, actions_of, end, next_occurrence, was_dropped, with_actions
from payrules.domain.lifecycle.amounts import amount_of, is_issued
from payrules.domain.lifecycle.answers import Advanced, Note, Refusal, refused
from payrules.domain.lifecycle.deciding import Cover, channels_of, payer_of
from payrules.domain.lifecycle.persons import send_draft
from payrules.domain.policy import Channel
from payrules.domain.record import BookingRecord, BookingState

_LINK = ActionType.SEND_PAYMENT_LINK
_ON_ITS_WAY = frozenset({ActionState.WAITING, ActionState.CLAIMED})


def draft_sent(record: BookingRecord, event: DraftSent, cover: Cover) -> Advanced:
    """A person sends the draft, once it has a price and a payer who can be reached. Until its time it may be moved."""
    at, ordinal = event.occurred_at, record.invoice.ordinal
    actions = actions_of(record)
    creating = actions.get(ActionKey(ordinal, ActionType.CREATE_INVOICE))
    issuing = actions.get(ActionKey(ordinal, ActionType.ISSUE_INVOICE))
    if any(action is not None and was_dropped(action) for action in (creating, issuing)):
        return refused(record, Refusal.DRAFT_DROPPED)
    if issuing is not None and issuing.is_open and issuing.by_hand and issuing.due_at <= at:
        return refused(record, Refusal.ALREADY_SENT)
    if amount_of(record) is None:
        return refused(record, Refusal.NO_PRICE)
    if not channels_of(record, cover):
        return refused(record, Refusal.NO_CONTACT)
    return send_draft(record, cover, max(event.send_at or at, at), at)


def link_resent(record: BookingRecord, event: LinkResent, cover: Cover) -> Advanced:
    """A person sends the link again, at once: a new occurrence, which takes the place of links held or dead."""
    if record.state is BookingState.PAID:
        return refused(record, Refusal.ALREADY_PAID)
    if not is_issued(record):
        return refused(record, Refusal.NO_LINK)
    ordinal, actions = record.invoice.ordinal, actions_of(record)
    links = [a for a in record.actions if a.key.ordinal == ordinal and a.key.type is _LINK]
    channels = _as_before(record, links, cover) if event.channel is None else (event.channel,)
    if not channels or not payer_of(record).contacts.issuperset(channels):
        return refused(record, Refusal.NO_CONTACT)
    former = [link for link in links if link.key.channel in channels]
    if any(link.state in _ON_ITS_WAY for link in former):
        return refused(record, Refusal.LINK_ON_ITS_WAY)
    for link in former:
        end(actions, link, EndCause.SENT_AGAIN, event.occurred_at)
    occurrence = next_occurrence(actions, ordinal, _LINK)
    for channel in channels:
        key = ActionKey(ordinal, _LINK, channel, occurrence)
        actions[key] = Action(key, event.occurred_at, by_hand=True)
    notes = (Note.MAY_ARRIVE_TWICE,) if any(link.may_have_happened for link in former) else ()
    return Advanced(with_actions(record, actions), notes=notes)


def _as_before(record: BookingRecord, links: list[Action], cover: Cover) -> tuple[Channel, ...]:
    """The channels on which a link was delivered; where none was, those on which the first one would go out now."""
    delivered = {link.key.channel for link in links if link.state is ActionState.DELIVERED}
    known = tuple(c for c in Channel if c in delivered and c in payer_of(record).contacts)
    return known or channels_of(record, cover)
