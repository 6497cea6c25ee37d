import tomllib

import pytest

from contract_rules import Calendar
from contract_rules.published_holidays import calendar_table


def written(country: str, subdivision: str | None, first: int, last: int) -> Calendar:
    """The calendar that the written lines mean."""
    return Calendar.from_mapping(
        tomllib.loads("\n".join(calendar_table(country, subdivision, first, last)))["calendar"]
    )


def test_the_list_is_complete_for_the_years_asked_for() -> None:
    japan = written("JP", None, 2026, 2028)
    assert str(japan.known_from) == "2026-01-01"
    assert str(japan.holidays_until) == "2029-01-01"
    assert japan.weekend == {6, 7}
    assert {day.year for day in japan.holidays} == {2026, 2027, 2028}
    assert len(japan.holidays) > 3 * 14


def test_a_part_of_a_country_has_its_own_holidays() -> None:
    bavaria, germany = written("DE", "BY", 2026, 2026), written("DE", None, 2026, 2026)
    assert bavaria.holidays > germany.holidays


def test_each_holiday_is_named_for_the_author_who_checks_it() -> None:
    lines = list(calendar_table("JP", None, 2026, 2026))
    assert lines[0].startswith("# JP, 2026 to 2026, from holidays ")
    assert "  2026-05-03, # Constitution Day" in lines
    assert next(iter(calendar_table("DE", "BY", 2026, 2026))).startswith("# DE-BY, ")


@pytest.mark.parametrize(
    ("country", "subdivision", "first", "message"),
    [
        ("XX", None, 2026, "Country XX not available"),
        ("DE", "XX", 2026, "Entity `DE` does not have subdivision XX"),
        ("JP", None, 1900, "no holidays of JP are known for 1900: write other years"),
    ],
)
def test_what_the_library_does_not_know_is_said_to_be_so(
    country: str, subdivision: str | None, first: int, message: str
) -> None:
    with pytest.raises(LookupError, match=message):
        written(country, subdivision, first, 2026)
