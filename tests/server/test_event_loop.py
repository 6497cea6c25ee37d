"""Commands and the worker run on the same event loop as the server."""

import asyncio
import sys

import pytest

from contract_server.event_loop import run


async def loop_module() -> str:
    return type(asyncio.get_running_loop()).__module__


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not run on Windows")
async def test_a_coroutine_runs_on_uvloop_and_its_result_is_returned() -> None:
    assert (await asyncio.to_thread(lambda: run(loop_module()))).startswith("uvloop")
