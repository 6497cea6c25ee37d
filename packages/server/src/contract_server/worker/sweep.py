"""One sweep: the worker's periodic job, which `contract-server sweep` runs once, without Redis."""

import asyncio

from contract_server.schedule.due_actions import SweepReport
from contract_server.services import Services


async def sweep_unless_running(services: Services) -> SweepReport | None:
    """Sweep once; return None if this process is sweeping already, because jobs behind a long sweep would pile up."""
    if services.sweeping.locked():
        return None
    async with services.sweeping:
        return await sweep_once(services)


async def sweep_once(services: Services) -> SweepReport:
    """Send pending mails, do due actions, and delete expired data."""
    # concurrent, so that a mail server that hangs delays no due action, and a long erasure delays no mail
    outcomes = await asyncio.gather(services.mail_relay.drain(), services.due_actions.run(), return_exceptions=True)
    for outcome in outcomes:  # if one has failed, the other has finished all the same
        if isinstance(outcome, BaseException):
            raise outcome
    report = outcomes[1]
    assert isinstance(report, SweepReport)  # noqa: S101 - for the type checker
    await services.expiry.delete_if_due()
    if await services.reminders.enqueue_due():  # last: reminders are optional, and an error must not delay the rest
        await services.mail_relay.drain()
    return report
