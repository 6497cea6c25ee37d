"""Rate limits: how many tries a key has, and how long it waits when they are used up.

Theory. A limit counts tries in a window that opens with the first try. A full window is followed by a wait. The wait
grows with each full window that follows another, up to a quarter of an hour: guessing becomes hopeless, but no account
is locked for good. A try is counted before its outcome is known, and refunded when it succeeds. So a thousand
parallel guesses get no more tries than a thousand in a row.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Limit:
    """The tries of one window. A wait follows a full window; with a growing limit, each wait is longer.

    A limit that does not refuse only counts: the caller learns that it was reached.
    """

    tries: int
    window: timedelta
    growing: bool = True
    refuses: bool = True

    def wait_after(self, full_windows: int) -> timedelta:
        """The wait after this many full windows in a row.

        >>> [Limit(10, timedelta(minutes=5)).wait_after(n).seconds // 60 for n in (1, 2, 3, 4)]
        [5, 10, 15, 15]
        """
        return min(self.window * full_windows, max(LONGEST_WAIT, self.window)) if self.growing else self.window


@dataclass(frozen=True, slots=True)
class Count:
    """The tries of one key in the current window, and the number of full windows in a row before it."""

    tries: int
    full_windows: int
    began_at: datetime
    ends_at: datetime

    def refused_until(self, limit: Limit, now: datetime) -> datetime | None:
        """When the next try is possible; None if it is possible now."""
        return self.ends_at if limit.refuses and self.tries >= limit.tries and now < self.ends_at else None

    def with_another(self, limit: Limit, now: datetime) -> "Count":
        """The count after one more try, which must be possible now. A try that fills the window starts the wait."""
        count = self if now < self.ends_at else self._next_window(limit, now)
        tries = count.tries + 1
        ends_at = now + limit.wait_after(count.full_windows + 1) if tries == limit.tries else count.ends_at
        return Count(tries, count.full_windows, count.began_at, max(ends_at, count.ends_at))

    def _next_window(self, limit: Limit, now: datetime) -> "Count":
        follows_full = self.tries >= limit.tries and now < self.ends_at + LONGEST_WAIT
        return Count(0, self.full_windows + 1 if follows_full else 0, now, now + limit.window)
