import asyncio

import pytest

from contract_server.development.errors import DevelopmentError
from contract_server.development.supervisor.supervisor import Supervisor, describe_end, together


class ScriptedChild:
    """A child that lives until it is told to die, and writes down what happens to it."""

    def __init__(self, name: str, diary: list[str], *, failing_starts: int = 0) -> None:
        self.name = name
        self.where = "here"
        self._diary = diary
        self._failing_starts = failing_starts
        self._deaths: asyncio.Queue[int] = asyncio.Queue()

    def die(self, status: int) -> None:
        self._deaths.put_nowait(status)

    def fail_next_starts(self, number: int) -> None:
        self._failing_starts = number

    async def start(self) -> None:
        if self._failing_starts:
            self._failing_starts -= 1
            raise DevelopmentError(f"{self.name} cannot start")
        self._diary.append(f"start {self.name}")

    async def ended(self) -> int:
        return await self._deaths.get()

    async def stop(self) -> None:
        self._diary.append(f"stop {self.name}")

    async def kill(self) -> None:
        self._diary.append(f"kill {self.name}")


class Listener:
    """Takes the supervisor's lines, and waits for one that matters."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._news = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self._news.set()

    async def hear(self, number: int) -> list[str]:
        """All lines, once there are so many."""
        while len(self.lines) < number:
            self._news.clear()
            await self._news.wait()
        return self.lines


async def test_children_end_in_reverse_order() -> None:
    diary: list[str] = []
    async with Supervisor(Listener()) as supervisor:
        for name in ("database", "api", "worker"):
            await supervisor.start(ScriptedChild(name, diary))
    assert diary[3:] == ["stop worker", "stop api", "stop database"]


async def test_children_end_when_the_block_fails() -> None:
    diary: list[str] = []
    database, api = ScriptedChild("database", diary), ScriptedChild("api", diary, failing_starts=1)
    with pytest.raises(DevelopmentError, match="api cannot start"):
        async with Supervisor(Listener()) as supervisor:
            await together(supervisor.start(database), supervisor.start(api))
    assert diary == ["start database", "stop api", "stop database"]


async def test_child_that_keeps_dying_is_started_again_after_ever_longer_pauses() -> None:
    listener = Listener()
    worker = ScriptedChild("worker", [])
    async with Supervisor(listener, shortest_pause=0.001) as supervisor:
        await supervisor.start(worker)
        for count in range(3):
            worker.die(1)
            await listener.hear(1 + 2 * (count + 1))
    assert listener.lines == [
        "worker     here",
        "worker ended (exit status 1); starting it again in 0.001 s",
        "worker     here, again",
        "worker ended (exit status 1); starting it again in 0.002 s",
        "worker     here, again",
        "worker ended (exit status 1); starting it again in 0.004 s",
        "worker     here, again",
    ]


async def test_new_start_that_fails_is_tried_again() -> None:
    listener = Listener()
    worker = ScriptedChild("worker", [])
    async with Supervisor(listener, shortest_pause=0.001) as supervisor:
        await supervisor.start(worker)
        worker.fail_next_starts(1)
        worker.die(-9)
        await listener.hear(4)
    assert listener.lines[1:] == [
        "worker ended (signal 9, Killed); starting it again in 0.001 s",
        "worker cannot start; trying again in 0.002 s",
        "worker     here, again",
    ]


async def test_child_that_ends_before_it_is_ready_is_a_failure() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    api = ScriptedChild("API", [])
    api.die(3)
    with pytest.raises(DevelopmentError, match=r"API ended \(exit status 3\) before it was ready"):
        async with Supervisor(Listener()) as supervisor:
            await supervisor.start(api, ready=never)


async def test_task_that_fails_is_a_failure() -> None:
    migration = ScriptedChild("migrate", [])
    migration.die(3)
    with pytest.raises(DevelopmentError, match=r"migrate failed \(exit status 3\)"):
        async with Supervisor(Listener()) as supervisor:
            await supervisor.run(migration)


async def test_task_that_has_ended_is_not_stopped_again() -> None:
    diary: list[str] = []
    migration = ScriptedChild("migrate", diary)
    migration.die(0)
    async with Supervisor(Listener()) as supervisor:
        await supervisor.run(migration)
    assert diary == ["start migrate"]


async def test_first_failure_among_several_is_the_one_that_is_reported() -> None:
    async def fail() -> None:
        raise DevelopmentError("PostgreSQL does not answer")

    async def go_on() -> None:
        await asyncio.Event().wait()

    with pytest.raises(DevelopmentError, match="PostgreSQL does not answer"):
        await together(go_on(), fail())


def test_ends_are_told_in_words() -> None:
    assert describe_end(2) == "exit status 2"
    assert describe_end(-15) == "signal 15, Terminated"
