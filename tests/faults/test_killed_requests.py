"""kill -9 at every request to the database that terminating, resuming and sending a mail make, and at every word to
the mail server: before the other side hears it, and before we hear the answer.

A change is there whole or not at all, and whole where it was acknowledged; asked again with the same key, it is done
once; each change owes one mail. A mail is sent, and sent again only where the mail server had taken it and nobody had
noted it yet: then byte for byte the same.
"""

import itertools
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.conftest import migrated_database
from tests.faults.conftest import Faults
from tests.faults.customers import CHANGES, Customer, Effects, new_customer
from tests.faults.forking import Killable, start_program
from tests.faults.killable import HOST, settings_of
from tests.faults.proxy import Moment, Proxy, proxied
from tests.notify.scripted_smtp import Line, ScriptedSmtp
from tests.server.workbench import sql

from contract_notify.delivery.replies import Stage as SmtpStage
from contract_rules import Action
from contract_server.contracts.service import ContractRequest
from contract_server.db.connection import database
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.mail.models import MailState, OutboxMail
from contract_server.services import Services, build_services

TEN_MINUTES_LATER = "UPDATE outbox_mail SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL"

BEFORE_AND_AFTER = pytest.mark.parametrize("moment", Moment, ids=["before it is heard", "before we hear of it"])


@dataclass
class Stage:
    """A database behind a proxy, a mail server, and somebody between them to be killed."""

    services: Services
    proxy: Proxy
    smtp: ScriptedSmtp
    killable: Killable
    base_url: str

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """A server process that nobody has asked anything yet; it is dead at the end of the block at the latest."""
        await self.killable.begin("serve")
        try:
            yield
        finally:
            self.killable.kill()
            self.proxy.arm(None, Moment.UNSENT)
            assert await self.killable.number() == -signal.SIGKILL

    async def send(self) -> bool:
        """Send what is owed, in a new process; whether it came to its end."""
        await self.killable.begin("send")
        status = await self.killable.number()
        assert status == (-signal.SIGKILL if self.killable.killed else 0)
        return not self.killable.killed

    async def ask(self, customer: Customer, action: Action) -> Any:  # noqa: ANN401 - whatever was answered
        """The answer; None where the server died over it."""
        headers = {"Host": HOST, "Authorization": f"Bearer {customer.token}"}
        variables = {"id": str(customer.contract_id), "key": f"the only {action}"}
        try:
            async with httpx.AsyncClient(base_url=self.base_url, headers=headers, timeout=30) as client:
                response = await client.post("/graphql", json={"query": CHANGES[action], "variables": variables})
        except httpx.TransportError:
            return None
        assert response.status_code == 200, response.text
        return response.json()["data"]["change"]

    async def change(self, customer: Customer, action: Action) -> None:
        """Do it here, where nobody is killed."""
        await self.services.contracts.execute(
            customer.viewer, ContractRequest(action=action, contract_id=customer.contract_id)
        )


@pytest.fixture(scope="module")
async def stage(postgres: EmbeddedPostgres) -> AsyncIterator[Stage]:
    url = await migrated_database(postgres)
    async with proxied(url) as (proxy, proxied_url), ScriptedSmtp().running() as smtp:
        smtp_url = f"smtp://127.0.0.1:{smtp.port}?starttls=never"
        settings = settings_of(url, smtp_url)
        program = await start_program("tests.faults.killable", proxied_url, smtp_url)
        killable = Killable(program)
        async with database(settings):
            services = build_services(settings)
            yield Stage(services, proxy, smtp, killable, f"http://127.0.0.1:{await killable.number()}")
            await services.close()
        assert program.stdin
        program.stdin.close()
        await program.wait()


@BEFORE_AND_AFTER
@pytest.mark.parametrize("earlier", [[], [Action.TERMINATE]], ids=["terminate", "resume"])
async def test_a_change_is_whole_or_not_there_and_whole_where_it_was_acknowledged(
    stage: Stage, faults: Faults, earlier: list[Action], moment: Moment
) -> None:
    action = Action.RESUME if earlier else Action.TERMINATE
    before, after = Effects.after(len(earlier)), Effects.after(len(earlier) + 1)
    for _ in range(faults.figure(1, 20)):
        unheard = 0
        for at in itertools.count(1):
            customer = await new_customer(stage.services)
            for each in earlier:
                await stage.change(customer, each)
            async with stage.serving():
                stage.proxy.arm(at, moment, stage.killable.kill)
                first = await stage.ask(customer, action)
                killed = stage.killable.killed
            effects = await Effects.of(customer)
            assert effects == after or (effects == before and first is None), at
            unheard += first is None and effects == after
            async with stage.serving():
                answer = await stage.ask(customer, action)
            assert answer["contract"]["version"] == after.version, answer
            assert first in (None, answer), at
            assert await Effects.of(customer) == after, at
            if not killed:
                break
        assert at > 3
        assert (unheard > 0) is (moment is Moment.UNANSWERED), "when the reply to COMMIT is lost, and only then"


@BEFORE_AND_AFTER
async def test_a_mail_outlives_whoever_sends_it_at_every_request_to_the_database(
    stage: Stage, faults: Faults, moment: Moment
) -> None:
    for _ in range(faults.figure(1, 20)):
        for at in itertools.count(1):
            mail = await owed_mail(stage)
            stage.proxy.arm(at, moment, stage.killable.kill)
            ended = await stage.send()
            await assert_sent_on_the_second_try(stage, mail)
            if ended:
                break
        assert at > 5


@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "not accepted"])
async def test_a_mail_outlives_whoever_sends_it_at_every_word_to_the_mail_server(
    stage: Stage, faults: Faults, accepted: bool
) -> None:
    async def kill(_line: Line) -> None:
        stage.killable.kill()
        raise ConnectionResetError

    for _ in range(faults.figure(1, 20)):
        for word in set(SmtpStage) - {SmtpStage.STARTTLS, SmtpStage.AUTH}:
            mail = await owed_mail(stage)
            stage.smtp.at(word, kill, mail_is_accepted=accepted)
            assert not await stage.send(), word
            assert len(stage.smtp.accepted) == (word is SmtpStage.DOT and accepted)
            await assert_sent_on_the_second_try(stage, mail)


async def owed_mail(stage: Stage) -> OutboxMail:
    """The one mail that was written and not sent, and a mail server that has seen none."""
    await OutboxMail.all().delete()
    customer = await new_customer(stage.services)
    await stage.change(customer, Action.TERMINATE)
    stage.smtp.accepted.clear()
    return await OutboxMail.get(contract_id=customer.contract_id)


async def assert_sent_on_the_second_try(stage: Stage, mail: OutboxMail) -> None:
    """After the first try, in which the sender may have been killed."""
    taken = len(stage.smtp.accepted)
    noted = (await OutboxMail.get(id=mail.id)).state is MailState.SENT
    assert taken == 1 or not noted
    stage.proxy.arm(None, Moment.UNSENT)
    await sql(TEN_MINUTES_LATER)
    assert await stage.send()
    assert (await OutboxMail.get(id=mail.id)).state is MailState.SENT
    assert len(stage.smtp.accepted) == (1 if noted else taken + 1)
    assert len({accepted.content for accepted in stage.smtp.accepted}) == 1
    assert mail.message_id.encode() in stage.smtp.accepted[0].content
