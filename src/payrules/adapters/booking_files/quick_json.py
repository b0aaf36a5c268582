"""The quick way to read what nearly every line is: a `booked` event without a fault.

Pydantic reads such a line and checks it in one step, in a third of the time that the standard library and two checks
take. Whatever it refuses, or is not sure of, is left to the slow way, which explains; so both must accept the same.
"""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from payrules.app.event_shape import read_booked_json

QuickWay = Callable[[bytes], dict[str, Any] | None]
"""Reads the fields of a line whose shape is right; None where the slow way has to be taken."""

_PARTS = ("client", "price", "payer")
_BLANKS = b" \t\n\r"


def read_booked(content: bytes) -> dict[str, Any] | None:
    """The fields of a `booked` event, where the line is one beyond doubt."""
    # Other kinds of events are not worth an exception each.
    if b'"booked"' not in content:
        return None
    try:
        fields = read_booked_json(content)
    except ValidationError:
        return None
    booking = fields["booking"]
    count = len(fields) + len(booking)
    for part in _PARTS:
        inner = booking.get(part)
        if inner is not None:
            count += len(inner)
    # Without blanks every key ends in `":`. One that stands twice, which pydantic passes over, makes these more than
    # the keys that are left; so does such a sign within a text, which then costs only time.
    return fields if content.translate(None, _BLANKS).count(b'":') == count else None
