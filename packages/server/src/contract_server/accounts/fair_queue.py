"""A queue for log-ins, in which no account and no source takes the turns of others.

Theory. A few log-ins take place at a time, and all others wait for their turn: before they use the database and a
thread for the password. An account and a source have two waiting log-ins each, so a flood fills no more than these two
places. If both belong to one requester, another one of the same account or source takes the second place: a single try
is served even beside a flood from its own network. Devices that have logged in before wait in a line of their own,
which unknown devices cannot fill. The two lines take turns, so neither can starve the other.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

AT_A_TIME = 4
LONGEST_LINE = 64
SHARE = 2


class TooBusy(Exception):
    """There is no room for one more of this requester."""


@dataclass(frozen=True, slots=True)
class Requester:
    """The account and the source that a log-in counts for."""

    account: str
    source: str
    is_known_device: bool = False


@dataclass(eq=False, slots=True)
class _Waiting:
    requester: Requester
    turn: asyncio.Future[None]

    @property
    def has_turn(self) -> bool:
        return self.turn.done() and not self.turn.cancelled() and self.turn.exception() is None


class FairQueue:
    """Gives turns, a few at a time, in a fair order."""

    def __init__(self, at_a_time: int = AT_A_TIME, *, longest_line: int = LONGEST_LINE, share: int = SHARE) -> None:
        self._free = at_a_time
        self._known: list[_Waiting] = []
        self._unknown: list[_Waiting] = []
        self._next, self._after = self._known, self._unknown
        self._longest_line = longest_line
        self._share = share

    @asynccontextmanager
    async def turn(self, requester: Requester) -> AsyncIterator[None]:
        """Wait for a turn, which lasts for the block.

        Raises:
            TooBusy: There is no room to wait.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(requester)
        try:
            yield
        finally:
            self._pass_turn_on()

    async def _wait(self, requester: Requester) -> None:
        line = self._known if requester.is_known_device else self._unknown
        self._make_room(line, requester)
        waiting = _Waiting(requester, asyncio.get_running_loop().create_future())
        line.append(waiting)
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if waiting in line:
                line.remove(waiting)
            elif waiting.has_turn:
                self._pass_turn_on()
            raise

    def _pass_turn_on(self) -> None:
        while line := self._next or self._after:
            self._next, self._after = self._after, self._next
            turn = line.pop(0).turn
            if not turn.done():  # its caller has not gone away
                turn.set_result(None)
                return
        self._free += 1

    def _make_room(self, line: list[_Waiting], requester: Requester) -> None:
        if len(line) >= self._longest_line:
            raise TooBusy
        waiting = [other for other in line if not other.turn.done()]
        for rivals in (
            [other for other in waiting if other.requester.account == requester.account],
            [other for other in waiting if other.requester.source == requester.source],
        ):
            if len(rivals) >= self._share:
                _displace(line, rivals, requester)


def _displace(line: list[_Waiting], rivals: Sequence[_Waiting], requester: Requester) -> None:
    """Remove the last one of the requester that waits most often, if that is another one and waits twice."""
    greediest, places = Counter(rival.requester for rival in rivals).most_common(1)[0]
    if places == 1 or greediest == requester:
        raise TooBusy
    displaced = [rival for rival in rivals if rival.requester == greediest][-1]
    line.remove(displaced)
    displaced.turn.set_exception(TooBusy())
