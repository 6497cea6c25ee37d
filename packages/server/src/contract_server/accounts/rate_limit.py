"""Limits on guessing: how many tries a key has, and how long it waits once they are used up.

Theory. A limit counts tries in a window that opens with the first of them. Whoever fills it waits, longer each
time that one full window follows another, a quarter of an hour at most: guessing becomes hopeless, and nobody is
locked out for good. A try is counted before its outcome is known and taken back when it succeeds, so that a
thousand guesses at the same time find no more room than a thousand in a row.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many tries a window has. A full one is followed by a wait; a growing limit makes each longer."""

    tries: int
    window: timedelta
    growing: bool = True

    def wait_after(self, full_windows: int) -> timedelta:
        """How long to wait after another window was filled, of those that follow one another.

        >>> [Limit(10, timedelta(minutes=5)).wait_after(n).seconds // 60 for n in (1, 2, 3, 4)]
        [5, 10, 15, 15]
        """
        return min(self.window * full_windows, max(LONGEST_WAIT, self.window)) if self.growing else self.window


@dataclass(frozen=True, slots=True)
class Count:
    """The tries of one key so far.

    `full_windows` says how many before this one were filled, each soon after the other.
    """

    tries: int
    full_windows: int
    began_at: datetime
    ends_at: datetime

    def refused_until(self, limit: Limit, now: datetime) -> datetime | None:
        """When the next try is possible; None where it is now."""
        return self.ends_at if self.tries >= limit.tries and now < self.ends_at else None

    def with_another(self, limit: Limit, now: datetime) -> "Count":
        """The count after one more try, which must be possible now. The one that fills the window starts the wait."""
        count = self if now < self.ends_at else self._next_window(limit, now)
        tries = count.tries + 1
        ends_at = now + limit.wait_after(count.full_windows + 1) if tries == limit.tries else count.ends_at
        return Count(tries, count.full_windows, count.began_at, max(ends_at, count.ends_at))

    def _next_window(self, limit: Limit, now: datetime) -> "Count":
        follows_a_full_one = self.tries >= limit.tries and now < self.ends_at + LONGEST_WAIT
        return Count(0, self.full_windows + 1 if follows_a_full_one else 0, now, now + limit.window)
