"""The mail queue: claim mails with a lease and a token, and record results while the lease is still valid.

Each operation is one statement for any number of mails. No transaction stays open while a mail is sent, so no lock is
held during a slow delivery. Finding ready mails scans all pending mails, so one search serves many claims.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from contract_notify import RETRY_AFTER_UNKNOWN_SECONDS, DeliveryFailure, PasswordResetRequested
from contract_server.clock import Clock
from contract_server.db.statements import execute
from contract_server.db.transaction import current_connection
from contract_server.mail.models import MailState
from contract_server.mail.outbox import LINK_KINDS, quoted

LEASE = timedelta(seconds=RETRY_AFTER_UNKNOWN_SECONDS)  # a process that died while sending may have sent the mail


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that no other process sends while the lease lasts."""

    id: int
    contract_id: UUID | None
    kind: str
    message_id: str
    dated_at: datetime
    recipient: str
    subject: str
    body: str
    attachments: str | None
    attempts: int
    lease_token: UUID
    request_id: str | None
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The result of one attempt: sent, failed permanently, or pending until the next attempt."""

    mail: ClaimedMail
    state: MailState
    failure: DeliveryFailure | None = None
    next_attempt_at: datetime | None = None
    charged: bool = True
    """False if the attempt does not count, because the mail server is at fault."""

    @property
    def failure_kind(self) -> str | None:
        """The kind of the failure. It may be stored and logged; the failure's text may not."""
        return type(self.failure).__name__ if self.failure else None


# The first attempt ignores the clock, because a clock that was set back must not delay a mail. Only a link that was
# queued for later than its date waits.
# The mails of a contract are sent in the order in which they were queued. A failed mail does not block later ones. An
# expired mail blocks them only while its lease lasts. Password reset mails are not part of this order: their links are
# valid for half an hour only.
_IS_READY = f"""
        (mail.next_attempt_at <= (SELECT now FROM clock) OR mail.attempts = 0
         AND (mail.kind <> '{PasswordResetRequested.kind}' OR mail.next_attempt_at = mail.dated_at))
    AND (mail.lease_until IS NULL OR mail.lease_until < clock_timestamp())
    AND (mail.useful_until IS NULL OR mail.useful_until > (SELECT now FROM clock))
    AND (mail.kind = '{PasswordResetRequested.kind}' OR NOT EXISTS (
        SELECT FROM outbox_mail AS earlier
         WHERE earlier.contract_id = mail.contract_id AND earlier.id < mail.id AND earlier.state = 'PENDING'
           AND earlier.kind <> '{PasswordResetRequested.kind}'
           AND (earlier.useful_until IS NULL OR earlier.useful_until > (SELECT now FROM clock)
                OR earlier.lease_until >= clock_timestamp())))
"""  # noqa: S608 - our own names
FIND_READY = f"""
    WITH clock AS MATERIALIZED (SELECT {{now}} AS now)
    SELECT mail.id FROM outbox_mail AS mail
     WHERE mail.state = 'PENDING' AND {_IS_READY} ORDER BY mail.next_attempt_at, mail.id LIMIT $1
"""  # noqa: S608 - our own names
# The planner estimates that hardly any mail is pending. With `state = 'PENDING'` it would scan all pending mails
# instead of looking up the given ids, so this statement excludes the other states.
CLAIM = f"""
    WITH clock AS MATERIALIZED (SELECT {{now}} AS now), ready AS MATERIALIZED (
        SELECT mail.id FROM outbox_mail AS mail
         WHERE mail.id = ANY ($3) AND mail.state NOT IN ('SENT', 'FAILED', 'DISMISSED') AND {_IS_READY}
         ORDER BY array_position($3, mail.id) FOR UPDATE OF mail SKIP LOCKED LIMIT $4)
    UPDATE outbox_mail AS mail
       SET lease_token = $1, lease_until = clock_timestamp() + $2::interval, attempts = attempts + 1
      FROM ready WHERE mail.id = ready.id
    RETURNING {", ".join(f"mail.{field.name}" for field in fields(ClaimedMail))}
"""  # noqa: S608 - our own names

# The body of a sent mail with a link is deleted, because the link gives access to the account.
RECORD_RESULTS = f"""
    UPDATE outbox_mail AS mail
       SET state = result.state, failure = result.failure,
           body = CASE WHEN result.state = 'SENT' AND mail.kind IN ({quoted(LINK_KINDS)}) THEN ''
                       ELSE mail.body END,
           sent_at = CASE result.state WHEN 'SENT' THEN {{now}} END,
           next_attempt_at = coalesce(result.next_attempt_at, mail.next_attempt_at),
           attempts = mail.attempts - (NOT result.charged)::int,
           lease_token = NULL, lease_until = NULL
      FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::bool[])
           AS result (id, lease_token, state, failure, next_attempt_at, charged)
     WHERE mail.id = result.id AND mail.lease_token = result.lease_token
    RETURNING mail.id
"""  # noqa: S608 - our own names

_RESTORE = """
    UPDATE outbox_mail SET state = 'PENDING', attempts = attempts - 1, next_attempt_at = $2
     WHERE id = ANY ($1) AND state = 'FAILED'
"""


async def find_ready(clock: Clock, limit: int) -> list[int]:
    """Find mails that are ready to be sent, oldest first; a contract's mail is ready when no earlier one is pending."""
    rows = await current_connection().execute_query_dict(FIND_READY.format(now=clock.sql), [limit])
    return [row["id"] for row in rows]


async def claim(clock: Clock, ready_ids: Sequence[int], limit: int) -> list[ClaimedMail]:
    """Claim the first of these mails that are still ready, in the given order."""
    rows = await current_connection().execute_query_dict(
        CLAIM.format(now=clock.sql), [uuid4(), LEASE, list(ready_ids), limit]
    )
    return sorted((ClaimedMail(**row) for row in rows), key=lambda mail: ready_ids.index(mail.id))


async def record_results(clock: Clock, results: Sequence[DeliveryResult]) -> set[int]:
    """Record the results of mails whose lease is still valid. Idempotent.

    Returns:
        The ids of these mails.
    """
    rows = await current_connection().execute_query_dict(
        RECORD_RESULTS.format(now=clock.sql),
        [
            [result.mail.id for result in results],
            [result.mail.lease_token for result in results],
            [result.state.value for result in results],
            [result.failure_kind for result in results],
            [result.next_attempt_at for result in results],
            [result.charged for result in results],
        ],
    )
    return {row["id"] for row in rows}


async def restore(clock: Clock, mail_ids: Sequence[int]) -> None:
    """Make failed mails pending again, and discount their last attempt."""
    await execute(_RESTORE, list(mail_ids), await clock.now())
