"""Organisation numbers of countries, checked by python-stdnum and written in one way."""

from importlib import import_module
from typing import Any, Final

from stdnum.exceptions import ValidationError

from payrules.app.rows import LegalForm

_CHECKERS: Final[dict[str, tuple[str, ...]]] = {
    "AT": ("at.businessid", "at.uid"),
    "AU": ("au.abn", "au.acn"),
    "BE": ("be.vat",),
    "CA": ("ca.bn",),
    "CH": ("ch.uid",),
    "DK": ("dk.cvr",),
    "EE": ("ee.registrikood",),
    "ES": ("es.nif",),
    "FI": ("fi.ytunnus",),
    "FR": ("fr.siren", "fr.siret"),
    "IS": ("is_.kennitala",),
    "IT": ("it.iva",),
    "JP": ("jp.cn",),
    "NO": ("no.orgnr",),
    "PL": ("pl.nip", "pl.regon"),
    "PT": ("pt.nif",),
    "SE": ("se.orgnr",),
    "US": ("us.ein",),
}
"""The modules of stdnum that know a country's organisation numbers; any of them may hold.

Left out are countries whose register gives numbers without a rule (GB, IE, NZ and others), and those where stdnum knows
only the tax office's number and not the register's (DE, NL, ZA).
"""

_SOLE_PROPRIETORS: Final[dict[str, tuple[str, ...]]] = {
    "IT": ("it.iva", "it.codicefiscale"),
    "JP": (),
    "SE": ("se.orgnr", "se.personnummer"),
}
"""Where a sole proprietor goes by other numbers than a company."""


def organisation_number(country: str, legal_form: LegalForm, written: str) -> str | None:
    """The number without separators; None where it cannot be one of the country (ISO 3166).

    Where no rule is known, it is taken as written.
    """
    checkers = _CHECKERS.get(country, ())
    if legal_form is LegalForm.SOLE_PROPRIETORSHIP:
        checkers = _SOLE_PROPRIETORS.get(country, checkers)
    if not checkers:
        return written
    for name in checkers:
        checker: Any = import_module(f"stdnum.{name}")
        try:
            return str(checker.validate(written))
        except ValidationError:
            continue
    return None
