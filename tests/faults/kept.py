"""A worker that somebody keeps alive, as systemd or the like does where the product is in use."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.forked import ForkedProcess
from tests.server.running import start_worker


@asynccontextmanager
async def kept_worker(variables: Mapping[str, str], folder: Path) -> AsyncIterator["KeptWorker"]:
    """A worker that is started again whenever it ends, until the block does."""
    worker = KeptWorker(variables, folder)
    keeping = asyncio.create_task(worker.keep())
    try:
        yield worker
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


class KeptWorker:
    """One worker after the other."""

    def __init__(self, variables: Mapping[str, str], folder: Path) -> None:
        self._variables = variables
        self._folder = folder
        self.process: ForkedProcess | None = None

    async def keep(self) -> None:
        while True:
            self.process = start_worker(self._variables, self._folder)
            try:
                await self.process.wait()
            finally:
                if self.process.returncode is None:
                    self.process.kill()
                    await self.process.wait()
