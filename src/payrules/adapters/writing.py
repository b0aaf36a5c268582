"""Messages made ready for their provider: an address it takes, and words in the payer's language."""

from payrules.adapters.addresses import Unreachable, email_of, phone_of
from payrules.app.ports import MessageRequest, Texts
from payrules.domain.action import Rejected
from payrules.domain.policy import Channel, Policy


class Writer:
    """Writes messages with texts; what cannot be reached is rejected, so that another channel may be tried."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def write(self, policy: Policy, message: MessageRequest) -> MessageRequest | Rejected:
        """The message with its address in one form, its subject, text and html. National numbers are the clinic's."""
        sms = message.channel is Channel.SMS
        address = phone_of(message.to, policy.country) if sms else email_of(message.to)
        if isinstance(address, Unreachable):
            return Rejected(address.cause)
        return self._texts.render(policy, message._replace(to=address))
