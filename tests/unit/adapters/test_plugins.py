"""Adapters are found by kind and name, and only the one that is asked for is loaded."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from payrules.adapters.memory import MemoryLedger
from payrules.adapters.messages import file_plugins, http_gateway, smtp, twilio
from payrules.adapters.messages.files import EmailFiles, SmsFiles
from payrules.adapters.messages.gateway_settings import GatewaySettings
from payrules.adapters.plugins import GROUP, Kind, NoSettings, PluginError, Surroundings, find_plugin

HERE = "payrules.adapters.messages"


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


DECLARED = [
    point("email.smtp", f"{HERE}.smtp:PLUGIN"),
    point("email.files", f"{HERE}.file_plugins:EMAIL"),
    point("sms.files", f"{HERE}.file_plugins:SMS"),
    point("sms.twilio", f"{HERE}.twilio:PLUGIN"),
    point("sms.broken", "no_such_package.at_all:PLUGIN"),
    point("sms.missing", f"{HERE}.twilio:NO_PLUGIN"),
    point("sms.wrong", f"{HERE}.smtp:PLUGIN"),
    point("sms.strange", f"{HERE}.smtp:SmtpSettings"),
]


def test_plugin_is_found_by_kind_and_name() -> None:
    assert find_plugin(Kind.EMAIL, "smtp", DECLARED) is smtp.PLUGIN
    assert find_plugin(Kind.SMS, "files", DECLARED) is file_plugins.SMS
    assert find_plugin(Kind.EMAIL, "files", DECLARED) is file_plugins.EMAIL


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        (Kind.EMAIL, "smpt", "no adapter for email is called `smpt`; did you mean `smtp`?"),
        (Kind.EMAIL, "twilio", "no adapter for email is called `twilio`; there are: files, smtp"),
        (Kind.INVOICES, "files", "no adapter for invoices is called `files`; there are: none"),
        (Kind.SMS, "broken", "the adapter `broken` for sms cannot be loaded"),
        (Kind.SMS, "missing", "the adapter `missing` for sms cannot be loaded"),
        (Kind.SMS, "wrong", "is not the plugin of an adapter for sms called `wrong`"),
        (Kind.SMS, "strange", "is not the plugin of an adapter for sms called `strange`"),
    ],
)
def test_what_cannot_be_used_is_named(kind: Kind, name: str, sentence: str) -> None:
    with pytest.raises(PluginError, match=sentence.replace("?", r"\?")):
        find_plugin(kind, name, DECLARED)


def test_two_packages_of_one_name_are_a_fault_and_one_listed_twice_is_none() -> None:
    assert find_plugin(Kind.SMS, "twilio", [*DECLARED, DECLARED[3]]) is twilio.PLUGIN
    with pytest.raises(PluginError, match="several packages bring an adapter for sms called `twilio`"):
        find_plugin(Kind.SMS, "twilio", [*DECLARED, point("sms.twilio", "other.package:PLUGIN")])


def test_built_in_plugins_build_what_they_say(tmp_path: Path) -> None:
    around = Surroundings(MemoryLedger(), tmp_path)
    assert isinstance(file_plugins.EMAIL.build(NoSettings(), around), EmailFiles)
    assert isinstance(file_plugins.SMS.build(NoSettings(), around), SmsFiles)
    account = twilio.TwilioSettings.model_validate({"account_sid": f"AC{'0' * 32}", "sender": "Nordlys", "token": "t"})
    assert twilio.PLUGIN.build(account, around).name == "twilio"
    mail = smtp.SmtpSettings(host="localhost", sender="post@clinic.example")
    assert smtp.PLUGIN.build(mail, around).name == "smtp"
    fields = {"url": "https://sms.example/", "body": {"to": "{to}", "text": "{text}"}}
    gateway = GatewaySettings.model_validate(fields)
    assert http_gateway.PLUGIN.build(gateway, around).name == "http"


def test_file_without_certificates_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing", encoding="utf-8")
    settings = smtp.SmtpSettings(host="localhost", sender="post@clinic.example", ca_file=file)
    with pytest.raises(PluginError, match=r"`smtp\.ca_file` holds no certificates"):
        smtp.PLUGIN.build(settings, Surroundings(MemoryLedger(), tmp_path))
