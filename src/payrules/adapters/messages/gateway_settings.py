"""The settings of a generic HTTP gateway: what a request to it looks like, and what its answers mean."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import Field, FilePath, SecretStr, field_validator, model_validator

from payrules.adapters.messages.web import safe_url
from payrules.adapters.plugins import AdapterSettings

_NAME = re.compile(r"\{(\w*)\}")
_NAMES = ("to", "to_digits", "text", "key", "sender", "token")
_KEEPS_SECRETS = re.compile(r"auth|key|token|secret|password|signature", re.IGNORECASE)
_SECONDS = {"m": 60, "h": 3600, "d": 86400}

T = TypeVar("T")
_Status = Annotated[int, Field(ge=200, le=599)]


class BodyForm(StrEnum):
    """How the body is written."""

    JSON = "json"
    FORM = "form"

    @property
    def media_type(self) -> str:
        """The Content-Type."""
        return "application/json" if self is BodyForm.JSON else "application/x-www-form-urlencoded"


class GatewaySettings(AdapterSettings):
    """The table `[http]`. `{to}`, `{to_digits}`, `{text}`, `{key}`, `{sender}` and `{token}` stand for values."""

    url: str = Field(description="Where SMS are sent to.")
    method: Literal["POST", "PUT"] = Field("POST", description="The method.")
    headers: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")], str] = Field(
        {}, description='Headers, such as `{Authorization = "Bearer {token}"}`.'
    )
    form: BodyForm = Field(BodyForm.JSON, description="How the body is written: `json` or `form`.")
    body: dict[str, Any] = Field(
        description='The body, such as `{to = "{to}", message = "{text}", from = "{sender}"}`.'
    )
    sender: str = Field("", max_length=20, description="Who SMS come from: `{sender}`.")
    token: SecretStr | None = Field(None, description="The secret that `{token}` stands for.")
    username: str | None = Field(None, min_length=1, description="Who logs in by HTTP Basic; without it nobody does.")
    password: SecretStr | None = Field(None, description="The password for that.")
    success: frozenset[_Status] = Field(
        frozenset({200, 201, 202}), min_length=1, description="The statuses that say the SMS was taken."
    )
    reject: frozenset[_Status] = Field(
        frozenset(), description="Those that say it never will be: of this client or this text, nothing else."
    )
    retry: frozenset[_Status] = Field(
        frozenset({429}), description="Those that say it was not taken, and may be later. `Retry-After` is kept."
    )
    receipt: str | None = Field(
        None,
        pattern=r"^[^.\s]+(\.[^.\s]+)*$",
        description="Where the message's id is in a JSON answer, such as `messages.0.id`: one without it is unclear.",
    )
    idempotency_header: str | None = Field(
        None, pattern=r"^[A-Za-z0-9-]{1,64}$", description="The header that takes the idempotency key."
    )
    key_honoured_for: str = Field(
        "0",
        pattern=r"^(0|[1-9][0-9]{0,3}[mhd])$",
        description="How long the gateway knows a key again, such as `24h`: as it promises, or `0`.",
    )
    allow_plain: bool = Field(default=False, description="Allows `http://` to another machine: everybody may read.")
    ca_file: FilePath | None = Field(None, description="Certificates (PEM) to trust instead of the usual ones.")
    timeout: float = Field(30, ge=0.1, le=120, description="The longest an SMS may take, in seconds.")
    concurrency: int = Field(4, ge=1, le=64, description="SMS at once.")
    per_second: float | None = Field(None, gt=0, description="The most SMS a second.")

    @property
    def key_honoured_seconds(self) -> float:
        """`key_honoured_for` in seconds."""
        written = self.key_honoured_for
        return 0.0 if written == "0" else float(int(written[:-1]) * _SECONDS[written[-1]])

    @property
    def login(self) -> tuple[str, str] | None:
        """User and password for HTTP Basic."""
        if self.username is None or self.password is None:
            return None
        return self.username, self.password.get_secret_value()

    @field_validator("headers")
    @classmethod
    def _hold_no_secret(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not (value.isascii() and value.isprintable()):
                raise ValueError(f"`{name}` must be printable ASCII in one line")
            if _KEEPS_SECRETS.search(name) and "{token}" not in value and "{key}" not in value:
                raise ValueError(
                    f"`{name}` looks like a secret: write {{token}} and set the variable PAYRULES_HTTP_TOKEN"
                )
        return headers

    @model_validator(mode="after")
    def _fits_together(self) -> "GatewaySettings":
        safe_url(self.url, allow_plain=self.allow_plain)
        if _NAME.search(self.url):
            raise ValueError("`url` may hold no {…}: it ends in the logs of gateways")
        if self.form is BodyForm.FORM and not all(isinstance(value, str) for value in self.body.values()):
            raise ValueError("in a form every value of `body` is text")
        in_body, in_headers = set(_names(self.body)), set(_names(self.headers))
        for name in sorted((in_body | in_headers) - set(_NAMES)):
            raise ValueError(f"{{{name}}} stands for nothing; there are {', '.join(f'{{{n}}}' for n in _NAMES)}")
        if "text" not in in_body or not in_body & {"to", "to_digits"}:
            raise ValueError("`body` needs {text}, and {to} or {to_digits}")
        if in_headers - {"token", "key", "sender"}:
            raise ValueError("`headers` may hold {token}, {key} and {sender} only")
        if ("token" in in_body | in_headers) != (self.token is not None):
            raise ValueError("{token} and the variable PAYRULES_HTTP_TOKEN belong together; one is missing")
        if "sender" in in_body | in_headers and not self.sender:
            raise ValueError("{sender} is used, and `sender` is missing")
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and the password (PAYRULES_HTTP_PASSWORD) belong together; one is missing")
        secrets = [s.get_secret_value() for s in (self.token, self.password) if s is not None]
        in_header = self.sender if "sender" in in_headers else ""
        if not all(text.isascii() and text.isprintable() for text in (*secrets, self.username or "", in_header)):
            raise ValueError("secrets, `username`, and `sender` in a header may only hold printable ASCII characters")
        if self.success & (self.reject | self.retry) or self.reject & self.retry:
            raise ValueError("a status is in two of `success`, `reject` and `retry`")
        if self.key_honoured_seconds and self.idempotency_header is None and "key" not in in_body | in_headers:
            raise ValueError("`key_honoured_for` needs the key to be sent: `idempotency_header`, or {key} in `body`")
        return self


def filled(written: T, values: Mapping[str, str]) -> T:
    """The same structure with every `{name}` in its texts replaced, once."""
    if isinstance(written, str):
        return cast(T, _NAME.sub(lambda found: values[found[1]], written))
    if isinstance(written, dict):
        return cast(T, {key: filled(value, values) for key, value in written.items()})
    if isinstance(written, list):
        return cast(T, [filled(value, values) for value in written])
    return written


def _names(written: object) -> Iterator[str]:
    """All names in braces."""
    if isinstance(written, str):
        yield from _NAME.findall(written)
    elif isinstance(written, dict):
        for value in written.values():
            yield from _names(value)
    elif isinstance(written, list):
        for value in written:
            yield from _names(value)
