"""The adapters for SMS against the suite that every adapter has to pass."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.sms import GatewayDouble, TwilioDouble
from tests.servers.web import web_server

from payrules.testing import MessageConformance, MessageProvider


class TestTwilio(MessageConformance):
    @contextmanager
    def provider(self) -> Iterator[MessageProvider]:
        with web_server() as server:
            yield TwilioDouble(server)


class TestGatewayThatKnowsKeys(MessageConformance):
    @contextmanager
    def provider(self) -> Iterator[MessageProvider]:
        with web_server() as server:
            yield GatewayDouble(server)


class TestGatewayThatKnowsNone(MessageConformance):
    @contextmanager
    def provider(self) -> Iterator[MessageProvider]:
        with web_server() as server:
            yield GatewayDouble(server, keys=False)
