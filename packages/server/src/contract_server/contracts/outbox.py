"""Sending what is owed. A mail is never lost, and sent twice only in the one case that cannot be excluded.

Claim with a lease, send outside any transaction, note the outcome where the lease still holds. Whoever comes
back after the lease has passed to somebody else changes nothing. What remains is the gap that RFC 1047 names: the
mail server has accepted, and we die before we note it. The repeat is byte for byte the same mail.
"""

import random
from datetime import timedelta
from uuid import UUID, uuid4

from contract_notify import (
    RETRY_AFTER_UNKNOWN_SECONDS,
    Delivery,
    DeliveryFailure,
    OutcomeUnknown,
    PermanentFailure,
    RenderedMail,
    compose,
)
from contract_server.clock import Clock
from contract_server.contracts.models import MailState, OutboxMail
from contract_server.db.transaction import current_connection
from contract_server.logs import get_logger

log = get_logger(__name__)

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
PAUSE_AFTER_UNKNOWN = timedelta(seconds=RETRY_AFTER_UNKNOWN_SECONDS)
LEASE = PAUSE_AFTER_UNKNOWN  # whoever dies while sending may have sent
GIVEN_UP_AFTER = timedelta(hours=72)

# The first try waits for no clock: one that was set back must not hold up a mail.
# A contract's mails go out in the order in which they were written; one that failed for good holds up no other.
_CLAIM = """
    UPDATE outbox_mail
       SET lease_token = $1, lease_until = clock_timestamp() + $2::interval, attempts = attempts + 1
     WHERE id = (
        SELECT mail.id FROM outbox_mail AS mail
         WHERE mail.state = 'PENDING' AND (mail.attempts = 0 OR mail.next_attempt_at <= $3)
           AND (mail.lease_until IS NULL OR mail.lease_until < clock_timestamp())
           AND NOT EXISTS (
               SELECT FROM outbox_mail AS earlier
                WHERE earlier.contract_id = mail.contract_id AND earlier.id < mail.id AND earlier.state = 'PENDING')
         ORDER BY mail.next_attempt_at, mail.id
           FOR UPDATE OF mail SKIP LOCKED
         LIMIT 1)
    RETURNING id
"""


class Outbox:
    """Sends the mails that are owed, oldest first."""

    def __init__(self, clock: Clock, delivery: Delivery, sender: str) -> None:
        self._clock = clock
        self._delivery = delivery
        self._sender = sender

    async def drain(self) -> int:
        """Try every mail whose turn it is, once.

        Returns:
            How many were handed over.
        """
        sent = 0
        while mail := await self._claim():
            sent += await self._try(mail)
        return sent

    async def _claim(self) -> OutboxMail | None:
        token = uuid4()
        rows = await current_connection().execute_query_dict(_CLAIM, [token, LEASE, await self._clock.now()])
        return await OutboxMail.get(id=rows[0]["id"], lease_token=token) if rows else None

    async def _try(self, mail: OutboxMail) -> bool:
        try:
            await self._delivery.send(
                compose(
                    RenderedMail(mail.subject, mail.body),
                    sender=self._sender,
                    recipient=mail.recipient,
                    message_id=mail.message_id,
                    date=mail.dated_at,
                )
            )
        except DeliveryFailure as failure:
            await self._note_failure(mail, failure)
            return False
        except ValueError:  # it can never be made a mail: an upgrade or a setting has spoiled it, and nobody else's
            await self._note_failure(mail, PermanentFailure("it cannot be composed"))
            return False
        await self._note(mail, state=MailState.SENT, sent_at=await self._clock.now(), failure=None)
        log.info(
            "mail sent",
            mail_id=mail.id,
            kind=mail.kind,
            contract_id=mail.contract_id,
            caused_by=mail.request_id,
        )
        return True

    async def _note_failure(self, mail: OutboxMail, failure: DeliveryFailure) -> None:
        now = await self._clock.now()
        kind = type(failure).__name__
        if isinstance(failure, PermanentFailure) or now - mail.dated_at >= GIVEN_UP_AFTER:
            await self._note(mail, state=MailState.FAILED, failure=kind)
            log.error(
                "mail given up",
                mail_id=mail.id,
                kind=mail.kind,
                failure=kind,
                stage=failure.stage,
                code=failure.code,
            )
            return
        pause = PAUSE_AFTER_UNKNOWN if isinstance(failure, OutcomeUnknown) else _pause_after(mail.attempts)
        await self._note(mail, next_attempt_at=now + pause, failure=kind)
        log.warning(
            "mail postponed",
            mail_id=mail.id,
            kind=mail.kind,
            failure=kind,
            stage=failure.stage,
            code=failure.code,
        )

    async def _note(self, mail: OutboxMail, **outcome: object) -> None:
        """Write down what came of it, where the lease is still ours."""
        token: UUID | None = mail.lease_token
        await OutboxMail.filter(id=mail.id, lease_token=token).update(lease_token=None, lease_until=None, **outcome)


def _pause_after(attempts: int) -> timedelta:
    """From a minute to six hours, doubled each time, and not the same for all that failed together."""
    pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20))
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads the load, guards nothing
