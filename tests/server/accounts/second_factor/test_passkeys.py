"""What proves an operator to hold the passkey, and what does not."""

import json
from dataclasses import replace

import pytest
from tests.passkeys import SoftwarePasskey
from tests.server.accounts.second_factor.operators import (
    OPERATOR,
    enrol,
    last_action,
    link_to,
    log_in,
    operator_account,
    refused,
)
from tests.server.in_process import find_viewer

from contract_server.accounts.models import Account, Passkey, Session
from contract_server.accounts.second_factor.passkeys import RelyingParty, SecondFactorRefused
from contract_server.accounts.second_factor.policy import is_recent, opens_session
from contract_server.audit.models import AuditAction
from contract_server.services import Services


async def test_a_registered_passkey_opens_the_session_that_the_password_has_begun(
    services: Services, passkey: SoftwarePasskey
) -> None:
    await enrol(services, passkey)
    viewer = await log_in(services)
    assert viewer.has_second_factor
    assert not opens_session(viewer, required=False)
    credential = passkey.sign(await services.second_factors.begin(viewer))
    token = await services.second_factors.show_passkey(viewer, credential)
    found = await find_viewer(services, token)
    assert found is not None
    assert opens_session(found.viewer, required=True)
    assert is_recent(found.viewer, required=True)
    assert (await Passkey.get()).sign_count == passkey.count
    assert await last_action() == (AuditAction.SECOND_FACTOR_PASSED, "passkey")


async def test_the_second_factor_replaces_the_token_of_the_session(
    services: Services, passkey: SoftwarePasskey
) -> None:
    await enrol(services, passkey)
    viewer, before = await services.sessions.open(await operator_account())
    after = await services.second_factors.show_passkey(
        viewer, passkey.sign(await services.second_factors.begin(viewer))
    )
    assert await find_viewer(services, before) is None
    found = await find_viewer(services, after)
    assert found is not None
    assert found.viewer.session_id == viewer.session_id


async def test_what_was_signed_once_is_refused_the_second_time(services: Services, passkey: SoftwarePasskey) -> None:
    await enrol(services, passkey)
    viewer = await log_in(services)
    credential = passkey.sign(await services.second_factors.begin(viewer))
    await services.second_factors.show_passkey(viewer, credential)
    await Session.all().update(second_factor_at=None)
    await Passkey.all().update(sign_count=0)
    await refused(services, viewer, credential)


async def test_a_challenge_is_good_for_one_try_even_one_that_fails(
    services: Services, passkey: SoftwarePasskey
) -> None:
    await enrol(services, passkey)
    viewer = await log_in(services)
    options = await services.second_factors.begin(viewer)
    await refused(services, viewer, SoftwarePasskey(id=passkey.id).sign(options))
    await refused(services, viewer, passkey.sign(options))


async def test_a_challenge_of_another_session_is_refused(services: Services, passkey: SoftwarePasskey) -> None:
    await enrol(services, passkey)
    viewer, elsewhere = await log_in(services), await log_in(services)
    await services.second_factors.begin(viewer)
    await refused(services, viewer, passkey.sign(await services.second_factors.begin(elsewhere)))


@pytest.mark.parametrize(
    ("origin", "party"),
    [
        ("https://localhost:8000", "localhost"),
        ("http://localhost:8001", "localhost"),
        ("http://keiyaku.example.com", "localhost"),
        ("http://localhost:8000", "example.com"),
    ],
)
async def test_what_was_signed_for_another_site_is_refused(
    services: Services, passkey: SoftwarePasskey, origin: str, party: str
) -> None:
    await enrol(services, passkey)
    viewer = await log_in(services)
    options = await services.second_factors.begin(viewer)
    await refused(services, viewer, replace(passkey, origin=origin, party=party).sign(options))
    token = await link_to(services, await operator_account())
    created = SoftwarePasskey(origin, party).create(await services.enrolments.begin(token))
    with pytest.raises(SecondFactorRefused):
        await services.enrolments.enrol(token, created)


async def test_a_copied_passkey_is_refused_by_its_count(services: Services, passkey: SoftwarePasskey) -> None:
    await enrol(services, passkey)
    copy, viewer = replace(passkey), await log_in(services)
    for _ in range(2):
        await services.second_factors.show_passkey(viewer, passkey.sign(await services.second_factors.begin(viewer)))
    await Session.all().update(second_factor_at=None)
    await refused(services, viewer, copy.sign(await services.second_factors.begin(viewer)))


async def test_the_passkey_of_another_operator_is_refused(
    services: Services, passkey: SoftwarePasskey, another: Account
) -> None:
    of_another = SoftwarePasskey()
    await enrol(services, passkey)
    await enrol(services, of_another, another)
    viewer = await log_in(services)
    await refused(services, viewer, of_another.sign(await services.second_factors.begin(viewer)))
    token = await link_to(services, await operator_account())
    with pytest.raises(SecondFactorRefused):
        await services.enrolments.enrol(token, of_another.create(await services.enrolments.begin(token)))


@pytest.mark.parametrize(
    "credential", ["", "x", "[]", "null", "{}", '{"id": 1}', "[" * 20_000, '{"id": "x", "rawId": "x"}', "\ud800"]
)
async def test_what_no_browser_sends_is_refused(services: Services, passkey: SoftwarePasskey, credential: str) -> None:
    await enrol(services, passkey)
    viewer = await log_in(services)
    await services.second_factors.begin(viewer)
    await refused(services, viewer, credential)
    token = await link_to(services, await operator_account())
    await services.enrolments.begin(token)
    with pytest.raises(SecondFactorRefused):
        await services.enrolments.enrol(token, credential)


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
@pytest.mark.parametrize("value", ["", "AAAA", "*", None, 1, {}])
async def test_a_damaged_signature_is_refused(
    services: Services, passkey: SoftwarePasskey, part: str, value: object
) -> None:
    await enrol(services, passkey)
    viewer = await log_in(services)
    credential = json.loads(passkey.sign(await services.second_factors.begin(viewer)))
    credential["response"][part] = value
    await refused(services, viewer, json.dumps(credential))


async def test_who_has_registered_nothing_is_asked_for_nothing(services: Services) -> None:
    await Account.filter(email=OPERATOR).update(second_factor_since=None)
    with pytest.raises(SecondFactorRefused):
        await services.second_factors.begin(await log_in(services))


@pytest.mark.parametrize(
    ("url", "party"),
    [
        ("http://127.0.0.1:8000", RelyingParty("localhost", "http://localhost:8000")),
        ("http://[::1]:8000", RelyingParty("localhost", "http://localhost:8000")),
        ("https://keiyaku.example.jp", RelyingParty("keiyaku.example.jp", "https://keiyaku.example.jp")),
        ("https://keiyaku.example.jp:8443/", RelyingParty("keiyaku.example.jp", "https://keiyaku.example.jp:8443")),
    ],
)
def test_passkeys_belong_to_the_site_of_the_public_url(services: Services, url: str, party: RelyingParty) -> None:
    assert RelyingParty.of(services.settings.model_copy(update={"public_url": url})) == party
