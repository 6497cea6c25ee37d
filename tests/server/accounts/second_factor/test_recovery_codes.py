"""A recovery code takes the place of the passkey, once."""

import pytest
from tests.passkeys import SoftwarePasskey
from tests.server.accounts.second_factor.operators import (
    enrol,
    last_action,
    log_in,
)
from tests.server.in_process import find_viewer

from contract_server.accounts.models import Account, RecoveryCode
from contract_server.accounts.second_factor.passkeys import SecondFactorRefused
from contract_server.accounts.tokens import hash_token
from contract_server.audit.models import AuditAction
from contract_server.services import Services


async def test_a_recovery_code_takes_the_place_of_the_passkey_once(
    services: Services, passkey: SoftwarePasskey
) -> None:
    codes = await enrol(services, passkey)
    assert len(set(codes)) == 10
    stored = {code.code_hash for code in await RecoveryCode.all()}
    assert stored == {hash_token(code.replace("-", "")) for code in codes}
    viewer = await log_in(services)
    typed = codes[0].lower().replace("-", " ")
    assert await find_viewer(services, await services.second_factors.show_code(viewer, typed)) is not None
    with pytest.raises(SecondFactorRefused):
        await services.second_factors.show_code(viewer, codes[0])
    assert await last_action() == (AuditAction.SECOND_FACTOR_FAILED, "recovery code")
    await services.second_factors.show_code(viewer, codes[1])


async def test_the_code_of_another_operator_is_refused(
    services: Services, passkey: SoftwarePasskey, another: Account
) -> None:
    await enrol(services, passkey)
    codes = await enrol(services, SoftwarePasskey(), another)
    with pytest.raises(SecondFactorRefused):
        await services.second_factors.show_code(await log_in(services), codes[0])
