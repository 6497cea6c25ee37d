"""Who is sending which mail: claimed with a lease and a token, settled where the lease still holds.

Each is one statement, however many mails it is about. No transaction is open between the two: nobody waits for a mail
server with a row locked. Looking for mails walks over all that wait, so that one look serves many claims.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from contract_notify import RETRY_AFTER_UNKNOWN_SECONDS, DeliveryFailure, PasswordResetRequested
from contract_server.clock import Clock
from contract_server.db.transaction import current_connection
from contract_server.mail.models import MailState

LEASE = timedelta(seconds=RETRY_AFTER_UNKNOWN_SECONDS)  # whoever dies while sending may have sent


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that nobody else sends as long as the lease lasts."""

    id: int
    contract_id: UUID | None
    kind: str
    message_id: str
    dated_at: datetime
    recipient: str
    subject: str
    body: str
    attempts: int
    lease_token: UUID
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try: sent, failed for good, or waiting for the next one."""

    mail: ClaimedMail
    state: MailState
    failure: DeliveryFailure | None = None
    next_attempt_at: datetime | None = None

    @property
    def failure_kind(self) -> str | None:
        """The kind of the failure, which may be stored and logged; its text may not."""
        return type(self.failure).__name__ if self.failure else None


# The first try waits for no clock: one that was set back must not hold up a mail.
# A contract's mails go out in the order in which they were written; one that failed for good holds up no other, and
# one that is of no use any more only while somebody may be sending it. A link to a new password belongs to no order:
# it opens something for half an hour.
_ITS_TURN = f"""
        (mail.attempts = 0 OR mail.next_attempt_at <= (SELECT now FROM clock))
    AND (mail.lease_until IS NULL OR mail.lease_until < clock_timestamp())
    AND (mail.useful_until IS NULL OR mail.useful_until > (SELECT now FROM clock))
    AND (mail.kind = '{PasswordResetRequested.kind}' OR NOT EXISTS (
        SELECT FROM outbox_mail AS earlier
         WHERE earlier.contract_id = mail.contract_id AND earlier.id < mail.id AND earlier.state = 'PENDING'
           AND earlier.kind <> '{PasswordResetRequested.kind}'
           AND (earlier.useful_until IS NULL OR earlier.useful_until > (SELECT now FROM clock)
                OR earlier.lease_until >= clock_timestamp())))
"""  # noqa: S608 - our own names
LOOK = f"""
    WITH clock AS MATERIALIZED (SELECT {{now}} AS now)
    SELECT mail.id FROM outbox_mail AS mail
     WHERE mail.state = 'PENDING' AND {_ITS_TURN} ORDER BY mail.next_attempt_at, mail.id LIMIT $1
"""  # noqa: S608 - our own names
# The state is asked for in other words here: they keep the planner, which believes that next to no mail waits, from
# walking over all that do.
CLAIM = f"""
    WITH clock AS MATERIALIZED (SELECT {{now}} AS now), turn AS MATERIALIZED (
        SELECT mail.id FROM outbox_mail AS mail
         WHERE mail.id = ANY ($3) AND mail.state NOT IN ('SENT', 'FAILED', 'DISMISSED') AND {_ITS_TURN}
         ORDER BY array_position($3, mail.id) FOR UPDATE OF mail SKIP LOCKED LIMIT $4)
    UPDATE outbox_mail AS mail
       SET lease_token = $1, lease_until = clock_timestamp() + $2::interval, attempts = attempts + 1
      FROM turn WHERE mail.id = turn.id
    RETURNING {", ".join(f"mail.{field.name}" for field in fields(ClaimedMail))}
"""  # noqa: S608 - our own names

# A link to a new password is nobody's to read once it has been mailed.
SETTLE = f"""
    UPDATE outbox_mail AS mail
       SET state = outcome.state, failure = outcome.failure,
           body = CASE WHEN outcome.state = 'SENT' AND mail.kind = '{PasswordResetRequested.kind}' THEN ''
                       ELSE mail.body END,
           sent_at = CASE outcome.state WHEN 'SENT' THEN {{now}} END,
           next_attempt_at = coalesce(outcome.next_attempt_at, mail.next_attempt_at),
           lease_token = NULL, lease_until = NULL
      FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
           AS outcome (id, lease_token, state, failure, next_attempt_at)
     WHERE mail.id = outcome.id AND mail.lease_token = outcome.lease_token
    RETURNING mail.id
"""  # noqa: S608 - our own names


async def look(clock: Clock, at_most: int) -> list[int]:
    """The ids of mails whose turn it is, oldest first: none of a contract that still waits for an earlier one."""
    rows = await current_connection().execute_query_dict(LOOK.format(now=clock.sql), [at_most])
    return [row["id"] for row in rows]


async def claim(clock: Clock, seen: Sequence[int], at_most: int) -> list[ClaimedMail]:
    """Of mails that were seen waiting, the first ones whose turn it still is, in that order."""
    rows = await current_connection().execute_query_dict(
        CLAIM.format(now=clock.sql), [uuid4(), LEASE, list(seen), at_most]
    )
    return sorted((ClaimedMail(**row) for row in rows), key=lambda mail: seen.index(mail.id))


async def settle(clock: Clock, outcomes: Sequence[Outcome]) -> set[int]:
    """Write down what came of them, where the lease is still ours. Saying it twice changes nothing.

    Returns:
        The ids of those where it was.
    """
    rows = await current_connection().execute_query_dict(
        SETTLE.format(now=clock.sql),
        [
            [outcome.mail.id for outcome in outcomes],
            [outcome.mail.lease_token for outcome in outcomes],
            [outcome.state.value for outcome in outcomes],
            [outcome.failure_kind for outcome in outcomes],
            [outcome.next_attempt_at for outcome in outcomes],
        ],
    )
    return {row["id"] for row in rows}
