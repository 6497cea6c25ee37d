"""Pages of ordered lists: a part of a list, and whether items precede and follow it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Generic, Self, TypeVar

LARGEST_PAGE = 100
USUAL_PAGE = 20

Cursor = TypeVar("Cursor")
Item = TypeVar("Item")


class InvalidPage(ValueError):
    """A request for an invalid page; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Part(Generic[Cursor]):
    """The first items between two cursors; with `from_end` the last ones, found in the opposite order."""

    size: int
    after: Cursor | None = None
    before: Cursor | None = None
    from_end: bool = False
    with_bounds: bool = False  # the items at the cursors belong to the part

    def one_larger(self) -> Self:
        """The part with one more item, which tells whether the page ends before it."""
        return replace(self, size=self.size + 1)

    def preceding(self) -> "Part[Cursor] | None":
        """The last item that the cursor `after` leaves out."""
        return Part(1, before=self.after, from_end=True, with_bounds=True) if self.after else None

    def following(self) -> "Part[Cursor] | None":
        """The first item that the cursor `before` leaves out."""
        return Part(1, after=self.before, with_bounds=True) if self.before else None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A page in the order of its list."""

    items: list[Item] = field(default_factory=list)
    has_next: bool = False
    has_previous: bool = False

    @classmethod
    def of(cls, part: Part[Cursor], found: list[Item], *, precedes: bool, follows: bool) -> Self:
        """The page of a part, from what was found for one item more."""
        items, more = found[: part.size], len(found) > part.size
        if part.from_end:
            return cls(items[::-1], follows, more or precedes)
        return cls(items, more or follows, precedes)


async def find_page(part: Part[Cursor], find: Callable[[Part[Cursor]], Awaitable[list[Item]]]) -> Page[Item]:
    """Find a page. What the cursors leave out is looked for only if there are cursors."""
    found = await find(part.one_larger())
    preceding, following = part.preceding(), part.following()
    return Page.of(
        part,
        found,
        precedes=preceding is not None and bool(await find(preceding)),
        follows=following is not None and bool(await find(following)),
    )
