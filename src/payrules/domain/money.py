"""Money as whole minor units, and decimal strings at the edges. No floats anywhere."""

import re
from typing import NamedTuple

# ISO 4217, list one: the currencies in use, grouped by their number of minor units. Fund codes, precious
# metals and testing codes are left out: nobody is invoiced in them.
_MINOR_UNITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
        "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
        "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
        "MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE "
        "SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR "
        "ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
}
MINOR_UNITS: dict[str, int] = {code: digits for digits, codes in _MINOR_UNITS.items() for code in codes.split()}
"""Number of decimals of each currency in use (ISO 4217)."""

_DECIMAL = re.compile(r"(0|[1-9][0-9]*)(?:\.([0-9]+))?", re.ASCII)


class Money(NamedTuple):
    """An amount in whole minor units (øre, cents) of an ISO 4217 currency."""

    minor: int
    currency: str

    @property
    def amount(self) -> str:
        """The amount as a decimal string with all of the currency's decimals, such as `1250.00`."""
        return format_minor(self.minor, MINOR_UNITS[self.currency])


class Decimals(NamedTuple):
    """A non-negative decimal in lowest form: `units` × 10 to the power of minus `scale`."""

    units: int
    scale: int

    def __str__(self) -> str:
        return format_minor(self.units, self.scale)


def parse_decimal(text: str) -> Decimals | None:
    """Read a plain decimal such as `12`, `12.5` or `12.50`; None where the text is something else."""
    found = _DECIMAL.fullmatch(text)
    if found is None:
        return None
    whole, fraction = found[1], (found[2] or "").rstrip("0")
    return Decimals(int(whole + fraction), len(fraction))


def to_minor(text: str, digits: int) -> int | None:
    """An amount such as `1250.50` in minor units of a currency with `digits` decimals.

    None where it is no plain decimal or has more decimals than the currency. Zeros count: `2.100` crowns are
    more likely two thousand one hundred than two and ten hundredths.
    """
    found = _DECIMAL.fullmatch(text)
    if found is None or len(found[2] or "") > digits:
        return None
    return int(found[1] + (found[2] or "").ljust(digits, "0"))


def format_minor(minor: int, digits: int) -> str:
    """Minor units as a decimal string with exactly `digits` decimals."""
    if digits == 0:
        return str(minor)
    whole, rest = divmod(minor, 10**digits)
    return f"{whole}.{rest:0{digits}d}"


def vat_included(total: int, rate: Decimals) -> int:
    """The VAT inside a total that includes it: total × rate / (100 + rate), half up, in minor units.

    `rate` is in percent. Source: semantics of invoices; half up is what tax authorities' examples use.
    """
    whole: int = 10**rate.scale
    divisor = 100 * whole + rate.units
    return (2 * total * rate.units + divisor) // (2 * divisor)
