"""Holidays for a policy file, from the library `holidays` (extra `contract-rules[holidays]`).

The list is written once, for an author who checks it; a policy reads its own file alone. So no release of the library
moves a promised date.
"""

from collections.abc import Iterator
from importlib.metadata import version

import holidays


def calendar_table(country: str, subdivision: str | None, first: int, last: int) -> Iterator[str]:
    """The lines of a table [calendar] with the weekend and the holidays of a country from one year to another.

    Raises:
        LookupError: the library does not know the country, its part, or one of the years.

    >>> print("\\n".join(calendar_table("JP", None, 2026, 2026)).splitlines()[4])
      2026-01-01, # New Year's Day
    """
    try:
        years = {
            year: holidays.country_holidays(country, subdivision, years=year, language="en_US")
            for year in range(first, last + 1)
        }
    except NotImplementedError as error:
        raise LookupError(str(error)) from None
    for year, listed in years.items():
        if not listed:
            raise LookupError(f"no holidays of {country} are known for {year}: write other years")
    place = country if subdivision is None else f"{country}-{subdivision}"
    yield f"# {place}, {first} to {last}, from holidays {version('holidays')}: compare with what was announced."
    yield "[calendar]"
    yield f"weekend = {sorted(day + 1 for day in years[first].weekend)}"
    yield "holidays = ["
    for listed in years.values():
        yield from (f"  {day}, # {name}" for day, name in sorted(listed.items()))
    yield "]"
    yield f"holidays_until = {last + 1}-01-01"
