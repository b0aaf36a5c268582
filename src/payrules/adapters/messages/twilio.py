"""The settings of SMS through Twilio. The adapter itself needs the extra `payrules[twilio]`."""

from pydantic import Field, FilePath, SecretStr, field_validator, model_validator

from payrules.adapters.messages.web import safe_url
from payrules.adapters.plugins import AdapterSettings, Kind, Plugin, PluginError, Surroundings
from payrules.app.ports import MessageAdapter


class TwilioSettings(AdapterSettings):
    """The table `[twilio]`."""

    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$", description="The account, `AC…`.")
    api_key: str | None = Field(
        None,
        pattern=r"^SK[0-9a-fA-F]{32}$",
        description="The key that `token` is the secret of, `SK…`; without it `token` is the account's own.",
    )
    token: SecretStr = Field(description="The auth token, or the API key's secret.")
    sender: str | None = Field(
        None,
        pattern=r"^(\+[1-9][0-9]{5,14}|[A-Za-z0-9 ]{1,11})$",
        description="Who SMS come from: a number such as `+12025550100`, a short code, or a name (11 letters).",
    )
    messaging_service: str | None = Field(
        None, pattern=r"^MG[0-9a-fA-F]{32}$", description="A messaging service, `MG…`, instead of `sender`."
    )
    region: str | None = Field(None, pattern=r"^[a-z0-9]{2,8}$", description="Such as `ie1`; without it `us1`.")
    edge: str | None = Field(None, pattern=r"^[a-z-]{2,32}$", description="Such as `dublin`.")
    base_url: str | None = Field(None, description="Instead of Twilio's own address: for a proxy or a test.")
    ca_file: FilePath | None = Field(None, description="Certificates (PEM) to trust instead of the usual ones.")
    timeout: float = Field(30, ge=0.1, le=120, description="The longest an SMS may take, in seconds.")
    concurrency: int = Field(4, ge=1, le=64, description="SMS at once.")
    per_second: float | None = Field(None, gt=0, description="The most SMS a second.")

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, value: str | None) -> str | None:
        return None if value is None else safe_url(value).rstrip("/")

    @model_validator(mode="after")
    def _has_one_sender(self) -> "TwilioSettings":
        if (self.sender is None) == (self.messaging_service is None):
            raise ValueError("needs either `sender` or `messaging_service`")
        return self


def _build(settings: TwilioSettings, _: Surroundings) -> MessageAdapter:
    try:
        from payrules.adapters.messages.twilio_sms import TwilioMessages
    except ModuleNotFoundError as error:
        raise PluginError("SMS through Twilio need a package of theirs: pip install 'payrules[twilio]'") from error
    return TwilioMessages(settings)


PLUGIN = Plugin("twilio", Kind.SMS, TwilioSettings, _build)
