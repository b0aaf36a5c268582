"""The output of `payrules compile`."""

import json
import sys
from typing import Any

import click

from payrules.compiler.compile import Version


def print_version(version: Version, form: str) -> None:
    """Print a compiled version as `text`, `json` or `canonical`."""
    if form == "canonical":
        sys.stdout.buffer.write(version.canonical)
        return
    policy: dict[str, Any] = json.loads(version.canonical)
    effective_from = (
        None if version.effective_from is None else version.effective_from.isoformat().replace("+00:00", "Z")
    )
    if form == "json":
        found = {
            "clinic": policy["clinic"],
            "digest": version.digest,
            "effective_from": effective_from,
            "policy": policy,
        }
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    local = "at once"
    if version.effective_from is not None:
        local = f"{version.effective_from.astimezone(version.policy.zone).isoformat()} ({version.policy.timezone})"
    click.echo(f"clinic          {policy['clinic']}")
    click.echo(f"digest          {version.digest}")
    click.echo(f"effective from  {local}")
    click.echo("")
    click.echo(json.dumps(policy, ensure_ascii=False, indent=2, sort_keys=True))
