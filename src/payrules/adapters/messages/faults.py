"""What the adapters of providers raise where nobody knows whether a message went out: it counts as no answer.

Attempts show the name of the class, so the names are for people too. The texts hold no address.
"""

from payrules.domain.errors import PayrulesError


class UnansweredError(PayrulesError):
    """The message was handed over, and the connection broke or the time was up before the answer."""

    def __init__(self) -> None:
        super().__init__("the provider took the message and did not answer")


class UnclearAnswerError(PayrulesError):
    """The message was handed over, and the answer does not say whether it went out. `what` is such as `HTTP 502`."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the provider took the message; its answer is unclear: {what}")


class NotConnectedError(PayrulesError):
    """No connection, so nothing was handed over. `cause` is short and for people. Adapters make a retry of it."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause
