"""Currency codes that people write and ISO 4217 does not have, or not any more, and what to write for them."""

from collections.abc import Iterable
from typing import Final

_RETIRED: Final = {
    **dict.fromkeys(("ATS", "BEF", "DEM", "ESP", "FIM", "FRF"), ("EUR", 2002)),
    **dict.fromkeys(("GRD", "IEP", "ITL", "LUF", "NLG", "PTE"), ("EUR", 2002)),
    "SIT": ("EUR", 2007),
    "CYP": ("EUR", 2008),
    "MTL": ("EUR", 2008),
    "SKK": ("EUR", 2009),
    "EEK": ("EUR", 2011),
    "LVL": ("EUR", 2014),
    "LTL": ("EUR", 2015),
    "HRK": ("EUR", 2023),
    "BGN": ("EUR", 2026),
    "CSD": ("RSD", 2006),
    "TRL": ("TRY", 2005),
    "ROL": ("RON", 2005),
    "BYR": ("BYN", 2016),
    "VEF": ("VES", 2018),
    "SLL": ("SLE", 2024),
    "ZWL": ("ZWG", 2024),
    "ANG": ("XCG", 2025),
}
"""The currency that took the place of one, and the year from which on."""
_MISTAKEN: Final = {
    "NKR": "NOK",
    "NOR": "NOK",
    "SKR": "SEK",
    "SWE": "SEK",
    "DKR": "DKK",
    "DEN": "DKK",
    "SFR": "CHF",
    "UKP": "GBP",
    "STG": "GBP",
}


def currency_hint(written: str, known: Iterable[str]) -> str:
    """What to write in place of an unknown code; a guess only where it is of the same land, or the same letters."""
    if written in _RETIRED:
        now, year = _RETIRED[written]
        return f"it is `{now}` since {year}"
    if written in _MISTAKEN:
        return f"did you mean `{_MISTAKEN[written]}`?"
    near = [code for code in known if code[:2] == written[:2] or sorted(code) == sorted(written)]
    if len(near) == 1:
        return f"did you mean `{near[0]}`?"
    return "write an ISO 4217 code such as `NOK`"
