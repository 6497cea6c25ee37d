"""What a header says, remembered by its text: browsers of one kind send the same, request after request."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Text = TypeVar("Text", str, str | None)
Meaning = TypeVar("Meaning")

MOST = 256
LONGEST = 256  # characters: a stranger's long headers are read anew each time, and fill no memory


def remembered(read: Callable[[Text], Meaning]) -> Callable[[Text], Meaning]:
    """The same function, which reads each short text once as long as it is among the last that were asked for."""
    kept = lru_cache(MOST)(read)

    @wraps(read)
    def look_up(text: Text) -> Meaning:
        return read(text) if text is not None and len(text) > LONGEST else kept(text)

    return look_up
