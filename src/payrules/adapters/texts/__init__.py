"""What messages say: the clinic's own texts or those that come with payrules, filled in for one client."""

from payrules.adapters.texts.message_texts import MessageTexts

__all__ = ["MessageTexts"]
