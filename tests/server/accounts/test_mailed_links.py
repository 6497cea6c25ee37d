"""No mail keeps a link that is good, once it was sent or the link has expired."""

from datetime import timedelta
from uuid import uuid4

import pytest

from contract_notify import KINDS, PasswordResetRequested
from contract_server.accounts import password_reset
from contract_server.accounts.administration import address_change
from contract_server.accounts.models import Account
from contract_server.mail.models import MailState, OutboxMail
from contract_server.mail.outbox import Outbox
from contract_server.services import Services
from contract_server.worker.sweep import sweep_once

LINK_KINDS = [kind for kind, message in KINDS.items() if hasattr(message.sample(), "url")]
TOKEN = "#" + "x" * 43
each_kind = pytest.mark.parametrize("kind", LINK_KINDS)


async def mail(services: Services, kind: str, age: timedelta, state: MailState = MailState.PENDING) -> OutboxMail:
    account = await Account.get(email="operator@example.jp")
    dated_at = await services.clock.now() - age
    row = Outbox(services.settings).row(account, KINDS[kind].sample(), str(uuid4()), dated_at)
    return await OutboxMail.create(**row, state=state)


def test_each_mail_with_a_link_shows_its_token_in_the_body() -> None:
    with_links = [kind for kind, message in KINDS.items() if TOKEN in repr(vars(message.sample()))]
    assert with_links == LINK_KINDS


@each_kind
async def test_a_mail_that_was_sent_keeps_no_link(services: Services, kind: str) -> None:
    queued = await mail(services, kind, timedelta())
    assert TOKEN in queued.body
    await services.mail_relay.drain()
    sent = await OutboxMail.get(id=queued.id)
    assert (sent.state, sent.body) == (MailState.SENT, "")


@each_kind
@pytest.mark.parametrize("state", MailState)
async def test_a_mail_goes_when_its_link_expires_and_not_before(
    services: Services, kind: str, state: MailState
) -> None:
    valid_for = password_reset.VALID_FOR if kind == PasswordResetRequested.kind else address_change.VALID_FOR
    expired = await mail(services, kind, valid_for, state)
    valid = await mail(services, kind, valid_for - timedelta(minutes=5), state)
    await sweep_once(services)
    assert not await OutboxMail.exists(id=expired.id)
    assert await OutboxMail.exists(id=valid.id)
