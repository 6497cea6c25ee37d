"""One sweep: what the worker does again and again, and `contract-server sweep` does once, without Redis."""

from contract_server.contracts.idempotency import forget_old_answers
from contract_server.contracts.schedule import SweepReport
from contract_server.services import Services


async def sweep_once(services: Services) -> SweepReport:
    """Do all that is due, send the mails that are owed, and forget what has expired."""
    report = await services.schedule.run_due()
    await services.outbox.drain()
    await forget_old_answers()
    await services.sessions.forget_expired()
    await services.password_resets.forget_expired()
    await services.attempts.forget_old()
    return report
