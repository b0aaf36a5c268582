"""Bookings in the short form of a tests file, made from facts, so that a person can paste them."""

import json
import re
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from payrules.compiler.document import resolve_scalar
from payrules.compiler.policy_tests import BOOKED_BEFORE, Short
from payrules.domain.booking import Booking
from payrules.domain.duration import format_seconds
from payrules.domain.money import MINOR_UNITS, format_minor
from payrules.domain.policy import Policy
from payrules.domain.schedule import wall_time

# Text that means itself in YAML without quotes, between braces too.
_PLAIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/@+-]|:(?=[A-Za-z0-9]))*(?<! )")


def short_of(facts: dict[str, Any], given: Short, like: Booking, policy: Policy) -> Short:
    """The short form of a booking with these facts (`Finder.find`), without what `given` says already.

    What the facts leave open is that of `like`, which is the booking that `given` alone makes.
    """
    like_local = wall_time(like.starts_at, policy.zone).replace(tzinfo=None)
    on, minute = facts.get("starts_on"), facts.get("start_time")
    local = like_local if on is None else datetime.combine(date.fromordinal(on), like_local.time())
    local = local if minute is None else datetime.combine(local.date(), time(*divmod(minute, 60)))
    short: Short = {}
    if local != like_local:
        short["starts_at"] = _wall(local)
    if "duration" in facts and timedelta(seconds=facts["duration"]) != like.ends_at - like.starts_at:
        short["duration"] = format_seconds(facts["duration"])
    if "lead_time" in facts:
        starts_at = local.replace(tzinfo=policy.zone)
        booked_at = starts_at.astimezone(like.starts_at.tzinfo) - timedelta(seconds=facts["lead_time"])
        booked = booked_at.astimezone(policy.zone).replace(tzinfo=None)
        if "booked_at" in given or booked != local - BOOKED_BEFORE:
            short["booked_at"] = _wall(booked)
    for name in ("session_type", "practitioner", "location", "payer"):
        if name in facts:
            short[name] = str(facts[name])
    if "client_tags" in facts:
        short["client_tags"] = sorted(facts["client_tags"])
    if "price" in facts and not _is_listed(facts["price"], {**given, **short}, policy):
        short["price"] = format_minor(facts["price"], MINOR_UNITS[policy.currency])
    if "first_visit" in facts:
        short["first_visit"] = facts["first_visit"]
    assumed = {"payer": "client"} | given
    return {key: value for key, value in short.items() if key not in assumed or assumed[key] != value}


def _is_listed(price: int, short: Short, policy: Policy) -> bool:
    """Whether a booking that brings no price has this one, in minor units, by the price list."""
    listed = policy.session_types.get(short.get("session_type") or "")
    return short.get("price") is None and listed is not None and listed.price == price


def as_yaml(value: Any) -> str:
    """A value in one line of YAML, as tests files write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {as_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and isinstance(resolve_scalar(value), str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _wall(local: datetime) -> str:
    return local.isoformat(timespec="seconds" if local.second else "minutes")
