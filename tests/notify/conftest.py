from collections.abc import AsyncIterator

import pytest
from tests.notify.scripted_smtp import ScriptedSmtp


@pytest.fixture
async def smtp() -> AsyncIterator[ScriptedSmtp]:
    """A mail server that offers STARTTLS and AUTH and follows the test's script."""
    async with ScriptedSmtp().running() as server:
        yield server
