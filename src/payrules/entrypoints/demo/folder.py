"""Where a demo is kept."""

from pathlib import Path
from tempfile import mkdtemp

from payrules.domain.errors import PayrulesError


class FolderError(PayrulesError):
    """The demo cannot be written where it should be."""


def folder_for(wanted: Path | None) -> Path:
    """The folder, empty: the one that is wanted, else a new temporary one. Raises FolderError."""
    try:
        if wanted is None:
            return Path(mkdtemp(prefix="payrules-demo-"))
        wanted.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(wanted.iterdir()):
            raise FolderError(f"{wanted} is not empty: name a new folder for the demo")
    except OSError as error:
        raise FolderError(
            f"the demo cannot be written to {wanted or 'a temporary folder'}: {error.strerror}"
        ) from error
    return wanted
