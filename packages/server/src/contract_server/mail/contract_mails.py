"""The mails of a contract as operators see them: never their text, nor to whom."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from contract_server.db.statements import fetch
from contract_server.mail.models import MailState

LISTED = 50
"""The newest mails of a contract that are listed."""

_FIND = """
    SELECT mail.* FROM unnest($1::uuid[]) AS wanted (id)
     CROSS JOIN LATERAL (SELECT id, contract_id, kind, state, attempts, failure, dated_at, sent_at, next_attempt_at
                           FROM outbox_mail WHERE contract_id = wanted.id ORDER BY id DESC LIMIT $2) AS mail
"""


class ContractMail(NamedTuple):
    """A mail with its delivery so far."""

    id: int
    kind: str
    state: MailState
    attempts: int
    failure: str | None
    dated_at: datetime
    sent_at: datetime | None
    next_attempt_at: datetime


async def find_mails(contract_ids: Sequence[UUID]) -> dict[UUID, list[ContractMail]]:
    """Find the mails of contracts, newest first."""
    mails: dict[UUID, list[ContractMail]] = defaultdict(list)
    for row in await fetch(_FIND, contract_ids, LISTED):
        values = {name: row[name] for name in ContractMail._fields}
        mails[row["contract_id"]].append(ContractMail(**values | {"state": MailState[row["state"]]}))
    return mails
