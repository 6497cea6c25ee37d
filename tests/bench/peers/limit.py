"""The limit: what Python on uvicorn can do at most. No GraphQL, no framework, no model; the same work in SQL.

One statement answers the home query, one call of a function terminates or resumes, on connections that keep
their prepared statements and are taken last in, first out. Nothing that the product guards against is guarded
against here.
"""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import orjson
from tests.bench.peers.common import BODY, SUBJECT, ZONE, first_instant, now
from uuid_utils.compat import UUID, uuid7

Message = dict[str, Any]

POOL = 10
HEADERS = [(b"content-type", b"application/json; charset=utf-8")]

HOME = """
    SELECT account.name, account.email, contract.id, contract.version, contract.status, contract.started_on,
           company.name AS company, company.address, company.postal_code, company.phone_number,
           applied.requested_at, applied.service_end_last_day, applied.service_end_at, applied.resumption_last_day,
           applied.resumption_at, applied.erasure_last_day, applied.erasure_at, clock_timestamp() AS now
      FROM session
      JOIN account ON account.id = session.account_id
      JOIN contract ON contract.id = account.contract_id
      LEFT JOIN company ON company.contract_id = contract.id
      LEFT JOIN termination_application AS applied ON applied.contract_id = contract.id AND withdrawn_at IS NULL
     WHERE token_hash = $1 AND expires_at > clock_timestamp()
       AND last_used_at > clock_timestamp() - interval '2 hours'
"""
CHANGE = "SELECT * FROM bench_change($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"

_free: asyncio.LifoQueue[tuple[Any, Any]] = asyncio.LifoQueue()


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer a request of the bench."""
    if scope["type"] == "lifespan":
        await receive()
        await _connect()
        await send({"type": "lifespan.startup.complete"})
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    token = next(value for name, value in scope["headers"] if name == b"authorization")[7:]
    asked = orjson.loads(body)
    answer = await _OPERATIONS[asked["operationName"]](hashlib.sha256(token).hexdigest(), asked["variables"])
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": orjson.dumps({"data": answer})})


async def _connect() -> None:
    for _ in range(POOL):
        connection = await asyncpg.connect(os.environ["DATABASE_URL"])
        _free.put_nowait((await connection.prepare(HOME), await connection.prepare(CHANGE)))


async def _home(token_hash: str, _: dict[str, Any]) -> dict[str, Any]:
    held = await _free.get()
    try:
        row = await held[0].fetchrow(token_hash)
    finally:
        _free.put_nowait(held)
    applied = row["requested_at"] is not None
    return {
        "viewer": {
            "name": row["name"],
            "contract": {
                "id": str(row["id"]),
                "version": row["version"],
                "company": {
                    "name": row["company"],
                    "address": row["address"],
                    "postalCode": row["postal_code"],
                    "phoneNumber": row["phone_number"],
                },
                "contractor": {"name": row["name"], "email": row["email"]},
                "status": row["status"],
                "startedOn": row["started_on"],
                "endedOn": row["service_end_last_day"],
                "serviceAvailable": not applied or row["now"] < row["service_end_at"],
                "termination": {
                    "requestedAt": row["requested_at"].astimezone(ZONE),
                    "timeline": {
                        "serviceEnd": _deadline(row["service_end_last_day"], row["service_end_at"]),
                        "resumption": _deadline(row["resumption_last_day"], row["resumption_at"]),
                        "erasure": _deadline(row["erasure_last_day"], row["erasure_at"]),
                    },
                }
                if applied
                else None,
            },
        }
    }


async def _terminate(token_hash: str, variables: dict[str, Any]) -> dict[str, Any]:
    row = await _change(token_hash, variables, terminate=True)
    if row["outcome"] != "DONE":
        return {"terminateContract": {"__typename": "ActionRefused", "code": row["outcome"], "message": ""}}
    day = row["requested_on"]
    contract = {
        "version": row["new_version"],
        "status": "TERMINATED",
        "endedOn": day + timedelta(14),
        "serviceAvailable": True,
        "termination": {
            "timeline": {
                name: _deadline(day + timedelta(days), first_instant(day + timedelta(days + 1)))
                for name, days in (("serviceEnd", 14), ("resumption", 14), ("erasure", 45))
            }
        },
    }
    return {"terminateContract": {"__typename": "ContractTerminated", "contract": contract}}


async def _resume(token_hash: str, variables: dict[str, Any]) -> dict[str, Any]:
    row = await _change(token_hash, variables, terminate=False)
    if row["outcome"] != "DONE":
        return {"resumeContract": {"__typename": "ActionRefused", "code": row["outcome"], "message": ""}}
    contract = {"version": row["new_version"], "status": "ACTIVE", "endedOn": None, "serviceAvailable": True}
    return {"resumeContract": {"__typename": "ContractResumed", "contract": contract}}


async def _change(token_hash: str, variables: dict[str, Any], *, terminate: bool) -> Any:  # noqa: ANN401 - a record
    today = now().astimezone(ZONE).date()
    asked = hashlib.sha256(orjson.dumps(variables, option=orjson.OPT_SORT_KEYS)).digest()
    held = await _free.get()
    try:
        return await held[1].fetchrow(
            terminate,
            token_hash,
            UUID(variables["id"]),
            variables["key"],
            asked,
            uuid7(),
            uuid7(),
            today,
            SUBJECT,
            BODY,
        )
    finally:
        _free.put_nowait(held)


def _deadline(last_day: date, at: datetime) -> dict[str, Any]:
    return {"lastDay": last_day, "at": at.astimezone(ZONE)}


_OPERATIONS = {"Home": _home, "Terminate": _terminate, "Resume": _resume}
