"""The plugins of messages as files: they are written below the folder `out` of the settings."""

from payrules.adapters.messages.files import EmailFiles, SmsFiles
from payrules.adapters.plugins import Kind, NoSettings, Plugin

EMAIL = Plugin("files", Kind.EMAIL, NoSettings, lambda _, around: EmailFiles(around.out))
SMS = Plugin("files", Kind.SMS, NoSettings, lambda _, around: SmsFiles(around.out))
