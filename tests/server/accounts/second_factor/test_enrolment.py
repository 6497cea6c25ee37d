"""A link registers a passkey, once."""

import pytest
from tests.passkeys import SoftwarePasskey
from tests.server.accounts.second_factor.operators import (
    enrol,
    link_to,
    log_in,
    operator_account,
    refused,
)

from contract_server.accounts.models import EnrolmentLink, Session
from contract_server.accounts.second_factor.enrolment import InvalidEnrolmentLink
from contract_server.accounts.second_factor.passkeys import SecondFactorRefused
from contract_server.clock import DatabaseClock
from contract_server.services import Services


async def test_a_link_is_good_once(services: Services, passkey: SoftwarePasskey) -> None:
    token = await link_to(services, await operator_account())
    created = passkey.create(await services.enrolments.begin(token))
    await services.enrolments.enrol(token, created)
    with pytest.raises(InvalidEnrolmentLink):
        await services.enrolments.begin(token)
    with pytest.raises(InvalidEnrolmentLink):
        await services.enrolments.enrol(token, created)


async def test_a_link_is_good_for_a_day_and_until_the_next_one(services: Services, passkey: SoftwarePasskey) -> None:
    first = await link_to(services, await operator_account())
    second = await link_to(services, await operator_account())
    with pytest.raises(InvalidEnrolmentLink):
        await services.enrolments.begin(first)
    created = passkey.create(await services.enrolments.begin(second))
    await EnrolmentLink.all().update(expires_at=await DatabaseClock().now())
    with pytest.raises(InvalidEnrolmentLink):
        await services.enrolments.enrol(second, created)
    await services.enrolments.delete_expired()
    assert not await EnrolmentLink.exists()


async def test_a_new_passkey_replaces_earlier_ones_with_their_codes_and_ends_all_sessions(
    services: Services, passkey: SoftwarePasskey
) -> None:
    old_codes = await enrol(services, passkey)
    await log_in(services)
    new = SoftwarePasskey()
    await enrol(services, new)
    assert not await Session.exists()
    viewer = await log_in(services)
    await refused(services, viewer, passkey.sign(await services.second_factors.begin(viewer)))
    with pytest.raises(SecondFactorRefused):
        await services.second_factors.show_code(viewer, old_codes[0])
    await services.second_factors.show_passkey(viewer, new.sign(await services.second_factors.begin(viewer)))
