"""The mail loop runs again after an error, and ends with its block."""

import asyncio
from typing import cast

import pytest

from contract_server.mail.relay import MailRelay
from contract_server.worker import loops
from contract_server.worker import mail_loop as module
from contract_server.worker.mail_loop import mail_loop


class FailingRelay:
    """Fails at first, then serves until it is cancelled."""

    def __init__(self) -> None:
        self.serving = asyncio.Event()
        self.starts = 0

    async def serve(self) -> None:
        self.starts += 1
        if self.starts == 1:
            raise ConnectionRefusedError
        self.serving.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.serving.clear()

    def wake(self) -> None:
        raise NotImplementedError


async def test_the_mail_loop_goes_on_after_an_error_and_ends_with_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    async def listen(_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(loops, "PAUSE_S", 0)
    monkeypatch.setattr(module, "listen_for_wakeups", listen)
    relay = FailingRelay()
    async with mail_loop(cast("MailRelay", relay)), asyncio.timeout(10):
        await relay.serving.wait()
    assert relay.starts == 2
    assert not relay.serving.is_set()
