"""Instants and wall times: what the clocks of a zone show, and when a day of its calendar is over."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ONE_DAY = timedelta(days=1)
MIDNIGHT = time()
HOURS_IN_A_DAY = 24
FARTHEST_FROM_UTC = 16
"""Hours: no zone has ever been farther away."""
MINUTES_OF_AN_OFFSET = 15
"""Since 1973 every zone has been a multiple of these away from UTC."""
LAST_YEAR_OF_OTHER_OFFSETS = 1972
CLOCKS_MAY_MOVE = timedelta(hours=2)
"""By so much a zone may keep other clocks today than when an instant was stored: countries change them."""


class DateOutOfRange(ValueError):
    """A date that the calendar of this library, the years 1 to 9999, cannot express."""


def local_time(instant: datetime, zone: tzinfo) -> datetime:
    """The wall time in that zone, of which a policy takes the date.

    Raises:
        ValueError: the instant has no offset.
        DateOutOfRange: the wall time lies outside the years 1 to 9999.

    >>> from zoneinfo import ZoneInfo
    >>> local_time(datetime(2024, 3, 1, 15, tzinfo=UTC), ZoneInfo("Asia/Tokyo")).isoformat()
    '2024-03-02T00:00:00+09:00'
    """
    require_instant(instant)
    try:
        return instant.astimezone(zone)
    except OverflowError:
        raise DateOutOfRange(
            f"{instant.isoformat()} lies outside the years 1 to 9999 in {zone}: "
            "choose an instant that lies nearer to the present"
        ) from None


def zone_named(key: str) -> ZoneInfo:
    """The time zone of that name.

    Raises:
        ValueError: there is none, or Python finds no time zones.

    >>> zone_named("Asia/Osaka")
    Traceback (most recent call last):
    ...
    ValueError: 'Asia/Osaka': write the name of a time zone, as in Asia/Tokyo, or install tzdata
    """
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{key!r}: write the name of a time zone, as in Asia/Tokyo, or install tzdata") from None


def require_instant(moment: datetime) -> None:
    """Insist on an instant: a wall time without an offset does not say when.

    Raises:
        ValueError: the datetime is naive, or no datetime.

    >>> require_instant(datetime(2024, 3, 1, 9, 30))
    Traceback (most recent call last):
    ...
    ValueError: 2024-03-01T09:30:00 has no UTC offset: write one, as in 2024-03-01T09:30:00+09:00
    """
    if not isinstance(moment, datetime):
        raise ValueError(f"{moment!r} is not an instant: write a datetime with a UTC offset")  # noqa: TRY004  # as below
    if moment.tzinfo is not UTC and moment.utcoffset() is None:
        raise no_offset(moment)


def require_moment(now: date) -> None:
    """Insist on an instant, or on a date, which is today's in the policy's zone.

    Raises:
        ValueError: a naive datetime, or neither.

    >>> require_moment("2024-03-01")
    Traceback (most recent call last):
    ...
    ValueError: '2024-03-01' is neither an instant nor a date: write a datetime with a UTC offset, or today's date
    """
    if not isinstance(now, datetime):
        if not isinstance(now, date):
            raise no_moment(now)
    elif now.tzinfo is not UTC and now.utcoffset() is None:
        raise no_offset(now)


def require_zone(zone: tzinfo) -> None:
    """Insist on a time zone.

    Raises:
        ValueError: none, such as the name of one.

    >>> require_zone("Asia/Tokyo")
    Traceback (most recent call last):
    ...
    ValueError: 'Asia/Tokyo' is not a time zone: write a ZoneInfo, as in ZoneInfo('Asia/Tokyo')
    """
    if not isinstance(zone, tzinfo):
        raise ValueError(f"{zone!r} is not a time zone: write a ZoneInfo, as in ZoneInfo('Asia/Tokyo')")  # noqa: TRY004


def date_of(event: date) -> date:
    """The date of an event, as written: a date, or that of a datetime.

    Raises:
        ValueError: neither.

    >>> date_of(datetime(2024, 3, 1, 9, 30))
    datetime.date(2024, 3, 1)
    """
    if isinstance(event, datetime):
        return event.date()
    if not isinstance(event, date):
        raise ValueError(f"{event!r} is no date: write one, or a datetime where the time of day matters")  # noqa: TRY004
    return event


def no_moment(now: object) -> ValueError:
    """The error for what is neither an instant nor a date.

    >>> no_moment(9)
    ValueError("9 is neither an instant nor a date: write a datetime with a UTC offset, or today's date")
    """
    return ValueError(f"{now!r} is neither an instant nor a date: write a datetime with a UTC offset, or today's date")


def require_date(day: date, instead: str) -> None:
    """Insist on a date: an instant has one in a zone alone, so that it is for the caller to say which.

    Raises:
        ValueError: the day is a datetime, or no date at all; `instead` says what to write.

    >>> require_date(datetime(2024, 3, 1, tzinfo=UTC), "ask in_force_at")
    Traceback (most recent call last):
    ...
    ValueError: 2024-03-01T00:00:00+00:00 is not a date: ask in_force_at
    """
    if isinstance(day, datetime) or not isinstance(day, date):
        written = day.isoformat() if isinstance(day, datetime) else repr(day)
        raise ValueError(f"{written} is not a date: {instead}")  # noqa: TRY004  # a datetime is one, and says more


def no_offset(moment: datetime) -> ValueError:
    """The error that a wall time meets with where an instant is asked for.

    >>> no_offset(datetime(2024, 3, 1, 9, 30))
    ValueError('2024-03-01T09:30:00 has no UTC offset: write one, as in 2024-03-01T09:30:00+09:00')
    """
    wall = moment.replace(tzinfo=None).isoformat()
    return ValueError(f"{wall} has no UTC offset: write one, as in {wall}+09:00")


def ends_day(day: date, instant: datetime) -> bool:
    """Whether that day ends at the instant, which is in UTC, in any zone.

    >>> ends_day(date(2024, 3, 15), datetime(2024, 3, 15, 15, tzinfo=UTC))  # in Tokyo
    True
    >>> ends_day(date(2024, 3, 15), datetime(2024, 3, 15, 14, 59, 59, tzinfo=UTC))
    False
    """
    hours = HOURS_IN_A_DAY * (instant.toordinal() - day.toordinal()) + instant.hour
    if not HOURS_IN_A_DAY - FARTHEST_FROM_UTC <= hours < HOURS_IN_A_DAY + FARTHEST_FROM_UTC or instant.microsecond:
        return False
    return not (instant.minute % MINUTES_OF_AN_OFFSET or instant.second) or instant.year <= LAST_YEAR_OF_OTHER_OFFSETS


@lru_cache(maxsize=1024)
def first_instant_after(day: date, zone: tzinfo) -> datetime:
    """The instant at which that calendar day is over in that zone: the next midnight, where there is one.

    Where clocks are put forward across midnight it is the first instant that exists on the next day; where
    they are put back from the next day into this one, the day lasts until midnight comes the second time.

    Raises:
        ValueError: no time zone.
        DateOutOfRange: the day is 9999-12-31.

    >>> from zoneinfo import ZoneInfo
    >>> first_instant_after(date(2018, 11, 3), ZoneInfo("America/Sao_Paulo")).isoformat()
    '2018-11-04T01:00:00-02:00'
    """
    require_zone(zone)
    if day == date.max:
        raise DateOutOfRange(f"the instant after {day} lies outside the years 1 to 9999: choose an earlier day")
    midnight = datetime.combine(day + ONE_DAY, MIDNIGHT, zone)
    second = midnight.replace(fold=1)
    if midnight.utcoffset() == second.utcoffset():
        return midnight
    return _first_instant_around_a_change(day, midnight.astimezone(UTC), second.astimezone(UTC), zone)


def _first_instant_around_a_change(day: date, first: datetime, second: datetime, zone: tzinfo) -> datetime:
    """Choose among the two instants that PEP 495 gives for a midnight which is doubled or does not exist."""
    if first < second:  # clocks go back: midnight comes twice
        just_before = (second - timedelta.resolution).astimezone(zone)
        return (second if just_before.date() == day else first).astimezone(zone)
    on_day, after = second, first  # clocks go forward: the change lies in (second, first]
    while after - on_day > timedelta.resolution:
        middle = on_day + (after - on_day) // 2
        if middle.astimezone(zone).date() > day:
            after = middle
        else:
            on_day = middle
    return after.astimezone(zone)
