"""What a clinic's country tells of its time zone, currency and language."""

from importlib.resources import files
from typing import NamedTuple

from babel.languages import get_official_languages
from babel.numbers import get_territory_currencies

from payrules.domain.money import MINOR_UNITS


class Locality(NamedTuple):
    """The time zones of a country (IANA names), its currency and its first official language; None: not known.

    Where the clocks of all zones go alike from now on it is the first: for Germany Berlin, and not Büsingen too.
    """

    timezones: tuple[str, ...]
    currency: str | None
    language: str | None


def locality_of(country: str) -> Locality:
    """What is known of a country, given as its two letters of ISO 3166."""
    folder = files("tzdata").joinpath("zoneinfo")
    lines = folder.joinpath("zone.tab").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    zones = tuple(row[2] for row in rows if row[0] == country)
    # The last line of a TZif file (RFC 9636) is the rule for all time to come.
    if len({folder.joinpath(zone).read_bytes().splitlines()[-1] for zone in zones}) == 1:
        zones = zones[:1]
    languages = [tag.partition("_")[0] for tag in get_official_languages(country, de_facto=True)]
    # Written Norwegian is one of two; most write this one.
    language = {"no": "nb"}.get(languages[0], languages[0]) if languages else None
    # CLDR may still name a currency that has been replaced.
    currency = next((code for code in get_territory_currencies(country) if code in MINOR_UNITS), None)
    return Locality(zones, currency, language)
