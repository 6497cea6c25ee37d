"""Operators with passkeys, for the tests of the second factor."""

import pytest
from tests.passkeys import SoftwarePasskey

from contract_server.accounts.models import Account, Session
from contract_server.accounts.second_factor.passkeys import SecondFactorRefused
from contract_server.accounts.viewer import Viewer
from contract_server.audit.models import AuditAction, AuditEntry
from contract_server.services import Services

OPERATOR, CONTRACTOR = "operator@example.jp", "active@example.jp"


async def operator_account() -> Account:
    return await Account.get(email=OPERATOR)


async def link_to(services: Services, account: Account) -> str:
    """The token of a new link."""
    return (await services.enrolments.create_link(account)).partition("#")[2]


async def enrol(services: Services, passkey: SoftwarePasskey, account: Account | None = None) -> list[str]:
    token = await link_to(services, account or await operator_account())
    return await services.enrolments.enrol(token, passkey.create(await services.enrolments.begin(token)))


async def log_in(services: Services, account: Account | None = None) -> Viewer:
    viewer, _ = await services.sessions.open(account or await operator_account())
    return viewer


async def last_action() -> tuple[AuditAction, str | None]:
    entry = await AuditEntry.all().order_by("-at", "-id").first()
    assert entry is not None
    return entry.action, entry.subject


async def refused(services: Services, viewer: Viewer, credential: str) -> None:
    with pytest.raises(SecondFactorRefused):
        await services.second_factors.show_passkey(viewer, credential)
    assert (await Session.get(id=viewer.session_id)).second_factor_at is None
    assert await last_action() == (AuditAction.SECOND_FACTOR_FAILED, "passkey")
