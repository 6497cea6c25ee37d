"""An operator's passkey, and another operator."""

import pytest
from tests.passkeys import SoftwarePasskey

from contract_server.accounts.models import Account, Role


@pytest.fixture
def passkey() -> SoftwarePasskey:
    return SoftwarePasskey()


@pytest.fixture
async def another() -> Account:
    """Another operator."""
    await Account.filter(name="二人目").delete()
    return await Account.create(role=Role.OPERATOR, name="二人目", email="another@example.jp", password_hash="")
