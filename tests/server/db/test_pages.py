"""A page looks beside itself only where a cursor leaves something out, and shows its items in the order of the list."""

from contract_server.db.pages import Part, find_page


async def pages_of(part: Part[int]) -> tuple[list[int], bool, bool, int]:
    """The page of the numbers 1 to 5, whether there are a next and a previous one, and how often they were read."""
    reads = 0

    async def find(part: Part[int]) -> list[int]:
        nonlocal reads
        reads += 1
        bound = 0 if part.with_bounds else 1
        low, high = (part.after or -9) + bound, (part.before or 99) - bound
        found = [number for number in range(1, 6) if low <= number <= high]
        return (found[::-1] if part.from_end else found)[: part.size]

    page = await find_page(part, find)
    return page.items, page.has_next, page.has_previous, reads


async def test_a_page_without_cursors_is_read_once() -> None:
    assert await pages_of(Part(2)) == ([1, 2], True, False, 1)
    assert await pages_of(Part(2, from_end=True)) == ([4, 5], False, True, 1)
    assert await pages_of(Part(5)) == ([1, 2, 3, 4, 5], False, False, 1)


async def test_each_cursor_costs_one_read_more() -> None:
    assert await pages_of(Part(2, after=2)) == ([3, 4], True, True, 2)
    assert await pages_of(Part(2, before=4, from_end=True)) == ([2, 3], True, True, 2)
    assert await pages_of(Part(9, after=1, before=5)) == ([2, 3, 4], True, True, 3)


async def test_an_empty_page_has_what_its_cursors_leave_out_beside_it() -> None:
    assert await pages_of(Part(2, after=5)) == ([], False, True, 2)
    assert await pages_of(Part(2, after=3, before=4)) == ([], True, True, 3)
