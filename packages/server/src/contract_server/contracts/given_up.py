"""Mails that were given up: shown to a person, who has them tried again, or has seen to it in another way."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from contract_server.contracts.models import MailState, OutboxMail


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A mail that is tried no more, and the kind of its last failure."""

    id: int
    contract_id: UUID | None
    kind: str
    recipient: str
    dated_at: datetime
    attempts: int
    failure: str | None


async def mails_given_up(at_most: int) -> list[GivenUp]:
    """The oldest of them."""
    names = (field.name for field in fields(GivenUp))
    return [GivenUp(**row) for row in await _given_up().order_by("id").limit(at_most).values(*names)]


async def try_again(mail_id: int, now: datetime) -> bool:
    """Have the next sweep send it, and let it have as many tries as a new one.

    Returns:
        Whether it was. False where it was not given up, or is of no use any more.
    """
    useful = Q(useful_until__isnull=True) | Q(useful_until__gt=now)
    waiting = {"state": MailState.PENDING, "attempts": 0, "next_attempt_at": now}
    return bool(await _given_up().filter(useful, id=mail_id).update(**waiting))


async def dismiss(mail_id: int) -> bool:
    """Take it for seen to.

    Returns:
        Whether it was. False where it was not given up.
    """
    return bool(await _given_up().filter(id=mail_id).update(state=MailState.DISMISSED))


def _given_up() -> QuerySet[OutboxMail]:
    return OutboxMail.filter(state=MailState.FAILED)
