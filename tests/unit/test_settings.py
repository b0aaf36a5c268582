"""The settings file and the environment: what wins, what is refused, and that no secret is told."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from payrules.settings import Settings, SettingsError, load_settings

PASSWORD = {"PAYRULES_SAMPLE_PASSWORD": "s3cret"}


class Sample(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str
    port: int = Field(587, ge=1)
    password: SecretStr
    token: SecretStr | None = None
    extra: dict[str, str] = {}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def write(text: str, path: str = "payrules.toml") -> str:
    Path(path).write_text(text, encoding="utf-8")
    return path


def load(text: str, **environment: str) -> Settings:
    return load_settings(write(text), environment)


def fault(text: str, **environment: str) -> str:
    with pytest.raises(SettingsError) as raised:
        load(text, **environment).table("sample", Sample)
    return str(raised.value)


def test_without_a_file_there_are_defaults() -> None:
    settings = load_settings(environment={})
    assert (settings.basics.store, settings.basics.out, settings.basics.link_base) == (
        "payrules.db",
        Path("outbox"),
        None,
    )
    assert settings.basics.adapters.model_dump() == {"invoices": "files", "email": "files", "sms": "files"}
    assert settings.file is None


def test_file_is_the_one_named_then_that_of_the_variable_then_the_default() -> None:
    write('store = "default.db"')
    write('store = "variable.db"', "variable.toml")
    write('store = "named.db"', "named.toml")
    environment = {"PAYRULES_SETTINGS": "variable.toml"}
    assert load_settings("named.toml", environment).basics.store == "named.db"
    assert load_settings(environment=environment).basics.store == "variable.db"
    assert load_settings(environment={}).basics.store == "default.db"


def test_environment_wins_over_the_file() -> None:
    basics = load(
        'store = "file.db"\nlink_base = "https://pay.clinic.example/"\n[adapters]\nemail = "files"\nsms = "twilio"',
        PAYRULES_STORE="environment.db",
        PAYRULES_ADAPTERS_EMAIL="smtp",
        PAYRULES_LINK_BASE="",
    ).basics
    assert basics.store == "environment.db"
    assert (basics.adapters.email, basics.adapters.sms) == ("smtp", "twilio")
    assert basics.link_base == "https://pay.clinic.example/"


def test_environment_alone_will_do() -> None:
    basics = load_settings(environment={"PAYRULES_OUT": "letters", "PAYRULES_ADAPTERS_SMS": "http"}).basics
    assert (basics.out, basics.adapters.sms, basics.adapters.email) == (Path("letters"), "http", "files")


def test_table_takes_secrets_and_other_settings_from_variables() -> None:
    table = load(
        '[sample]\nhost = "one"\nport = 25\nextra = {a = "b"}',
        **PASSWORD,
        PAYRULES_SAMPLE_PORT="465",
    ).table("sample", Sample)
    assert (table.host, table.port, table.extra) == ("one", 465, {"a": "b"})
    assert table.password.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(table)


def test_name_with_a_hyphen_has_variables_with_an_underscore() -> None:
    settings = load(
        "", **{f"PAYRULES_MY_SMS_{key}": value for key, value in {"HOST": "one", "PASSWORD": "s3cret"}.items()}
    )
    assert settings.table("my-sms", Sample).host == "one"


@pytest.mark.parametrize(
    ("text", "environment", "sentence"),
    [
        (
            '[sample]\nhost = "one"\npassword = "s3cret"',
            {},
            "payrules.toml: `sample.password` is a secret and may not stand in the file",
        ),
        (
            '[sample]\nhost = "one"\ntoken = "s3cret"',
            {"PAYRULES_SAMPLE_PASSWORD": "s3cret"},
            "payrules.toml: `sample.token` is a secret and may not stand in the file",
        ),
        (
            '[sample]\nhost = "one"',
            {},
            "payrules.toml: `sample.password` is missing; set the variable PAYRULES_SAMPLE_PASSWORD",
        ),
        (
            '[sample]\nhots = "one"',
            {"PAYRULES_SAMPLE_PASSWORD": "s3cret"},
            "payrules.toml: `sample.host` is missing\npayrules.toml: `sample.hots` is no setting; did you mean `host`?",
        ),
        (
            '[sample]\nhost = "one"\nport = "s3cret"',
            {"PAYRULES_SAMPLE_PASSWORD": "s3cret"},
            "payrules.toml: `sample.port`: Input should be a valid integer, unable to parse string as an integer",
        ),
        (
            '[sample]\nhost = "one"',
            {"PAYRULES_SAMPLE_PASSWORD": "s3cret", "PAYRULES_SAMPLE_PORT": "0"},
            "PAYRULES_SAMPLE_PORT: Input should be greater than or equal to 1",
        ),
        ('stroe = "s3cret"', {}, "payrules.toml: `stroe` is no setting; did you mean `store`?"),
        (
            "[adapters]\nemial = 's3cret'",
            {},
            "payrules.toml: `adapters.emial` is no setting; did you mean `adapters.email`?",
        ),
        ("store = 3", {}, "payrules.toml: `store`: Input should be a valid string"),
        ("link_base = 'https://pay.clinic.example'", {}, "payrules.toml: `link_base`: String should match pattern"),
        ("adapters = 's3cret'", {}, "payrules.toml: `adapters`: Input should be a valid dictionary"),
        ("[sample", {}, "payrules.toml: not TOML: "),
        ("store = 's3cret", {}, "payrules.toml: not TOML: "),
    ],
)
def test_fault_says_where_and_what_to_do_and_no_secret(text: str, environment: dict[str, str], sentence: str) -> None:
    told = fault(text, **environment)
    assert told.startswith(sentence)
    assert "s3cret" not in told


def test_secret_in_the_file_is_told_with_its_variable() -> None:
    told = fault('[sample]\nhost = "one"\npassword = "s3cret"')
    assert told.endswith("and set the variable PAYRULES_SAMPLE_PASSWORD")


def test_variable_that_is_wrong_is_named() -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(environment={"PAYRULES_LINK_BASE": "s3cret"})
    assert str(raised.value).startswith("PAYRULES_LINK_BASE: String should match pattern")
    assert "s3cret" not in str(raised.value)


def test_variable_beside_a_table_that_is_none() -> None:
    assert fault("adapters = 's3cret'", PAYRULES_ADAPTERS_SMS="http").startswith("payrules.toml: `adapters`: Input")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "there is no such settings file"), (b"\xff", "is not UTF-8"), (b"\xef\xbb\xbfstore = 1", "valid string")],
)
def test_file_that_was_named_must_be_readable(content: bytes | None, sentence: str) -> None:
    if content is not None:
        Path("mine.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=rf"mine\.toml.*{sentence}"):
        load_settings("mine.toml", {})


def test_folder_is_no_settings_file() -> None:
    Path("folder.toml").mkdir()
    with pytest.raises(SettingsError, match=r"folder\.toml: the settings file cannot be read"):
        load_settings("folder.toml", {})


def test_settings_cannot_be_changed() -> None:
    settings: Any = load_settings(environment={})
    with pytest.raises(ValueError, match="frozen"):
        settings.basics.store = "other.db"
