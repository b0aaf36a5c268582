"""The SMTP adapter against the suite that every adapter has to pass."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.servers import tls
from tests.servers.smtp import smtp_double

from payrules.domain.policy import Channel
from payrules.testing import MessageConformance, MessageProvider


class TestSmtp(MessageConformance):
    channel = Channel.EMAIL

    @pytest.fixture(autouse=True)
    def _trusted(self, tmp_path: Path) -> None:
        self.ca_file = tls.authority(tmp_path)

    def provider(self) -> AbstractContextManager[MessageProvider]:
        return smtp_double(tls.good(), ca_file=self.ca_file)
