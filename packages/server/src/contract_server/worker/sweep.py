"""One sweep: what the worker does again and again, and `contract-server sweep` does once, without Redis."""

import asyncio

from contract_server.contracts.idempotency import forget_old_answers
from contract_server.schedule.due_actions import SweepReport
from contract_server.services import Services


async def sweep_unless_at_it(services: Services) -> SweepReport | None:
    """One sweep; None where this process is at one: behind a long one, those of every few seconds would pile up."""
    if services.sweeping.locked():
        return None
    async with services.sweeping:
        return await sweep_once(services)


async def sweep_once(services: Services) -> SweepReport:
    """Send the mails that are owed, do all that is due, and forget what has expired."""
    # side by side: a mail server that hangs holds up nothing that is due, and a long erasure no mail
    outcomes = await asyncio.gather(services.mail_relay.drain(), services.due_actions.run_due(), return_exceptions=True)
    for outcome in outcomes:  # where one has failed, the other has come to its end all the same
        if isinstance(outcome, BaseException):
            raise outcome
    report = outcomes[1]
    assert isinstance(report, SweepReport)  # noqa: S101 - for the type checker
    await forget_old_answers()
    await services.sessions.forget_expired()
    await services.password_resets.forget_expired()
    await services.rate_limits.forget_old()
    if await services.reminders.owe_due():  # last: a courtesy that fails must not hold up a duty
        await services.mail_relay.drain()
    return report
