"""The event loop of the worker and of commands: uvloop, on which uvicorn runs the server too; Windows has none."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

if sys.platform == "win32":
    from asyncio import new_event_loop
else:
    from uvloop import new_event_loop

__all__ = ["new_event_loop", "run"]

Result = TypeVar("Result")


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """What `main` returns, run to its end on a loop of its own, as `asyncio.run` does it."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)
