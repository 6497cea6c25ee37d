"""Calendar days: as a message holds them (`2024-03-15`), and as a mail writes them."""

from datetime import date
from typing import Final

_WEEKDAYS: Final = "月火水木金土日"


def require_day(text: str, *, what: str) -> str:
    """Return the text if it is a calendar day, else raise a `ValueError` that does not quote it."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ValueError(f"{what}: a calendar day such as 2024-03-15 is expected")
    return text


def day_in_words(text: str) -> str:
    """The day with its weekday, as the service's mails and pages write it.

    >>> day_in_words("2024-03-15")
    '2024年3月15日（金）'
    """
    day = date.fromisoformat(text)
    return f"{day.year}年{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"
