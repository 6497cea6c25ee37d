import asyncio

import pytest

from contract_server.development.errors import DevelopmentError
from contract_server.development.supervisor.supervisor import Supervisor, describe_end, together


class ScriptedProcess:
    """A process that runs until `end` is called, and records what happens to it."""

    def __init__(self, name: str, events: list[str], *, failing_starts: int = 0) -> None:
        self.name = name
        self.where = "here"
        self._events = events
        self._failing_starts = failing_starts
        self._exit_statuses: asyncio.Queue[int] = asyncio.Queue()

    def end(self, status: int) -> None:
        self._exit_statuses.put_nowait(status)

    def fail_next_starts(self, number: int) -> None:
        self._failing_starts = number

    async def start(self) -> None:
        if self._failing_starts:
            self._failing_starts -= 1
            raise DevelopmentError(f"{self.name} cannot start")
        self._events.append(f"start {self.name}")

    async def ended(self) -> int:
        return await self._exit_statuses.get()

    async def stop(self) -> None:
        self._events.append(f"stop {self.name}")

    async def kill(self) -> None:
        self._events.append(f"kill {self.name}")


class Output:
    """Collects the supervisor's lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._changed = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self._changed.set()

    async def wait_for_lines(self, number: int) -> list[str]:
        """Wait for that many lines, and return all."""
        while len(self.lines) < number:
            self._changed.clear()
            await self._changed.wait()
        return self.lines


async def test_children_end_in_reverse_order() -> None:
    events: list[str] = []
    async with Supervisor(Output()) as supervisor:
        for name in ("database", "api", "worker"):
            await supervisor.start(ScriptedProcess(name, events))
    assert events[3:] == ["stop worker", "stop api", "stop database"]


async def test_children_end_when_the_block_fails() -> None:
    events: list[str] = []
    database, api = ScriptedProcess("database", events), ScriptedProcess("api", events, failing_starts=1)
    with pytest.raises(DevelopmentError, match="api cannot start"):
        async with Supervisor(Output()) as supervisor:
            await together(supervisor.start(database), supervisor.start(api))
    assert events == ["start database", "stop api", "stop database"]


async def test_child_that_keeps_dying_is_started_again_after_ever_longer_pauses() -> None:
    output = Output()
    worker = ScriptedProcess("worker", [])
    async with Supervisor(output, shortest_pause=0.001) as supervisor:
        await supervisor.start(worker)
        for count in range(3):
            worker.end(1)
            await output.wait_for_lines(1 + 2 * (count + 1))
    assert output.lines == [
        "worker     here",
        "worker ended (exit status 1); starting it again in 0.001 s",
        "worker     here, again",
        "worker ended (exit status 1); starting it again in 0.002 s",
        "worker     here, again",
        "worker ended (exit status 1); starting it again in 0.004 s",
        "worker     here, again",
    ]


async def test_new_start_that_fails_is_tried_again() -> None:
    output = Output()
    worker = ScriptedProcess("worker", [])
    async with Supervisor(output, shortest_pause=0.001) as supervisor:
        await supervisor.start(worker)
        worker.fail_next_starts(1)
        worker.end(-9)
        await output.wait_for_lines(4)
    assert output.lines[1:] == [
        "worker ended (signal 9, Killed); starting it again in 0.001 s",
        "worker cannot start; trying again in 0.002 s",
        "worker     here, again",
    ]


async def test_child_that_ends_before_it_is_ready_is_a_failure() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    api = ScriptedProcess("API", [])
    api.end(3)
    with pytest.raises(DevelopmentError, match=r"API ended \(exit status 3\) before it was ready"):
        async with Supervisor(Output()) as supervisor:
            await supervisor.start(api, ready=never)


async def test_task_that_fails_is_a_failure() -> None:
    migration = ScriptedProcess("migrate", [])
    migration.end(3)
    with pytest.raises(DevelopmentError, match=r"migrate failed \(exit status 3\)"):
        async with Supervisor(Output()) as supervisor:
            await supervisor.run(migration)


async def test_task_that_has_ended_is_not_stopped_again() -> None:
    events: list[str] = []
    migration = ScriptedProcess("migrate", events)
    migration.end(0)
    async with Supervisor(Output()) as supervisor:
        await supervisor.run(migration)
    assert events == ["start migrate"]


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
