"""Every way in which a mail server fails, at every stage of a conversation: no mail is lost, and none comes twice.

But for the one gap that RFC 1047 names: the server has accepted the mail and its answer never arrives. Then the mail
comes again, byte for byte the same.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from random import Random

import pytest
from pydantic import SecretStr
from tests.conftest import migrated_database
from tests.faults.conftest import Faults
from tests.notify.scripted_smtp import (
    CERTIFICATE,
    Accepted,
    Fault,
    Line,
    ScriptedSmtp,
    answers,
    closes,
    drips,
    hangs,
)
from tests.server.workbench import Workbench, contract_of

from contract_notify.delivery.replies import Stage
from contract_rules import Action
from contract_server.contracts.service import ContractRequest
from contract_server.db.connection import database
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.development.test_clock import MovableClock
from contract_server.mail.models import MailState, OutboxMail
from contract_server.services import build_services
from contract_server.settings import EnvironmentName, Settings
from contract_server.worker.sweep import sweep_once

GOOD_ANSWERS = {
    Stage.CONNECT: ("220 scripted",),
    Stage.EHLO: ("250-scripted", "250 SIZE 1000000"),
    Stage.MAIL: ("250 ok",),
    Stage.RCPT: ("250 ok",),
    Stage.DATA: ("354 go on",),
    Stage.DOT: ("250 accepted",),
}
FROM_HERE_ON_ABOUT_THE_MAIL = {Stage.RCPT, Stage.DATA, Stage.DOT}


def trickles(*lines: str) -> Fault:
    """The answer, one byte a second."""

    async def fault(line: Line) -> None:
        for byte in "".join(f"{each}\r\n" for each in lines).encode():
            line.writer.write(bytes([byte]))
            await line.writer.drain()
            await asyncio.sleep(1)

    return fault


async def breaks_tls(line: Line) -> None:
    """Bytes that no key has encrypted, in the middle of an encrypted line."""
    with line.writer.get_extra_info("socket").dup() as raw:
        raw.send(b"250 in the clear\r\n")
    await hangs(line)


FAULTS: dict[str, Callable[[Stage], Fault]] = {
    "4xx": lambda _: answers("451 4.3.0 not now"),
    "5xx": lambda _: answers("554 5.7.1 never"),
    "close": lambda _: closes,
    "hang": lambda _: hangs,
    "1 byte a second": lambda stage: trickles(*GOOD_ANSWERS[stage]),
    "garbage": lambda _: answers("こんにちは"),
    "split replies": lambda stage: drips(*GOOD_ANSWERS[stage]),
    "TLS failure": lambda _: breaks_tls,
}
REFUSALS = {"4xx", "5xx"}
HARMLESS = {"split replies"}


@pytest.fixture(scope="module")
async def database_url(postgres: EmbeddedPostgres) -> str:
    """A migrated database."""
    return await migrated_database(postgres)


@pytest.fixture
async def smtp() -> AsyncIterator[ScriptedSmtp]:
    """A mail server with which every word is encrypted."""
    async with ScriptedSmtp(implicit_tls=True).running() as server:
        yield server


@pytest.mark.parametrize("stage", GOOD_ANSWERS, ids=str)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_mail_arrives_after_any_fault_and_twice_only_where_nobody_could_know(
    database_url: str, smtp: ScriptedSmtp, faults: Faults, stage: Stage, fault: str
) -> None:
    dice = faults.dice(f"{fault} at {stage}")
    for _ in range(faults.figure(1, 20)):
        times = dice.randint(1, faults.figure(1, 3))
        unheard = script(smtp, stage, fault, times, dice)
        state, copies = await outcome_of_a_mail(database_url, smtp)
        if fault == "5xx" and stage in FROM_HERE_ON_ABOUT_THE_MAIL:
            assert (state, copies) == (MailState.FAILED, [])
        else:
            assert (state, len(copies)) == (MailState.SENT, 1 + unheard)
            assert len({copy.content for copy in copies}) == 1


def script(smtp: ScriptedSmtp, stage: Stage, fault: str, times: int, dice: Random) -> int:
    """Order the fault that many times; how often the server will keep a mail without our hearing of it."""
    unheard = 0
    for _ in range(times):
        is_kept = fault in HARMLESS or (fault not in REFUSALS and dice.random() < 0.5)
        smtp.at(stage, FAULTS[fault](stage), mail_is_accepted=is_kept)
        unheard += stage is Stage.DOT and is_kept and fault not in HARMLESS
    return unheard


async def outcome_of_a_mail(database_url: str, smtp: ScriptedSmtp) -> tuple[MailState, list[Accepted]]:
    """Terminate a contract and sweep until its mail waits no more: what became of it, and what the server kept."""
    settings = settings_for(database_url, smtp.port)
    async with database(settings):
        services = build_services(settings)
        contractor = await Workbench.of(settings).contract(members=1)
        request = ContractRequest(action=Action.TERMINATE, contract_id=contract_of(contractor))
        await services.contracts.execute(contractor, request)
        while (mail := await OutboxMail.get(contract_id=request.contract_id)).state is MailState.PENDING:
            assert mail.lease_token is None
            await MovableClock().move_to(mail.next_attempt_at)
            await sweep_once(services)
        await services.close()
    return mail.state, [each for each in smtp.accepted if mail.message_id.encode() in each.content]


def settings_for(database_url: str, smtp_port: int) -> Settings:
    """A development environment whose mails go out by SMTP, and whose patience ends soon."""
    smtp_url = f"smtps://127.0.0.1:{smtp_port}?ca={CERTIFICATE}&reply_timeout=1&send_timeout=3"
    return Settings(
        environment=EnvironmentName.DEVELOPMENT,
        database_url=SecretStr(database_url),
        smtp_url=SecretStr(smtp_url),
    )
