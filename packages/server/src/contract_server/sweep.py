"""One sweep: what the worker does again and again, and `contract-server sweep` does once, without Redis."""

from contract_server.contracts.idempotency import forget_old_answers
from contract_server.contracts.schedule import SweepReport
from contract_server.services import Services


async def sweep_once(services: Services) -> SweepReport:
    """Send the mails that are owed, do all that is due, and forget what has expired."""
    await services.outbox.drain()  # first: somebody has just done something, and waits for the mail about it
    report = await services.schedule.run_due()
    await forget_old_answers()
    await services.sessions.forget_expired()
    await services.password_resets.forget_expired()
    await services.attempts.forget_old()
    return report
