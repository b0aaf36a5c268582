"""The JSON Schemas that ship with payrules."""

from pathlib import Path

import payrules


def read_schema(name: str) -> bytes:
    """The text of `schema/<name>`, from the installed package or from the checkout it is run from.

    Raises FileNotFoundError where neither has it, which is a broken installation.
    """
    package = Path(payrules.__file__).parent
    installed = package / "schema" / name
    return (installed if installed.exists() else package.parents[1] / "schema" / name).read_bytes()
